"""`mailpath ack`, `owner`, `comment`, `ticket` and their options."""

from typing import Annotated

import typer

from monitor.cli.common import HERE, AsJson, By, ConfigFile, finish, read_settings

IncidentId = Annotated[str, typer.Argument(metavar="ID", help="The incident; the beginning of the id is enough.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (ack, owner, comment, ticket):
        app.command()(command)


def ack(
    incident_id: IncidentId,
    note: Annotated[str, typer.Option(metavar="TEXT", help="One line for the history.", show_default=False)] = "",
    release: Annotated[bool, typer.Option("--release", help="Take it back: nobody has the incident.")] = False,
    by: By = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Acknowledge an incident: I have it. Reminders stop. Exit 0: done. 2: not done."""
    settings = read_settings(config)
    from monitor.cli import work

    finish(work.ack(settings, incident_id, work.WorkOptions(by, as_json), note, release=release))


def owner(
    incident_id: IncidentId,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A person or a team.")],
    by: By = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Hand an incident over to somebody. Exit 0: done. 2: not done."""
    settings = read_settings(config)
    from monitor.cli import work

    finish(work.owner(settings, incident_id, work.WorkOptions(by, as_json), name))


def comment(
    incident_id: IncidentId,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    by: By = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Comment on an incident. Exit 0: done. 2: not done."""
    settings = read_settings(config)
    from monitor.cli import work

    finish(work.comment(settings, incident_id, work.WorkOptions(by, as_json), text))


def ticket(
    incident_id: IncidentId,
    reference: Annotated[str, typer.Argument(metavar="TICKET", help="The address or number of a ticket.")],
    by: By = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Link a ticket to an incident. Exit 0: done. 2: not done."""
    settings = read_settings(config)
    from monitor.cli import work

    finish(work.ticket(settings, incident_id, work.WorkOptions(by, as_json), reference))
