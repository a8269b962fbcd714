"""A server whose paths are built in, such as OpenSMTPD and Amavis: it alone sees folders of the lab in their place."""

from collections.abc import Mapping
from pathlib import Path

from tests.lab.network import Namespace
from tests.lab.processes import Daemon


def mounted(namespace: Namespace, places: Mapping[str, Path], command: tuple[str, ...]) -> tuple[str, ...]:
    """The command in a namespace, which has a table of mounts of its own; `places`: what stands for which path."""
    script = "".join(f"mount --bind {here} {there}\n" for there, here in places.items())
    return (*namespace.command, "sh", "-euc", f'{script}exec "$@"', "sh", *command)


def beside(server: Daemon) -> tuple[str, ...]:
    """What stands before a command that is to see the paths and the network of a server."""
    return ("nsenter", f"--target={server.pid}", "--mount", "--net")
