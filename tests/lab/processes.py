"""One server process of the lab: started, waited for, stopped by its recorded id."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

START_SECONDS = 15.0
STOP_SECONDS = 15.0
_LISTENING = {"tcp": "0A", "udp": "07"}  # the states in /proc/net/tcp and udp


class NotReadyError(AssertionError):
    """A server did not come up. The text holds the end of its log."""


class Daemon:
    """One server process that stays in the foreground, and its children.

    `command` is run in a session of its own; `ready` tells whether the server takes work yet, given its process id.
    What it prints goes to `log`.
    """

    def __init__(
        self, name: str, command: Iterable[str], log: Path, ready: Callable[[int], bool], seconds: float = START_SECONDS
    ) -> None:
        self.name = name
        self.command = tuple(command)
        self.log = log
        self._ready = ready
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process we started still lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of the process; 0 when it does not run."""
        return self._process.pid if self._process and self.running else 0

    def start(self) -> None:
        """Start it unless it runs, and wait until it is ready. Raises NotReadyError."""
        if self.running:
            return
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        ready = False
        for _ in until(self._seconds):
            ready = self.running and self._ready(self.pid)
            if ready or not self.running:
                break
        if not ready:
            self.kill9()
            raise NotReadyError(f"{self.name} did not come up; the end of {self.log}:\n{tail(self.log)}")

    def stop(self) -> int | None:
        """End it in its own good way; what is left of it after STOP_SECONDS is killed. The code it ended with."""
        return self._finish(signal.SIGTERM)

    def kill9(self) -> None:
        """Kill it and its children at once, as a power cut would."""
        self._finish(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def _finish(self, how: signal.Signals) -> int | None:
        if self._process is None:
            return None
        family = session(self._process.pid)
        if self.running:
            self._process.send_signal(how)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        end({*family, *session(self._process.pid)})
        code = self._process.wait(STOP_SECONDS)
        self._process = None
        return code


def until(seconds: float, step: float = 0.01) -> Iterator[None]:
    """Once now, then every `step` seconds, until `seconds` have passed."""
    deadline = time.monotonic() + seconds
    yield
    while time.monotonic() < deadline:
        time.sleep(step)
        yield


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log, "" when there is none."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def listens(namespace: int | None, *ports: int, protocol: str = "tcp") -> Callable[[int], bool]:
    """Whether all `ports` are bound in the network namespace with that inode. Seen from outside, without connecting."""

    def ready(pid: int) -> bool:
        try:
            if os.stat(f"/proc/{pid}/ns/net").st_ino != namespace:
                return False  # not there yet: what it sees are somebody else's ports
            table = Path(f"/proc/{pid}/net/{protocol}").read_text()
        except OSError:
            return False
        rows = [line.split() for line in table.splitlines()[1:]]
        bound = {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENING[protocol]}
        return bound.issuperset(ports)

    return ready


def title(pid: int) -> str:
    """What a process calls itself, its command line as a rule; "" when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def session(leader: int) -> set[int]:
    """Every living process of the session that `leader` began."""
    return {pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _session_of(pid) == leader}


def end(pids: Iterable[int]) -> None:
    """Kill these processes and wait until they are gone."""
    with _opened(pids) as handles:
        for handle in handles:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        for handle in handles:
            gone = select.poll()
            gone.register(handle, select.POLLIN)
            if not gone.poll(STOP_SECONDS * 1000):
                raise TimeoutError("a process does not die")


@contextmanager
def _opened(pids: Iterable[int]) -> Iterator[list[int]]:
    handles: list[int] = []
    try:
        for pid in pids:
            with suppress(ProcessLookupError):
                handles.append(os.pidfd_open(pid))
        yield handles
    finally:
        for handle in handles:
            os.close(handle)


def _session_of(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, _, _, sid = stat.rpartition(")")[2].split()[:4]
    return None if state in "ZX" else int(sid)
