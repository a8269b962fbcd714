"""A store that refuses a write, in every place where one is written: what is concluded rests on what is stored, nothing
is sent twice, nobody waits for ever, and no mailbox is blamed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from monitor.config import WatchedPath
from monitor.probing.pipeline import Pipeline
from monitor.store import Store, StoreDownError
from probes.evidence import Dialogue, FailedLook, Handover, Interrupted, Look
from probes.judge import judge
from probes.kinds import Kind
from probes.probe import Probe
from probes.reading.bounce_origin import SmtpClient
from probes.reading.bounces import read_bounce
from probes.token import mint
from tests.support import bounce_mails as mails
from tests.support.pipeline_app import EventRecorder, PipelineApp, ScriptedRoute, watched
from tests.support.refusing_store import Refusal, Refusals, refusals

__all__ = ["refusals"]
KIND = Kind.TWO_STEP_CODE
ACCEPT, REFUSE, DEFER = Handover.ACCEPTED, Handover.REFUSED, Handover.DEFERRED
ALL = range(1, 7)  # more writes than any of these has


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.sources.mailboxes.BACKOFF_SECONDS", (0.02,))
    monkeypatch.setattr("monitor.probing.learning.STORE_RETRY", 0.01)
    monkeypatch.setattr("monitor.probing.pipeline.ATTEMPT_SLACK", timedelta(milliseconds=20))


@dataclass
class Life:
    """One probe on its way, in a service that works."""

    app: PipelineApp
    path: WatchedPath
    route: ScriptedRoute
    pipeline: Pipeline
    heard: EventRecorder
    store: Store
    probes: list[Probe] = field(default_factory=list)

    async def launch(self) -> Probe:
        """Again, where the store did not take it: then nothing was sent."""
        try:
            self.probes.append(await self.pipeline.launch(self.path, KIND))
        except StoreDownError:
            assert self.route.sent == []
            assert not self.pipeline.flights
            self.probes.append(await self.pipeline.launch(self.path, KIND))
        return self.probes[-1]

    async def until(self, true: Callable[[], bool], *, pass_: float = 0) -> None:
        """Tick until it is so, and let so many seconds pass each time."""
        async with asyncio.timeout(10):
            while not true():
                self.app.clock.pass_(seconds=pass_)
                self.pipeline.tick(self.app.clock())
                await asyncio.sleep(0.005)

    def saw(self, kind: type) -> bool:
        return any(isinstance(event.what, kind) for event in self.heard.events)


Story = Callable[[Life], Awaitable[None]]


async def arrives(life: Life) -> None:
    life.route.mailbox = life.app.maildir
    await life.launch()
    await life.until(lambda: not life.pipeline.flights)


async def is_refused(life: Life) -> None:
    life.route.answers = [REFUSE]
    await life.launch()
    await life.until(lambda: not life.pipeline.flights)


async def is_deferred_and_comes_late(life: Life) -> None:
    life.route.answers, life.route.mailbox = [DEFER, ACCEPT], life.app.maildir
    await life.launch()
    await life.until(lambda: life.saw(Dialogue))
    life.app.clock.pass_(minutes=10, seconds=10)
    await life.until(lambda: not life.pipeline.flights, pass_=5)


async def never_comes(life: Life) -> None:
    await life.launch()
    await life.until(lambda: life.saw(Dialogue))
    life.app.clock.pass_(minutes=61)
    await life.until(lambda: not life.pipeline.flights)


async def bounces(life: Life) -> None:
    """Whoever brings the bounce brings it again where we could not store it, as mail servers do."""
    probe = await life.launch()
    await life.until(lambda: life.saw(Dialogue))
    facts = read_bounce(mails.bounce(mint(probe.id, await life.store.key())))
    client = SmtpClient("127.0.0.1", "mx.acme.test", to_envelope=True, null_sender=True)
    for _ in range(2):
        try:
            assert await life.pipeline.bounced(probe.id, facts, client)
            break
        except StoreDownError:
            continue
    await life.until(lambda: not life.pipeline.flights)


STORIES: dict[str, tuple[Story, str, int]] = {
    "arrives": (arrives, "inbox", 1),
    "is refused": (is_refused, "blocked", 1),
    "is deferred and comes late": (is_deferred_and_comes_late, "late", 2),
    "never comes": (never_comes, "missing", 1),
    "bounces": (bounces, "blocked", 1),
}


@pytest.mark.parametrize("how", Refusal)
@pytest.mark.parametrize("nth", ALL)
@pytest.mark.parametrize("story", STORIES)
async def test_a_probe_ends_as_it_would_have(
    pipeline_app: PipelineApp, refusals: Refusals, story: str, nth: int, how: Refusal
) -> None:
    tell, outcome, sent = STORIES[story]
    route = ScriptedRoute()
    path = watched(route, pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        life = Life(pipeline_app, path, route, pipeline, heard, store)
        refusals.refuse(nth, how)
        if nth == 1 and how is Refusal.WRITTEN:
            return  # a launch that nobody hears of is the next test's
        await tell(life)
        if refusals.refused is None:
            assert nth > 1, "this story has no so many writes"
        record = await store.probes.record(life.probes[-1].id)
        assert record
        assert record.verdict
        assert record.closed_at
        ours = any(isinstance(seen, Interrupted) for seen in record.evidence)  # an attempt that nobody heard of
        assert record.verdict.outcome == ("unknown" if ours else outcome), record.verdict
        assert record.verdict == judge(record.probe, record.evidence, pipeline_app.clock()), (
            "it rests on what is stored"
        )
        assert not any(isinstance(seen, FailedLook) for seen in record.evidence)
        assert len({seen.once for seen in record.evidence if seen.once}) == len([s for s in record.evidence if s.once])
        assert len(route.sent) == sent - ours
        assert not pipeline.busy(path.check(KIND))
        assert all(watcher.failures == 0 for watcher in pipeline.watchers.values())
        assert heard.verdicts[-1].verdict == record.verdict


async def test_a_launch_that_nobody_heard_of_is_sent_by_nobody_and_ends_after_a_restart(
    pipeline_app: PipelineApp, refusals: Refusals
) -> None:
    route = ScriptedRoute(mailbox=pipeline_app.maildir)
    path = watched(route, pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, _, store):
        refusals.refuse(1, Refusal.WRITTEN)
        with pytest.raises(StoreDownError):
            await pipeline.launch(path, KIND)
        [record] = await store.probes.in_flight()
    pipeline_app.clock.pass_(minutes=2)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.adopt()
        pipeline.tick(pipeline_app.clock())
        await heard.evidence(Interrupted)
        assert list(pipeline.flights) == [record.probe.id]
    assert route.sent == []


@pytest.mark.parametrize("how", Refusal)
@pytest.mark.parametrize("nth", [0, 1, 2])
async def test_two_pieces_of_news_at_once_and_one_refused(
    pipeline_app: PipelineApp, refusals: Refusals, nth: int, how: Refusal
) -> None:
    """A verdict never rests on evidence that is not stored, whichever of the two is refused."""
    gate = asyncio.Event()
    route = ScriptedRoute(gate=gate)
    path = watched(route, pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, KIND)
        refusals.refuse(nth, how)
        now = pipeline_app.clock()
        looks = (FailedLook(now, "login failed"), Look(now + timedelta(minutes=61), ("INBOX", "Junk")))
        pipeline_app.clock.pass_(minutes=61)
        answers = await asyncio.gather(*(pipeline.learn(probe.id, look) for look in looks), return_exceptions=True)
        assert [isinstance(answer, StoreDownError) for answer in answers] == [nth == 1, nth == 2]
        await pipeline.learn(probe.id)  # whatever comes next
        record = await store.probes.record(probe.id)
        assert record
        flight = pipeline.flights.get(probe.id)
        assert flight is None or list(record.evidence) == flight.evidence
        assert record.verdict == judge(record.probe, record.evidence, pipeline_app.clock())
        assert (flight.verdict if flight else heard.verdicts[-1].verdict) == record.verdict
        seen = {type(each) for each in record.evidence}
        left_out = type(looks[nth - 1]) if nth and how is Refusal.NOT_WRITTEN else None
        assert left_out not in seen
        gate.set()


async def test_who_is_cancelled_while_the_store_writes_leaves_nothing_unknown(pipeline_app: PipelineApp) -> None:
    """The write goes on. What comes next knows what it brought."""
    path = watched(ScriptedRoute(gate=asyncio.Event()), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, KIND)
        task = asyncio.create_task(pipeline.learn(probe.id, FailedLook(pipeline_app.clock(), "login failed")))
        while not pipeline.flights[probe.id].unsure:  # noqa: ASYNC110
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await pipeline.learn(probe.id)
        record = await store.probes.record(probe.id)
        assert record
        assert [type(seen) for seen in record.evidence].count(FailedLook) == 1
        assert pipeline.flights[probe.id].evidence == list(record.evidence)
        await heard.evidence(FailedLook)
