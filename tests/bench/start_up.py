"""How long people wait: for `mailpath --help`, until a configuration is read, and until `mailpath serve` is ready."""

import asyncio
import http.client
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figure, Finding
from tests.bench.load import PATIENCE, cpu_seconds
from tests.bench.loopback_service import BenchCompanies, bench_folder, free_port
from tests.bench.round_trip import Step
from tests.bench.sink import HOST, REPOSITORY

GROUP = "Start"
MAILPATH = str(Path(sys.executable).with_name("mailpath"))
PATHS = 1000
LARGE = 10_000  # paths of the configuration that is only read
FILES = 20  # into which it is split
LOOK_EVERY = 0.005  # seconds between two questions whether it is ready

COMMANDS: dict[str, tuple[tuple[str, ...], str]] = {
    "mailpath --help": ((MAILPATH, "--help"), "< 300"),
    "import monitor.cli": ((sys.executable, "-c", "import monitor.cli"), ""),
    "import monitor.app (all that serve needs)": ((sys.executable, "-c", "import monitor.app"), ""),
    "Python alone": ((sys.executable, "-c", "pass"), ""),
}


READ = """\
import sys, time
from pathlib import Path
from monitor.config import read_config
began = time.process_time()
read_config(Path(sys.argv[1]))
print(time.process_time() - began)
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """How often each command is run, and `serve`."""

    rounds: int
    serves: int

    @property
    def steps(self) -> int:
        """How often `Step` is told."""
        return self.rounds + 2 * self.serves


FULL = Plan(rounds=7, serves=3)
QUICK = Plan(rounds=2, serves=1)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """In turn, so that what else the machine does falls on all of them."""
    took: dict[str, list[float]] = defaultdict(list)
    for number in range(plan.rounds):
        step(f"starting, round {number + 1} of {plan.rounds}")
        for name, (command, _) in COMMANDS.items():
            took[name].append(await asyncio.to_thread(_run, command))
    read: dict[str, list[float]] = defaultdict(list)
    for number in range(plan.serves):
        step(f"a configuration of {LARGE:,} paths, {number + 1} of {plan.serves}")
        for name, seconds in (await asyncio.to_thread(_read)).items():
            read[name].append(seconds)
    serves: list[tuple[float, ...]] = []
    for number in range(plan.serves):
        step(f"serve with {PATHS:,} paths, {number + 1} of {plan.serves}")
        serves.append(await asyncio.to_thread(_serve))
    of_config = [Figure(GROUP, f"{name}: CPU", "s", tuple(seconds), "<= 1") for name, seconds in read.items()]
    return [*_figures(took, serves), *of_config]


def _figures(took: dict[str, list[float]], serves: list[tuple[float, ...]]) -> Iterator[Finding]:
    for name, (_, wanted) in COMMANDS.items():
        yield Figure(GROUP, name, "ms", tuple(each * 1000 for each in took[name]), wanted)
    ready, stopped, cpu = zip(*serves, strict=True)
    yield Figure(GROUP, f"serve, ready with {PATHS:,} paths", "s", ready, "< 2")
    yield Figure(GROUP, f"serve, ready with {PATHS:,} paths: CPU", "s", cpu)
    yield Figure(GROUP, "serve, gone after SIGTERM", "s", stopped)


def _run(command: tuple[str, ...]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, check=True, timeout=PATIENCE)
    return time.perf_counter() - began


def _read() -> dict[str, float]:
    """Seconds of CPU to read and check the configuration, in one file and in many."""
    town = BenchCompanies(LARGE, port=9)
    with bench_folder() as folder:
        whole, split = folder / "whole.toml", folder / "split.toml"
        whole.write_text(town.config())
        split.write_text(town.head(include="parts/*.toml"))
        (folder / "parts").mkdir()
        for number in range(FILES):
            part = range(number * LARGE // FILES, (number + 1) * LARGE // FILES)
            (folder / "parts" / f"{number}.toml").write_text(town.tables(part))
        return {
            f"a configuration of {LARGE:,} paths {how}": float(
                subprocess.run(
                    (sys.executable, "-c", READ, str(file)),
                    cwd=REPOSITORY,
                    stdout=subprocess.PIPE,
                    check=True,
                    timeout=PATIENCE,
                ).stdout
            )
            for how, file in (("in one file", whole), (f"in {FILES} files", split))
        }


def _serve() -> tuple[float, float, float]:
    """Seconds to ready on a new store, from SIGTERM to the end, and of CPU to ready, which other load changes less.
    Nothing is due while it runs."""
    with bench_folder() as folder:
        port, file = free_port(), folder / "config.toml"
        file.write_text(BenchCompanies(PATHS, port=9, every="30d", web=free_port(), metrics=port).config())
        began = time.perf_counter()
        with subprocess.Popen((MAILPATH, "serve", "-c", str(file)), stderr=subprocess.DEVNULL) as process:
            try:
                ready = _ready(process, port) - began
                cpu, asked = cpu_seconds(process.pid), time.perf_counter()
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE)
                return ready, time.perf_counter() - asked, cpu
            finally:
                process.kill()


def _ready(process: "subprocess.Popen[bytes]", port: int) -> float:
    """When /readyz said yes."""
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end and process.poll() is None:
        try:
            asking = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
            asking.request("GET", "/readyz")
            if asking.getresponse().status == 200:
                return time.perf_counter()
        except OSError:
            time.sleep(LOOK_EVERY)
        finally:
            asking.close()
    raise AssertionError(f"mailpath serve is not ready after {PATIENCE:.0f} s")
