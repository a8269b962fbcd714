"""Debian's Prometheus and Alertmanager on loopback, for as long as a test needs them.

Each takes a port that is free, says where it can be reached once it takes work, and is ended with all it started.
Beside their data, in the folder that is handed in, they leave a log: `prometheus.log`, `alertmanager.log`.
"""

import http.client
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.lab.processes import Daemon, NotReadyError, tail

PROMETHEUS = "prometheus"
PROMTOOL = "promtool"
ALERTMANAGER = "prometheus-alertmanager"
AMTOOL = "amtool"
BINARIES = (PROMETHEUS, PROMTOOL, ALERTMANAGER, AMTOOL)
START_SECONDS = 60.0  # they share the machine with others
TRIES = 5  # other tests look for free ports too
_TAKEN = "address already in use"


def obstacle() -> str | None:
    """Why these servers cannot be started here, if they cannot."""
    missing = [binary for binary in BINARIES if shutil.which(binary) is None]
    return f"not installed: {', '.join(missing)} (apt install prometheus prometheus-alertmanager)" if missing else None


@contextmanager
def prometheus(config: str, folder: Path, *flags: str) -> Iterator[str]:
    """Prometheus with this prometheus.yml; paths in it start at `folder`. Yields its URL, without a slash at the end.

    `POST /-/reload` makes it read the file again. Raises NotReadyError with the end of its log.
    """
    file, data = folder / "prometheus.yml", folder / "prometheus-data"
    file.write_text(config)

    def command(port: int) -> list[str]:
        return [
            PROMETHEUS,
            f"--config.file={file}",
            f"--storage.tsdb.path={data}",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--web.external-url=http://127.0.0.1:{port}/",
            "--web.enable-lifecycle",
            *flags,
        ]

    with _serving(PROMETHEUS, command, folder / "prometheus.log") as url:
        yield url


@contextmanager
def alertmanager(config: str, folder: Path, *flags: str) -> Iterator[str]:
    """Alertmanager with this alertmanager.yml, alone, without a cluster. Yields its URL, without a slash at the end.

    `POST /-/reload` makes it read the file again. Raises NotReadyError with the end of its log.
    """
    file, data = folder / "alertmanager.yml", folder / "alertmanager-data"
    file.write_text(config)

    def command(port: int) -> list[str]:
        return [
            ALERTMANAGER,
            f"--config.file={file}",
            f"--storage.path={data}",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--web.external-url=http://127.0.0.1:{port}/",
            "--cluster.listen-address=",
            *flags,
        ]

    with _serving(ALERTMANAGER, command, folder / "alertmanager.log") as url:
        yield url


@contextmanager
def _serving(name: str, command: Callable[[int], list[str]], log: Path) -> Iterator[str]:
    server, port = _started(name, command, log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


def _started(name: str, command: Callable[[int], list[str]], log: Path) -> tuple[Daemon, int]:
    """The server, taking work, and its port. Somebody may take the port between our choice and its start: once more."""
    for left in reversed(range(TRIES)):
        port = free_port()
        server = Daemon(name, command(port), log, partial(_ready, port), START_SECONDS)
        log.unlink(missing_ok=True)
        try:
            server.start()
        except NotReadyError:
            if left and _TAKEN in tail(log):
                continue
            raise
        return server, port
    raise AssertionError("the last try returns or raises")


def free_port() -> int:
    """A TCP port of loopback that nobody listens on at this moment."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port: int = place.getsockname()[1]
        return port


def _ready(port: int, pid: int) -> bool:
    """Whether this very process, not a stranger on the same port, takes work."""
    return _owns(pid, port) and _status(port, "/-/ready") == 200


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _owns(pid: int, port: int) -> bool:
    try:
        rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
        sockets = {_target(each) for each in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return False
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" and f"socket:[{row[9]}]" in sockets for row in rows)


def _target(descriptor: Path) -> str:
    try:
        return os.readlink(descriptor)
    except OSError:  # closed since it was listed
        return ""
