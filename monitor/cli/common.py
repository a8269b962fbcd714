"""Parts that all commands share: an option, errors, and the end of a command."""

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.exits import Exit

if TYPE_CHECKING:
    from monitor.config import Config, WatchedPath

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
ConfigFile = Annotated[
    Path, typer.Option("--config", "-c", envvar="MAILPATH_CONFIG", help="The configuration file.", show_default=True)
]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Your name for the audit log; default: the login name.")]
HERE = Path("config.toml")


def read_settings(file: Path, *, secrets_later: bool = True, missing_is_empty: bool = False) -> "Config":
    """Read the configuration. Most commands need no secrets from it and work without them. `missing_is_empty`: without
    a file, the defaults hold."""
    from monitor.config import Config, ConfigErrors, read_config

    if missing_is_empty and not file.exists():
        return Config()
    try:
        return read_config(file, secrets_later=secrets_later)
    except ConfigErrors as errors:
        say_error(str(errors))
        raise typer.Exit(Exit.COULD_NOT_TELL) from None


def need_secrets(settings: "Config", paths: "Sequence[WatchedPath]") -> None:
    """Exit with an error if a secret that probes on these paths use is missing."""
    from monitor.config.account_uses import uses_on
    from probes.settings import missing_secrets

    accounts = [settings.accounts.get(use.name) for path in paths for use in uses_on(path)]
    used = [settings.sender, settings.control, *((path.route, path.mailbox) for path in paths), *accounts]
    if missing := list(dict.fromkeys(missing_secrets(used))):
        say_error("\n".join(missing))
        raise typer.Exit(Exit.COULD_NOT_TELL)


def finish(work: Coroutine[object, object, Exit]) -> None:
    """Do the work of a command and end with its exit code; a user's error is printed and ends with its own."""
    from monitor.errors import UserError

    try:
        code = asyncio.run(work)
    except UserError as error:
        say_error(str(error))
        code = Exit.COULD_NOT_TELL
    raise typer.Exit(code)


def say_error(line: str) -> None:
    """Print to standard error."""
    typer.echo(line, err=True)
