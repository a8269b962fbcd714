"""The reference of commands: every command with the text of its `--help`."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.testing import CliRunner

from monitor.cli.main import app

PROGRAM = "mailpath"
COLUMNS = "80"


def reference() -> str:
    """Return a section per command."""
    return "\n\n".join(_section(name, is_group) for name, is_group in _walk()) + "\n"


def commands() -> list[str]:
    """Yield every command without the program's name: "serve", "mute add", ..."""
    return [name for name, is_group in _walk() if not is_group]


def _walk() -> Iterator[tuple[str, bool]]:
    """Yield all commands and groups, each group before its commands."""
    root = typer.main.get_command(app)
    for name, command in _below(root).items():
        yield name, bool(_below(command)) and not command.invoke_without_command
        for inner in _below(command):
            yield f"{name} {inner}", False


def _below(command: Any) -> dict[str, Any]:
    """Return the commands of a group by name."""
    return getattr(command, "commands", {})


def _section(name: str, is_group: bool) -> str:
    level = "#" * (1 + len(name.split()))
    usage, _, rest = _help(name).partition("\n")
    if is_group:
        about = rest.partition("\nOptions:")[0]
        return f"{level} {PROGRAM} {name}\n\n{' '.join(about.split())}"
    return f"{level} {PROGRAM} {name}\n\n```text\n{usage.strip()}\n{rest.rstrip()}\n```"


def _help(name: str) -> str:
    runner = CliRunner(env={"COLUMNS": COLUMNS, "TERMINAL_WIDTH": COLUMNS, "NO_COLOR": "1"})
    shown = runner.invoke(app, [*name.split(), "--help"], prog_name=PROGRAM)
    lines = (line for line in shown.stdout.strip().splitlines() if "Show this message and exit." not in line)
    return "\n".join(line.rstrip() for line in lines)
