"""What one would use instead, beside a round trip of ours: the same server and mailbox, one after the other.

Each is a Debian package; what is not installed is named in a remark. None of them stores or judges anything.

- swaks in a script that sends a mail and waits until it lies in the Maildir
- check_email_delivery with its own check_smtp_send; a script looks into the Maildir, since its check_imap_receive needs
  an IMAP server. Between the two it sleeps for some seconds, which is its default
- blackbox_exporter, which talks to the server as far as QUIT and sends no mail
"""

import asyncio
import http.client
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.bench.figures import Figure, Finding, Remark
from tests.bench.load import PATIENCE, closed_loop, cpu_seconds
from tests.bench.loopback_service import Stopwatch, free_port, running_pipeline
from tests.bench.round_trip import Scene, Step, scene
from tests.bench.sink import HOST

GROUP = "One probe after the other, beside what one would use instead"
PLUGINS = Path("/usr/lib/nagios/plugins")
SENDER, RECIPIENT = "probe@floor.example", "floor@bench.example"
MODULE = """\
modules:
  smtp:
    prober: tcp
    tcp:
      query_response:
        - expect: "^220 "
        - send: "EHLO floor.example\\r"
        - expect: "^250 "
        - send: "QUIT\\r"
"""
TAKEN = """\
import pathlib, sys, time
new, end = pathlib.Path(sys.argv[1]), time.monotonic() + 30
while not (mails := list(new.iterdir())):
    if time.monotonic() > end:
        sys.exit("CRITICAL: no mail")
    time.sleep(0.005)
[mail.unlink() for mail in mails]
print("OK: received")
"""
"""Waits for a mail in a folder and takes it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How often each is asked, and how many seconds of ours are measured."""

    rounds: int
    seconds: float

    @property
    def steps(self) -> int:
        """How often `Step` is told."""
        return self.rounds + 1


FULL = Plan(rounds=5, seconds=1.0)
QUICK = Plan(rounds=2, seconds=0.4)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one probe: CPU and whole time in milliseconds."""

    cpu: float
    took: float


class Peer(Protocol):
    """One that is installed."""

    def probe(self) -> Cost:
        """Send one; raises AssertionError if that fails."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Runs commands one after the other, each until it ends."""

    commands: tuple[tuple[str, ...], ...]

    def probe(self) -> Cost:
        began, before = time.perf_counter(), _of_children()
        for command in self.commands:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
            if done.returncode:
                raise AssertionError(f"{command[0]}: exit {done.returncode}: {(done.stderr or done.stdout)[-300:]}")
        return Cost((_of_children() - before) * 1000, (time.perf_counter() - began) * 1000)


@dataclass(frozen=True, slots=True)
class Exporter:
    """A running blackbox_exporter, asked over HTTP."""

    port: int
    target: int
    pid: int
    probes: int = 100  # of one round: its CPU time is told in hundredths of a second

    def probe(self) -> Cost:
        began, before = time.perf_counter(), cpu_seconds(self.pid)
        for _ in range(self.probes):
            self._ask()
        return Cost(
            (cpu_seconds(self.pid) - before) * 1000 / self.probes, (time.perf_counter() - began) * 1000 / self.probes
        )

    def _ask(self) -> None:
        asking = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE)
        asking.request("GET", f"/probe?module=smtp&target={HOST}:{self.target}")
        told = asking.getresponse().read()
        asking.close()
        if b"probe_success 1" not in told:
            raise AssertionError(f"blackbox_exporter: {told[-200:]!r}")


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """Ours, then each of the others in turn, round by round."""
    with scene(1) as there:
        step("one probe after the other")
        ours = await _ours(there, plan)
        found: list[Finding] = [Figure(GROUP, "mailpath, the whole way: CPU", "ms", ours)]
        with _peers(there) as (peers, missing):
            costs: dict[str, list[Cost]] = {name: [] for name in peers}
            failed: dict[str, str] = {}
            for number in range(plan.rounds):
                step(f"what one would use instead, round {number + 1} of {plan.rounds}")
                for name in costs.keys() - failed.keys():
                    try:
                        costs[name].append(await asyncio.to_thread(peers[name].probe))
                    except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
                        failed[name] = str(error)
        found += [Remark(GROUP, f"{name}: {' '.join(why.split())[:80]}") for name, why in failed.items()]
        for name, of in ((name, of) for name, of in costs.items() if name not in failed):
            found.append(Figure(GROUP, f"{name}: CPU", "ms", tuple(each.cpu for each in of)))
            found.append(Figure(GROUP, f"{name}: time", "ms", tuple(each.took for each in of)))
        found += [Remark(GROUP, f"{name} is not installed (Debian package {package})") for name, package in missing]
    return found


async def _ours(there: Scene, plan: Plan) -> tuple[float, ...]:
    config, stopwatch = there.config("direct", "none", 1), Stopwatch()
    paces = []
    async with running_pipeline(config, stopwatch) as pipeline:
        for _ in range(plan.rounds):
            once = stopwatch.round_trip(pipeline, config.paths())
            paces.append(await closed_loop(once, 1, warm_up=0.1, seconds=plan.seconds / plan.rounds))
    return tuple(pace.cpu_ms for pace in paces)


@contextmanager
def _peers(there: Scene) -> Iterator[tuple[dict[str, Peer], list[tuple[str, str]]]]:
    """Those that are installed, and those that are not, with their packages."""
    new, port = there.folder / "mail/floor/new", there.ports.plain
    taken = there.folder / "taken.py"
    taken.write_text(TAKEN)
    wait = (sys.executable, "-I", "-S", str(taken), str(new))
    peers: dict[str, Peer] = {}
    missing = []
    if swaks := shutil.which("swaks"):
        send = (swaks, "--server", f"{HOST}:{port}", "--from", SENDER, "--to", RECIPIENT, "--silent", "3")
        peers["swaks and a script"] = Commands((send, wait))
    else:
        missing.append(("swaks", "swaks"))
    if (plugin := PLUGINS / "check_email_delivery").exists():
        header = f"-H {HOST} -p {port} --mailfrom {SENDER} --mailto {RECIPIENT} --header Subject:probe"
        smtp = f"{PLUGINS}/check_smtp_send {header}"
        peers["check_email_delivery"] = Commands(((str(plugin), "--plugin", smtp, "--plugin", " ".join(wait)),))
    else:
        missing.append(("check_email_delivery", "monitoring-plugins-contrib"))
    exporter = shutil.which("prometheus-blackbox-exporter")
    if exporter is None:
        missing.append(("blackbox_exporter", "prometheus-blackbox-exporter"))
        yield peers, missing
        return
    with _exporter(exporter, there.folder, port) as running:
        yield {**peers, "blackbox_exporter, without a mail": running}, missing


@contextmanager
def _exporter(program: str, folder: Path, target: int) -> Iterator[Exporter]:
    file, port = folder / "blackbox.yml", free_port()
    file.write_text(MODULE)
    command = (program, f"--config.file={file}", f"--web.listen-address={HOST}:{port}")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _listening(process, port)
            yield Exporter(port, target, process.pid)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _listening(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end and process.poll() is None:
        try:
            asking = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
            asking.request("GET", "/-/healthy")
            asking.getresponse()
            return
        except OSError:
            time.sleep(0.01)
        finally:
            asking.close()
    raise AssertionError("blackbox_exporter does not start")


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
