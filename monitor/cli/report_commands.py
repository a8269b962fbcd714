"""`mailpath standing reports` and its options."""

from typing import Annotated

import typer

from monitor.cli.common import HERE, AsJson, ConfigFile, finish, read_settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reports")(reports)


def reports(
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=400, help="Days to look back.")] = 14,
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what receivers report about the sender's mail. Exit 0: it passes DMARC. 1: not enough. 2: could not tell."""
    settings = read_settings(config)
    from monitor.cli import reports as shown

    finish(shown.reports(settings, days, as_json=as_json))
