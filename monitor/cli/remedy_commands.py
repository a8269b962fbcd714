"""`mailpath remedy` and its options."""

from typing import Annotated

import typer

from monitor.cli.common import HERE, AsJson, ConfigFile, finish, read_settings, say_error
from monitor.cli.exits import Exit
from probes.diagnosis.factors import Factor
from probes.outcome import Cause


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(remedy)


def remedy(
    company: Annotated[
        str,
        typer.Option(metavar="COMPANY", help="For its mail systems and its open incident.", show_default=False),
    ] = "",
    system: Annotated[
        str, typer.Option(metavar="NAME", help="For this mail system: m365, postfix, ...", show_default=False)
    ] = "",
    cause: Annotated[
        Cause | None,
        typer.Option(help="Only against this cause. Default: the open incident's, else all.", show_default=False),
    ] = None,
    factor: Annotated[
        Factor | None,
        typer.Option(help="Only where this property is stopped, as `diagnose` names it.", show_default=False),
    ] = None,
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Show the exact steps that let the sender through a mail system, the safest first, with undo and proof.

    Exit 0: shown. 1: only a general remedy, or none helps. 2: no such company or mail system.
    """
    if bool(company) is bool(system):
        say_error("give either --company or --system")
        raise typer.Exit(Exit.COULD_NOT_TELL)
    settings = read_settings(config, missing_is_empty=bool(system))
    from monitor.cli import remedy as shown

    finish(shown.remedy(settings, shown.RemedyOptions(company, system, cause, factor, as_json)))
