"""Parts that all commands share: an option, errors, and the end of a command."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated

import typer

from monitor.cli.exits import Exit

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


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
