"""One probe's whole way: composed, stored, sent, delivered, found, judged, stored, counted; beside the SMTP part alone.

Closed loop, each probe in flight on a path and in a mailbox of its own; and paced, each on a path where nobody has been
for a while, as on a real schedule. Where a closed loop keeps our process busy all the time, how long a verdict takes is
how long its line is: so many in flight, divided by how many are done in a second. What it takes while as many are in
flight and there is time left is measured with servers that think.
"""

import asyncio
import gc
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from monitor.clock import utc_now
from monitor.config import Config, read_config
from monitor.sources.mailboxes import QUIET_SECONDS
from probes.kinds import Kind
from probes.message import compose
from probes.probe import Probe
from probes.sender import Role
from probes.token import new_probe_id
from tests.bench.figures import Figure, Finding, quantile, ratio
from tests.bench.floor import Letter, streams, threads
from tests.bench.load import Once, Pace, closed_loop, counted, paced
from tests.bench.loopback_service import BenchCompanies, Stopwatch, bench_folder, make_maildirs, running_pipeline
from tests.bench.sink import Ports, sink

LEVELS = (1, 50, 200)  # probes in flight
ENCRYPTED = (50,)  # those at which it is measured with STARTTLS too
LARGE = (50,)  # and with the headers of Exchange Online
CROWDED = max(LEVELS)
PER_SECOND = 33.0  # 10,000 paths every 5 minutes
THINKING = 1.0  # seconds that a server takes for a mail, as a content filter would
SPREAD = 200.0  # probes/s to such servers: as many as that are in flight
AT_FIRST = 20  # mailboxes that are visited for the first time at once
SWEEPING_SECONDS = 2.0  # after which these visits have ended
SPREAD_PATHS = round(2 * SPREAD * THINKING)  # so that none is in flight twice

Step = Callable[[str], None]
"""Told of each part of a measurement as it begins."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure: `seconds` for each cell of each round, after `warm_up`; `paced_for` seconds paced."""

    levels: tuple[int, ...]
    rounds: int
    warm_up: float
    seconds: float
    paced_for: float

    @property
    def mailboxes(self) -> int:
        """The most that any part of it needs."""
        return max(CROWDED, _paced_paths(self), SPREAD_PATHS)

    @property
    def cells(self) -> list[tuple[str, int]]:
        """What is measured with how many in flight, in this order."""
        return [(name, level) for level in self.levels for name, (_, levels) in RUNS.items() if level in levels]

    @property
    def steps(self) -> int:
        """How often `Step` is told."""
        return self.rounds * len(self.cells) + 5


FULL = Plan(LEVELS, rounds=3, warm_up=0.2, seconds=0.8, paced_for=5.0)
QUICK = Plan((1, 50), rounds=1, warm_up=0.1, seconds=0.4, paced_for=1.0)


@dataclass(slots=True)
class Scene:
    """The ground on which all of them work: one folder of Maildirs, one server, one letter for the floors."""

    folder: Path
    ports: Ports
    exchange: Ports
    thinking: Ports
    letter: Letter
    from_rename: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    from_seen: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def config(self, via: str, tls: str, companies: int, to: Ports | None = None) -> Config:
        """A town whose mail goes this way, to the plain server unless another is given."""
        ports = to or self.ports
        port = ports.plain if tls == "none" else ports.tls
        file = self.folder / f"{via}-{port}-{companies}.toml"
        file.write_text(BenchCompanies(companies, port, via, tls).config())
        return read_config(file)

    def clear(self) -> int:
        """Delete the letters of the floors; how many there were."""
        letters = list((self.folder / "mail/floor/new").iterdir())
        for letter in letters:
            letter.unlink()
        return len(letters)


@contextmanager
def scene(companies: int) -> Iterator[Scene]:
    """A server and this many mailboxes while the block lasts."""
    with bench_folder() as folder:
        mail = folder / "mail"
        make_maildirs(mail, ["floor", *(f"p{number}" for number in range(companies))])
        with sink(mail) as ports, sink(mail, exchange=True) as exchange, sink(mail, think=THINKING) as thinking:
            there = Scene(folder, ports, exchange, thinking, Letter("", "", b""))
            there.letter = _letter(there.config("direct", "none", 1))
            yield there


