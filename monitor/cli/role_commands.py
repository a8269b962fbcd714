"""`mailpath worker`, `rules`, `web` and `inbound`: the roles of `serve` as processes of their own."""

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import HERE, ConfigFile, finish, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from monitor.app import Service
    from monitor.config import Config
    from probes.settings import Endpoint

    Process = Callable[[Path, Config, Endpoint | None], AbstractAsyncContextManager[Service]]

ForMachines = Annotated[
    str,
    typer.Option(
        "--listen",
        metavar="HOST:PORT",
        help="Where /metrics, /healthz and /readyz are; default: web.metrics_listen, else web.listen.",
    ),
]
ForPeople = Annotated[str, typer.Option("--listen", metavar="HOST:PORT", help="Default: web.listen.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (worker, rules, web, inbound):
        app.command()(command)


def worker(config: ConfigFile = HERE, listen: ForMachines = "") -> None:
    """Send, watch and judge for a share of all mailboxes; any number of workers share a PostgreSQL. When one is gone,
    others take over its mailboxes within ten seconds."""
    from monitor.app import worker as process

    _run(config, listen, process)


def rules(config: ConfigFile = HERE, listen: ForMachines = "") -> None:
    """Apply the incident rules, notify people, read the sender's standing, run diagnoses and delete what is old. A
    second one stands by, and takes over when the first one ends."""
    from monitor.app import rules as process

    _run(config, listen, process)


def web(config: ConfigFile = HERE, listen: ForPeople = "") -> None:
    """Serve pages, API and /metrics of all companies, from the store; any number."""
    from monitor.app import web as process

    _run(config, listen, process)


def inbound(config: ConfigFile = HERE, listen: ForMachines = "") -> None:
    """Receive bounces, copies and reports at inbound.listen; one."""
    from monitor.app import inbound as process

    _run(config, listen, process)


def _run(config: "Path", listen: str, process: "Process") -> None:
    from probes.settings import endpoint

    where = endpoint(listen) if listen else None
    if listen and where is None:
        raise typer.BadParameter(f"{listen}: expected HOST:PORT, such as 127.0.0.1:9101", param_hint="--listen")
    settings = read_settings(config, secrets_later=False)
    from monitor.cli import run, stop

    finish(stop.to_the_end(run.run_role(config, settings, lambda file, told: process(file, told, where))))
