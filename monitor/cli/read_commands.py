"""`mailpath read` and its options."""

from typing import Annotated

import typer

from monitor.cli.common import AsJson, finish

HELP = "Explain a reply, bounce, message or report. Exit 0: read. 2: a FILE cannot be read."

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Files, or - for standard input.")]
Receiver = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The host or domain of the receiver: only what its side stated is believed. Without it, the receiver is "
        "the last organisation on the way.",
    ),
]
Why = Annotated[
    bool, typer.Option("--why", help="Show what speaks for the cause and for each other candidate, with weights.")
]


@app.command("reply")
def read_reply(files: Files, why: Why = False, as_json: AsJson = False) -> None:
    """Explain an SMTP reply or Diagnostic-Code, one per file: its cause, and whom it concerns."""
    _read_files("reply", files, as_json, why=why)


@app.command("bounce")
def read_bounce(files: Files, why: Why = False, as_json: AsJson = False) -> None:
    """Explain a bounce: which server stopped which message, and why."""
    _read_files("bounce", files, as_json, why=why)


@app.command("message")
def read_message(files: Files, receiver: Receiver = None, as_json: AsJson = False) -> None:
    """Explain a received message or its headers: hops, connecting IP, authentication, filter results."""
    _read_files("message", files, as_json, receiver=receiver)


@app.command("report")
def read_report(files: Files, as_json: AsJson = False) -> None:
    """Explain a DMARC or TLS report (message, archive, XML or JSON): the facts about the sender."""
    _read_files("report", files, as_json)


def _read_files(sort: str, files: list[str], as_json: bool, *, receiver: str | None = None, why: bool = False) -> None:
    from monitor.cli import read

    finish(read.read(read.Sort(sort), files, read.Wanted(as_json, receiver, why)))