def _letter(config: Config) -> Letter:
    """A probe's bytes, toward a mailbox where nobody looks."""
    now, life, identity = utc_now(), timedelta(minutes=10), config.sender.identity()
    probe = Probe(
        id=new_probe_id(),
        company="c0",
        path="hq",
        kind=Kind.VERIFICATION,
        role=Role.SENDER,
        via="direct",
        recipient="floor@bench.example",
        source_ip=identity.source_ip,
        created_at=now,
        code_dead_at=now + life,
        give_up_at=now + life,
        retry=(life,),
    )
    message = compose(probe, identity, b"floor" * 7)
    return Letter(message.mail_from, message.rcpt_to, message.content)


Run = Callable[[Scene, Plan, int], Awaitable[Pace]]
"""Keeps so many in flight."""


def _whole(via: str, tls: str = "none", *, exchange: bool = False) -> Run:
    """The whole way."""

    async def run(there: Scene, plan: Plan, in_flight: int) -> Pace:
        config = there.config(via, tls, CROWDED, there.exchange if exchange else None)
        stopwatch = Stopwatch()
        async with running_pipeline(config, stopwatch) as pipeline:
            once = stopwatch.round_trip(pipeline, config.paths())
            pace = await closed_loop(
                once, in_flight, warm_up=plan.warm_up, seconds=plan.seconds, begins=stopwatch.begin
            )
        if (via, tls, exchange) == ("direct", "none", False):
            there.from_rename[in_flight] += stopwatch.from_rename
            there.from_seen[in_flight] += stopwatch.from_seen
        return pace

    return run


async def _streams(there: Scene, plan: Plan, in_flight: int) -> Pace:
    return await _floor(there, plan, in_flight, streams(there.letter, there.ports.plain))


async def _streams_tls(there: Scene, plan: Plan, in_flight: int) -> Pace:
    return await _floor(there, plan, in_flight, streams(there.letter, there.ports.tls, tls=True))


async def _threads(there: Scene, plan: Plan, in_flight: int) -> Pace:
    with ThreadPoolExecutor(in_flight) as pool:
        return await _floor(there, plan, in_flight, threads(there.letter, there.ports.plain, pool))


async def _floor(there: Scene, plan: Plan, in_flight: int, send: Once) -> Pace:
    """A floor counts only if each of its letters was really delivered."""
    sent = 0

    async def once(number: int) -> None:
        nonlocal sent
        await send(number)
        sent += 1

    pace = await closed_loop(once, in_flight, warm_up=plan.warm_up, seconds=plan.seconds)
    if (delivered := there.clear()) != sent:
        raise AssertionError(f"the floor sent {sent} letters, and {delivered} were delivered")
    return pace


DIRECT, XCLIENT, DIRECT_TLS = "whole way, direct", "whole way, xclient", "whole way, direct, STARTTLS"
EXCHANGE = "whole way, Exchange Online headers"
FLOOR, FLOOR_THREADS, FLOOR_TLS = "SMTP part, asyncio streams", "SMTP part, smtplib", "SMTP part, streams, STARTTLS"

RUNS: dict[str, tuple[Run, tuple[int, ...]]] = {
    DIRECT: (_whole("direct"), LEVELS),
    FLOOR: (_streams, LEVELS),
    XCLIENT: (_whole("xclient"), LEVELS),
    FLOOR_THREADS: (_threads, LEVELS),
    EXCHANGE: (_whole("direct", exchange=True), LARGE),
    DIRECT_TLS: (_whole("direct", "opportunistic"), ENCRYPTED),
    FLOOR_TLS: (_streams_tls, ENCRYPTED),
}
FLOORS = {DIRECT: FLOOR, XCLIENT: FLOOR, DIRECT_TLS: FLOOR_TLS}
WANTED = {(DIRECT, 50): "<= 1.5", (EXCHANGE, 50): "<= 1.9"}


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """All cells, round by round, so that what else the machine does falls on all of them."""
    paces: dict[tuple[str, int], list[Pace]] = defaultdict(list)
    with scene(plan.mailboxes) as there:
        for number in range(plan.rounds):
            for name, in_flight in plan.cells:
                step(f"{name}, {in_flight} in flight, round {number + 1} of {plan.rounds}")
                gc.collect()
                paces[name, in_flight].append(await RUNS[name][0](there, plan, in_flight))
        found: list[Finding] = [figure for level in plan.levels for figure in _figures(level, paces, there)]
        for tls in ("none", "opportunistic"):
            found += await _paced(there, plan, tls, step)
        found += await _spread(there, plan, step)
    return found


