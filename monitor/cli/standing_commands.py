"""`mailpath standing` and its options."""

from datetime import timedelta
from typing import Annotated

import typer

from monitor.cli import report_commands
from monitor.cli.common import HERE, AsJson, ConfigFile, finish, read_settings

standings = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
report_commands.add_to(standings)


@standings.callback()
def standing(
    context: typer.Context,
    checks: Annotated[
        list[str] | None, typer.Option("--check", metavar="NAME", help="Only this check; may be repeated.")
    ] = None,
    company: Annotated[
        str,
        typer.Option(
            metavar="COMPANY", help="Mail to this company's domains instead of the sender.", show_default=False
        ),
    ] = "",
    explain: Annotated[
        str, typer.Option("--explain", metavar="NAME", help="Show each step of a check: spf.", show_default=False)
    ] = "",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="If something is bad, read it again ten minutes later.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Read again and again, and print what is different, until Ctrl-C.")
    ] = False,
    every: Annotated[str, typer.Option(metavar="TIME", help="With --watch: how often, at least 1m.")] = "5m",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what DNS and HTTPS publish about the sender. Exit 0: nothing bad. 1: bad, even once. 2: could not tell."""
    if context.invoked_subcommand:
        return
    settings = read_settings(config, missing_is_empty=config == HERE)
    from monitor.cli import standing as read

    if explain and (company or watch):
        raise typer.BadParameter("cannot be used with --company or --watch", param_hint="--explain")
    pause = _pause(every, read.WATCH_LEAST) if watch else None
    options = read.StandingOptions(tuple(checks or ()), explain, confirm, as_json, company, pause)
    finish(read.standing(settings, options))


def _pause(text: str, least: timedelta) -> timedelta:
    from pydantic import TypeAdapter, ValidationError

    from probes.settings import Duration

    try:
        found: timedelta = TypeAdapter(Duration).validate_python(text)
    except ValidationError as error:
        problem = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise typer.BadParameter(problem, param_hint="--every") from None
    if found < least:
        raise typer.BadParameter("must be at least 1m", param_hint="--every")
    return found
