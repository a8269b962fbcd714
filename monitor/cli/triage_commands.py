"""`mailpath triage` and its options."""

import sys
from typing import Annotated

import typer

from monitor.cli.common import HERE, AsJson, ConfigFile, finish, read_settings

MAX_READ_CHARS = 1_000  # of standard input
STANDARD_INPUT = "-"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(triage)


def triage(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="The address as it was typed or read out, or - for standard input.")
    ],
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Somebody gets no mail: say where it most likely stops, what to tell them, and what to do next.

    Sends nothing; the address is neither stored nor logged. Exit 0: nothing wrong is known. 1: a problem is known or
    likely. 2: not known.
    """
    settings = read_settings(config)
    from monitor.cli.triage import triage as run

    typed = sys.stdin.read(MAX_READ_CHARS) if address == STANDARD_INPUT else address
    finish(run(settings, typed, as_json=as_json))