def _figures(level: int, paces: dict[tuple[str, int], list[Pace]], there: Scene) -> Iterator[Finding]:
    group = f"Round trip, {level} in flight"
    cpu = {name: [pace.cpu_ms for pace in paces[name, level]] for name, at in paces if at == level}
    for name in cpu:
        yield Figure(group, name, "ms CPU", tuple(cpu[name]), WANTED.get((name, level), ""))
    for name in cpu:
        yield Figure(group, name, "probes/s", tuple(pace.per_second for pace in paces[name, level]))
    for name, floor in FLOORS.items():
        if name in cpu:
            yield Figure(group, f"{name}: CPU beside its floor", "x", ratio(cpu[name], cpu[floor]))
    yield from _delays(group, there.from_rename[level], there.from_seen[level])


def _delays(group: str, from_rename: list[float], from_seen: list[float], wanted: str = "") -> Iterator[Figure]:
    """How long the last steps take. `wanted`: of the middle one of those from the sighting."""
    for name, seconds in (("rename", from_rename), ("found", from_seen)):
        for share in (0.5, 0.99):
            target = wanted if (name, share) == ("found", 0.5) else ""
            delay = quantile(seconds, share) * 1000
            yield Figure(group, f"{name} -> verdict stored, p{share * 100:.0f}", "ms", (delay,), target)


async def _paced(there: Scene, plan: Plan, tls: str, step: Step) -> list[Finding]:
    """As a schedule does it: one after the other at the same distance, each on a path of its own.

    All were visited before: the first visit opens what later ones keep.
    """
    group = f"Round trip, paced at {PER_SECOND:.0f}/s, each in a mailbox just opened"
    whole, part = (DIRECT, FLOOR) if tls == "none" else (DIRECT_TLS, FLOOR_TLS)
    config, stopwatch = there.config("direct", tls, _paced_paths(plan)), Stopwatch()
    step(f"{whole}, {PER_SECOND:.0f}/s")
    async with running_pipeline(config, stopwatch) as pipeline:
        once = stopwatch.round_trip(pipeline, config.paths())
        await counted(once, AT_FIRST, _paced_paths(plan))
        await asyncio.sleep(QUIET_SECONDS + SWEEPING_SECONDS)
        ours = await paced(once, PER_SECOND, plan.paced_for)
    step(f"{part}, {PER_SECOND:.0f}/s")
    send = streams(there.letter, there.ports.plain if tls == "none" else there.ports.tls, tls=tls != "none")
    floor = await paced(send, PER_SECOND, plan.paced_for)
    return [
        Figure(group, whole, "ms CPU", (ours.cpu_ms,), "<= 4" if tls == "none" else ""),
        Figure(group, part, "ms CPU", (floor.cpu_ms,)),
        Figure(group, f"{whole}: CPU beside its floor", "x", (ours.cpu_ms / floor.cpu_ms,)),
    ]


async def _spread(there: Scene, plan: Plan, step: Step) -> list[Finding]:
    """Many in flight at servers that think, begun at the same distance, on paths that were all visited before."""
    step(f"{DIRECT}, {SPREAD:.0f}/s to servers that think for {THINKING:g} s")
    config, stopwatch = there.config("direct", "none", SPREAD_PATHS, there.thinking), Stopwatch()
    async with running_pipeline(config, stopwatch) as pipeline:
        once = stopwatch.round_trip(pipeline, config.paths())
        await counted(once, CROWDED, SPREAD_PATHS)
        await asyncio.sleep(QUIET_SECONDS)
        stopwatch.begin()
        await paced(once, SPREAD, max(plan.paced_for, 2 * THINKING))
    group = f"Round trip, {SPREAD * THINKING:.0f} in flight at servers that think, {SPREAD:.0f}/s"
    return list(_delays(group, stopwatch.from_rename, stopwatch.from_seen, "<= 20"))


def _paced_paths(plan: Plan) -> int:
    return round(PER_SECOND * plan.paced_for)
