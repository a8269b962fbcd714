"""`mailpath standing` and its options."""

from collections.abc import Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import report_commands
from monitor.cli.common import HERE, AsJson, ConfigFile, finish, read_settings
from monitor.cli.exits import Exit

if TYPE_CHECKING:
    from monitor.config import Config

standings = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
report_commands.add_to(standings)

A_TIME = 'like "2026-11-26" or "2026-11-26T08:00Z"; UTC where no zone is given'


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
    as_of: Annotated[
        str,
        typer.Option("--as-of", metavar="TIME", help=f"What the service knew then, {A_TIME}.", show_default=False),
    ] = "",
    every: Annotated[str, typer.Option(metavar="TIME", help="With --watch: how often, at least 1m.")] = "5m",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what DNS and HTTPS publish about the sender. Exit 0: nothing bad. 1: bad, even once. 2: could not tell."""
    if context.invoked_subcommand:
        return
    settings = read_settings(config, missing_is_empty=config == HERE)
    from monitor.cli import standing as read

    if as_of:
        if explain or company or watch or confirm:
            raise typer.BadParameter("cannot be used with other options than --check", param_hint="--as-of")
        finish(_as_of(settings, tuple(checks or ()), as_of, as_json=as_json))
    if explain and (company or watch):
        raise typer.BadParameter("cannot be used with --company or --watch", param_hint="--explain")
    pause = _pause(every, read.WATCH_LEAST) if watch else None
    options = read.StandingOptions(tuple(checks or ()), explain, confirm, as_json, company, pause)
    finish(read.standing(settings, options))


@standings.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="FROM", help=f"A time {A_TIME}.")],
    after: Annotated[str, typer.Argument(metavar="[TO]", help="A later time; default: now.", show_default=False)] = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Show which facts about the sender differ between two times, as the service read them. Exit 0: none. 1: some."""
    settings = read_settings(config)
    from monitor.cli import standing_past

    finish(standing_past.difference(settings, before, after, as_json=as_json))


def _as_of(settings: "Config", checks: tuple[str, ...], at: str, *, as_json: bool) -> Coroutine[object, object, Exit]:
    from monitor.cli import standing_past

    return standing_past.as_of(settings, checks, at, as_json=as_json)


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
