"""From a stored verdict to a webhook that was received, and how many verdicts a second the incident rules bear.

Beside it in the same run: a bare POST of the same body to the same receiver, and the bare reading of the same verdicts
from the same store.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from aiohttp import ClientSession, web
from pydantic import SecretStr

from monitor.channels.webhook import WebhookChannel
from monitor.clock import utc_now
from monitor.config import Config
from monitor.oncall.delivery import Delivery
from monitor.oncall.engine import IncidentEngine
from monitor.store import Store
from probes.evidence import Attempt
from probes.http import HttpSession
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.bench.figures import Figure, Finding, quantile
from tests.bench.loopback_service import bench_folder
from tests.bench.round_trip import Step
from tests.bench.sink import HOST
from tests.support.outside_world import outside_world

GROUP = "Incidents"
PATIENCE = 30.0
AT_ONCE = 200  # verdicts that are stored together
KIND = Kind.TWO_STEP_CODE
GOOD = Verdict(Outcome.INBOX, None, Grade.REAL, "arrived in INBOX 1 s after it was sent")
BAD = Verdict(
    *(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.REAL),
    "rejected at RCPT TO by mx.acme.example[192.0.2.1]:25: 554 5.7.1 Client host [104.130.122.50] is on our list",
)
"""One such refusal is an incident."""


@dataclass(frozen=True, slots=True)
class Plan:
    """So many incidents open already, so many more that are timed, and so many verdicts for the rules."""

    crowds: tuple[int, ...]
    timed: int
    verdicts: int

    @property
    def steps(self) -> int:
        """How often `Step` is told."""
        return 2 * len(self.crowds)


FULL = Plan(crowds=(0, 999), timed=50, verdicts=10_000)
QUICK = Plan(crowds=(0, 99), timed=5, verdicts=1_000)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """With each crowd: how soon people hear, and how fast the rules are."""
    found: list[Finding] = []
    for crowd in plan.crowds:
        name = f"with {crowd + 1:,} open incident" + ("s" if crowd else "")
        with bench_folder() as folder:
            step(f"incidents: {name}, to the webhook")
            found += await _told(folder / "told.db", crowd, plan.timed, name)
            step(f"incidents: {name}, verdicts")
            found += await _ruled(folder / "ruled.db", crowd, plan.verdicts, name)
    return found


@dataclass
class Receiver:
    """A webhook's other end: when each incident was heard of, and what was sent."""

    heard: dict[str, float] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    body: bytes = b"{}"

    async def hear(self, request: web.Request) -> web.Response:
        self.body = await request.read()
        told = await request.json()
        for company in told["facts"]["companies"] if "facts" in told else ():
            self.heard.setdefault(company["company"], time.perf_counter())
        self.news.set()
        return web.Response()

    async def until(self, company: str) -> float:
        async with asyncio.timeout(PATIENCE):
            while company not in self.heard:
                self.news.clear()
                await self.news.wait()
        return self.heard[company]


@asynccontextmanager
async def _receiving() -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/", receiver.hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        path = web.TCPSite(runner, HOST, 0)
        await path.start()
        yield receiver, f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def _config(companies: int, url: str) -> Config:
    """Companies with one path each. Their incidents never become one: this is about many."""
    tables = {
        f"c{number}": {
            "paths": {
                "hq": {
                    "to": f"probe@c{number}.example",
                    "route": {"via": "xclient", "host": "192.0.2.10"},
                    "mailbox": {"via": "maildir", "path": f"/nowhere/c{number}"},
                    "kinds": [KIND],
                }
            }
        }
        for number in range(companies)
    }
    hook = WebhookChannel(via="webhook", url=url, secret=SecretStr("s" * 32))
    incidents = {"settle": "1ms", "companies": 20, "share": 1.0}
    return Config.model_validate({"companies": tables, "channels": {"hook": hook}, "incidents": incidents})


class Hand:
    """Stores probes and their verdicts as the pipeline does."""

    def __init__(self, store: Store) -> None:
        self._store, self._numbers = store, count()

    async def judge(self, company: str, verdict: Verdict) -> None:
        born = datetime.now(UTC)
        probe = Probe(
            *(f"{next(self._numbers):016x}", company, "hq", KIND, Role.SENDER, "xclient", "p@x.example", "192.0.2.1"),
            *(born, born + timedelta(minutes=10), born + timedelta(hours=1), ()),
        )
        await self._store.probes.launch(probe, "maildir", Attempt(born, 1))
        await self._store.probes.learn(probe.id, (), verdict, born, closed=True, delivery=None)

    async def judge_all(self, companies: Sequence[str], verdict: Verdict) -> None:
        for start in range(0, len(companies), AT_ONCE):
            await asyncio.gather(*(self.judge(company, verdict) for company in companies[start : start + AT_ONCE]))


