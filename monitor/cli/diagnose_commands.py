"""`mailpath diagnose` and its options."""

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import HERE, AsJson, ConfigFile, finish, need_secrets, read_settings, say_error
from monitor.cli.exits import Exit
from probes.diagnosis.within import Within
from probes.kinds import Kind

if TYPE_CHECKING:
    from probes.diagnosis.factors import Factor


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(diagnose)


def diagnose(
    path: Annotated[str, typer.Argument(metavar="COMPANY/PATH")],
    factor: Annotated[
        str,
        typer.Option(
            "--factor", metavar="NAME,NAME", help="Separate only these factors: ip, from, ...", show_default=False
        ),
    ] = "",
    kind: Annotated[
        Kind | None,
        typer.Option(help="The kind of mail. Default: one that fails now, else the path's first.", show_default=False),
    ] = None,
    within: Annotated[
        Within | None,
        typer.Option(help="Go no further than this; it can only narrow the configuration.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")] = False,
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Find which property of the sender's mail is stopped: IP, domain, HELO, text, ... by varying one at a time.

    Exit 0: cause found. 1: not reproduced. 2: not separated, or void. 3: not allowed.
    """
    settings = read_settings(config)
    chosen = next((each for each in settings.paths() if each.key == path), None)
    if chosen is None:
        near = get_close_matches(path, [each.key for each in settings.paths()], 3)
        say_error(f"no path {path!r}; did you mean {', '.join(near) or 'one of `mailpath paths`'}?")
        raise typer.Exit(Exit.COULD_NOT_TELL)
    from monitor.cli import stop
    from monitor.cli.diagnose import DiagnoseOptions
    from monitor.cli.diagnose import diagnose as run

    need_secrets(settings, [chosen])
    options = DiagnoseOptions(kind, _factors(factor), within, dry_run, as_json)
    finish(stop.to_the_end(run(settings, chosen, options)))


def _factors(text: str) -> "tuple[Factor, ...]":
    """Read the names of factors. Exits with an error for an unknown one."""
    from probes.diagnosis.factors import Factor

    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in list(Factor):
            near = get_close_matches(name, list(Factor), 1)
            hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(Factor)}"
            say_error(f"--factor: no factor {name!r}; {hint}")
            raise typer.Exit(Exit.COULD_NOT_TELL)
    return tuple(Factor(name) for name in names)
