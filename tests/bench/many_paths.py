"""Thousands of paths on their real schedule: what they weigh, and whether anything comes late.

The service runs in a process of its own, `python -m tests.bench.many_paths`, so that its memory is its own: what
measures in there keeps next to nothing for each path, and nothing of what it scrapes. It starts on a store that knows a
verdict of every path and kind, and is scraped as Prometheus would for the last third of its time. An idle process
beside it shows how much of the event loop's lag is the machine's.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
import urllib.request
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from monitor.app import service
from monitor.clock import utc_now
from monitor.config import Config, read_config
from monitor.events import Event, Judged
from monitor.probing.schedule import Timetable
from monitor.store import Store
from probes.evidence import Attempt
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role
from probes.token import new_probe_id
from probes.verdict import Grade, Outcome, Verdict
from tests.bench.figures import Figure, Finding, Remark, quantile
from tests.bench.load import PATIENCE, loop_lag
from tests.bench.loopback_service import BenchCompanies, bench_folder, free_port, log_to_nowhere, make_maildirs
from tests.bench.round_trip import Step
from tests.bench.sink import HOST, REPOSITORY, Ports, sink

EVERY = timedelta(minutes=5)
PER_SECOND = 83.3  # 5,000 paths x 5 kinds every 5 minutes; fewer are probed as often in all
FEW = 50  # paths of the run that shows what the service weighs without them
BATCH = 500
SCRAPE_EVERY = 2.0  # seconds
CHUNK_OCTETS = 64_000  # of an exposition are read at once


@dataclass(frozen=True, slots=True)
class Plan:
    """So many paths, watched for so long; the few to compare with for `baseline` seconds."""

    paths: int
    seconds: float
    baseline: float
    per_second: float = PER_SECOND

    @property
    def steps(self) -> int:
        """How often `Step` is told."""
        return 3


FULL = Plan(paths=5000, seconds=48.0, baseline=5.0)
QUICK = Plan(paths=1500, seconds=4.5, baseline=1.5)  # fewer, and what each path needs is lost in what varies
LONG = Plan(paths=10_000, seconds=600.0, baseline=5.0, per_second=10_000 * len(Kind) / EVERY.total_seconds())


@dataclass(frozen=True, slots=True)
class Facts:
    """What one run tells. Times in seconds, memory in kB of RSS."""

    config_read: float
    ready: float
    kb_ready: int
    kb_early: int  # after a third of the time
    kb_most: int
    probes: int
    not_in_inbox: int
    cpu: float
    schedule_lag: tuple[float, float, float]  # p50, p99, most
    loop_lag: tuple[float, float]  # p99, most
    scrapes: tuple[float, ...]
    scraped_bytes: int
    loop_lag_scraped: tuple[float, float]


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """A few paths and many, at the same rate of probes."""
    with bench_folder() as folder:
        step(f"{plan.paths:,} mailboxes and verdicts to start from")
        make_maildirs(folder / "mail", (f"p{number}" for number in range(plan.paths)))
        with sink(folder / "mail") as ports:
            few = await _prepared(folder, ports, FEW, plan.per_second)
            many = await _prepared(folder, ports, plan.paths, plan.per_second)
            step(f"{FEW} paths on schedule, {plan.baseline:.0f} s")
            light = await _run(few, plan.baseline)
            step(f"{plan.paths:,} paths on schedule, {plan.seconds:.0f} s")
            async with loop_lag() as idle:
                heavy = await _run(many, plan.seconds)
    return list(_figures(plan, light, heavy, idle))


async def _prepared(folder: Path, ports: Ports, paths: int, per_second: float) -> Path:
    """A configuration, and a store in which every path has a verdict of every kind."""
    file = folder / f"{paths}.toml"
    every = max(round(paths * len(Kind) / per_second), 1)
    town = BenchCompanies(paths, ports.plain, every=f"{every}s", web=free_port(), metrics=free_port())
    file.write_text(town.config().replace("mailpath.db", f"{paths}.db"))
    config = read_config(file)
    async with Store.open(config.store.url) as store:
        probes = [*_past(config)]
        for start in range(0, len(probes), BATCH):
            await asyncio.gather(*(_remember(store, probe) for probe in probes[start : start + BATCH]))
    return file


def _past(config: Config) -> Iterator[Probe]:
    then = utc_now() - timedelta(minutes=10)
    for path in config.paths():
        for kind in path.kinds:
            yield Probe(
                id=new_probe_id(),
                company=path.company,
                path=path.path,
                kind=kind,
                role=Role.SENDER,
                via="direct",
                recipient=path.to,
                source_ip=HOST,
                created_at=then,
                code_dead_at=then + path.code_life,
                give_up_at=then + path.give_up,
                retry=path.retry,
            )


async def _remember(store: Store, probe: Probe) -> None:
    await store.probes.launch(probe, f"maildir:{probe.recipient}", Attempt(probe.created_at, 1))
    arrived = Verdict(Outcome.INBOX, None, Grade.REAL, "arrived in INBOX 1.0 s after it was sent")
    at = probe.created_at + timedelta(seconds=1)
    await store.probes.learn(probe.id, (), arrived, at, closed=True, delivery=timedelta(seconds=1))


async def _run(file: Path, seconds: float) -> Facts:
    """The service in a process of its own."""
    command = (sys.executable, "-m", "tests.bench.many_paths", str(file), str(seconds))
    process = await asyncio.create_subprocess_exec(*command, cwd=REPOSITORY, stdin=PIPE, stdout=PIPE)
    try:
        async with asyncio.timeout(seconds + 2 * PATIENCE):
            told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise AssertionError(f"the service ended with {process.returncode}")
    return Facts(**json.loads(told))


def _figures(plan: Plan, light: Facts, heavy: Facts, idle: list[float]) -> Iterator[Finding]:
    group = f"{plan.paths:,} paths x {len(Kind)} kinds on schedule for {plan.seconds:.0f} s"
    per_path = (heavy.kb_most - light.kb_most) / (plan.paths - FEW)
    rows = (
        ("configuration read and checked", "s", heavy.config_read, ""),
        ("ready after that", "s", heavy.ready, ""),
        ("memory for each path (RSS)", "kB", per_path, "<= 20"),
        ("memory in all (RSS)", "MB", heavy.kb_most / 1000, "<= 400"),
        ("memory grown in the last two thirds (RSS)", "MB", (heavy.kb_most - heavy.kb_early) / 1000, ""),
        ("probes", "/s", heavy.probes / plan.seconds, ""),
        ("CPU for each probe, all included", "ms CPU", heavy.cpu / max(heavy.probes, 1) * 1000, ""),
        ("share of a core", "%", heavy.cpu / plan.seconds * 100, "<= 100"),
        ("schedule lag, p50", "ms", heavy.schedule_lag[0] * 1000, ""),
        ("schedule lag, p99", "ms", heavy.schedule_lag[1] * 1000, "< 2000"),
        ("schedule lag, most", "ms", heavy.schedule_lag[2] * 1000, ""),
        ("event loop lag, p99", "ms", heavy.loop_lag[0] * 1000, "< 50"),
        ("event loop lag, most", "ms", heavy.loop_lag[1] * 1000, ""),
        ("the same in an idle process beside it, p99", "ms", quantile(idle, 0.99) * 1000, ""),
    )
    yield from (Figure(group, name, unit, (value,), wanted) for name, unit, value, wanted in rows)
    yield Figure(group, "scrape of /metrics", "ms", tuple(each * 1000 for each in heavy.scrapes), "< 500")
    yield Figure(group, "event loop lag while scraped, p99", "ms", (heavy.loop_lag_scraped[0] * 1000,), "< 50")
    yield Figure(group, "event loop lag while scraped, most", "ms", (heavy.loop_lag_scraped[1] * 1000,))
    size = f"one scrape is {heavy.scraped_bytes / 1e6:.1f} MB"
    yield Remark(group, f"{size}; {heavy.not_in_inbox} of {heavy.probes} verdicts were not inbox")


class Lateness:
    """Hears when each probe was launched, and knows when it should have been: the schedule has no jitter here."""

    def __init__(self, config: Config) -> None:
        self._paths = {path.company: path for path in config.paths()}
        self._rng = random.Random(0)
        self.seconds: list[float] = []
        self.verdicts: list[Outcome] = []

    def on_event(self, event: Event) -> None:
        """A listener. From due to launched, which is when it is stored and about to be sent."""
        probe = event.probe
        match event.what:
            case Attempt():
                path = self._paths[probe.company]
                assert path.every is not None
                due = Timetable(path, probe.kind).after(probe.created_at - path.every, self._rng)
                self.seconds.append((utc_now() - due).total_seconds())
            case Judged(verdict):
                self.verdicts.append(verdict.outcome)


async def _watch(file: Path, seconds: float) -> Facts:
    began = time.perf_counter()
    config = read_config(file)
    config_read = time.perf_counter() - began
    lateness = Lateness(config)
    began = time.perf_counter()
    async with service(file, config, lateness.on_event):
        ready, kb_ready = time.perf_counter() - began, _kb()
        cpu, before = time.process_time(), len(lateness.verdicts)
        async with loop_lag() as calm:
            await asyncio.sleep(seconds / 3)
            kb_early = _kb()
            await asyncio.sleep(seconds / 3)
        async with loop_lag() as scraped:
            assert config.web.metrics_listen
            scrapes, size = await _scrape(config.web.metrics_listen.port, seconds / 3)
        cpu, probes = time.process_time() - cpu, len(lateness.verdicts) - before
        kb_most = _kb()
    return Facts(
        config_read=config_read,
        ready=ready,
        kb_ready=kb_ready,
        kb_early=kb_early,
        kb_most=kb_most,
        probes=probes,
        not_in_inbox=sum(outcome is not Outcome.INBOX for outcome in lateness.verdicts),
        cpu=cpu,
        schedule_lag=(quantile(lateness.seconds, 0.5), quantile(lateness.seconds, 0.99), max(lateness.seconds)),
        loop_lag=(quantile(calm, 0.99), max(calm)),
        scrapes=tuple(scrapes),
        scraped_bytes=size,
        loop_lag_scraped=(quantile(scraped, 0.99), max(scraped)),
    )


async def _scrape(port: int, seconds: float) -> tuple[list[float], int]:
    """Scrape at intervals, from a thread: what it costs to read is small beside what it costs to write."""
    took, size, end = [], 0, time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        size = await asyncio.to_thread(_get, f"http://{HOST}:{port}/metrics")
        took.append(time.perf_counter() - began)
        await asyncio.sleep(max(min(SCRAPE_EVERY - took[-1], end - time.perf_counter()), 0))
    return took, size


def _get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return sum(map(len, iter(partial(answer.read, CHUNK_OCTETS), b"")))


def _kb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1000


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("seconds", type=float)
    given = parser.parse_args()
    log_to_nowhere()
    print(json.dumps(asdict(asyncio.run(_watch(given.file, given.seconds)))))


if __name__ == "__main__":
    _main()