async def _told(file: Path, crowd: int, timed: int, name: str) -> list[Finding]:
    """Verdict stored -> webhook received, one incident after the other."""
    async with _receiving() as (receiver, url), Store.open(f"sqlite:///{file}") as store, HttpSession() as http:
        config = _config(crowd + timed + 1, url)
        delivery = Delivery(store, outside_world(now=utc_now, http=http), lambda: incident_engine.muted)
        incident_engine, hand = IncidentEngine(store, utc_now, on_notices=delivery.poke), Hand(store)
        await incident_engine.configure(config)
        await incident_engine.recall(())
        delivery.configure(config.channels)
        delivery.start()
        incident_engine.start()
        try:
            old, well = [f"c{number}" for number in range(crowd)], f"c{crowd + timed}"
            for some in (old[:1], old[1:]):
                await hand.judge_all(some, BAD)
                await hand.judge(well, GOOD)  # so that it is not everybody
            for company in old:
                await receiver.until(company)
            took = []
            for number in range(timed):
                took.append(await _once(hand, incident_engine, receiver, f"c{crowd + number}"))
                await hand.judge(well, GOOD)
            bare = [await _post(url, receiver.body) for _ in range(timed)]
        finally:
            await incident_engine.close()
            await delivery.close()
    return [*_spread(f"verdict to webhook, {name}", took), *_spread("a bare POST to it", bare)]


async def _once(hand: Hand, incident_engine: IncidentEngine, receiver: Receiver, company: str) -> float:
    await hand.judge(company, BAD)
    began = time.perf_counter()
    incident_engine.poke()
    return await receiver.until(company) - began


async def _post(url: str, body: bytes) -> float:
    async with ClientSession() as http:
        began = time.perf_counter()
        async with http.post(url, data=body) as answer:
            await answer.read()
        return time.perf_counter() - began


def _spread(name: str, seconds: Sequence[float]) -> Iterator[Finding]:
    milliseconds = [each * 1000 for each in seconds]
    yield Figure(GROUP, f"{name}: median", "ms", (quantile(milliseconds, 0.5),))
    yield Figure(GROUP, f"{name}: worst", "ms", (max(milliseconds),))


async def _ruled(file: Path, crowd: int, verdicts: int, name: str) -> list[Finding]:
    """Verdicts a second through the rules, with what they store of it; and through the reading alone."""
    async with Store.open(f"sqlite:///{file}") as store:
        companies = [f"c{number}" for number in range(crowd + 1 + verdicts // 5)]
        config = _config(len(companies), "http://127.0.0.1:9/")
        incident_engine, hand = IncidentEngine(store, utc_now), Hand(store)
        await incident_engine.configure(config)
        await incident_engine.recall(())
        await hand.judge_all(companies[:1], BAD)
        await hand.judge_all(companies[crowd + 1 :], GOOD)  # so that it is not everybody
        await hand.judge_all(companies[1 : crowd + 1], BAD)
        await _drained(incident_engine)
        assert len(incident_engine.incidents) == crowd + 1
        before = await store.probes.last_signal()
        for _ in range(5):
            await hand.judge_all(companies[: crowd + 1] if crowd * 5 > verdicts else (), BAD)
            await hand.judge_all(companies[crowd + 1 :], GOOD)
        number = await store.probes.last_signal() - before
        cpu, began = time.process_time(), time.perf_counter()
        await _drained(incident_engine)
        wall, busy = time.perf_counter() - began, time.process_time() - cpu
        board = await _read(store, before)
    return [
        Figure(GROUP, f"verdicts through the rules, {name}", "per s", (number / wall,), ">= 167"),
        Figure(GROUP, f"CPU of a verdict, {name}", "ms", (busy / number * 1000,)),
        Figure(GROUP, "the reading of the same verdicts alone", "per s", (number / board,)),
    ]


async def _drained(incident_engine: IncidentEngine) -> None:
    while await incident_engine.step():
        pass


async def _read(store: Store, after: int) -> float:
    began = time.perf_counter()
    while signals := await store.probes.signals(after, 500):
        after = signals[-1].number
    return time.perf_counter() - began
