"""`mailpath text` and its options."""

from typing import Annotated

import typer

from monitor.cli.common import HERE, AsJson, ConfigFile, finish, read_settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(text)


def text(
    incident_id: Annotated[
        str, typer.Argument(metavar="INCIDENT", help="The beginning of the id is enough.", show_default=False)
    ],
    company: Annotated[
        str, typer.Option(metavar="COMPANY", help="For this one of several companies.", show_default=False)
    ] = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Print the texts to send about an incident: to the company's IT team, Trimble, a vendor. Exit 0: printed. 1: there
    are none. 2: no such incident."""
    settings = read_settings(config)
    from monitor.cli.text_to_send import print_texts

    finish(print_texts(settings, incident_id, company, as_json=as_json))
