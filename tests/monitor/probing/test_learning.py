"""The one door for evidence: after a write without a good answer it asks the store, and nothing is counted twice."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.probing.flights import Flight
from monitor.probing.learning import Learner
from monitor.probing.pipeline import Pipeline
from monitor.probing.presence import Presence
from monitor.store import StoreDownError
from probes.evidence import Absence, Attempt, Bounce, FailedLook, MailKind
from probes.kinds import Kind
from probes.verdict import Cause, Outcome
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched
from tests.support.refusing_store import Refusal, Refusals, refusals

__all__ = ["refusals"]
KIND = Kind.TWO_STEP_CODE


class Paused(Presence):
    """Was away for so many seconds."""

    seconds = 0.0

    @property
    def away(self) -> float:
        return self.seconds


async def launched(pipeline: Pipeline, app: PipelineApp) -> Flight:
    probe = await pipeline.launch(watched(ScriptedRoute(gate=asyncio.Event()), app.mailbox), KIND)
    return pipeline.flights[probe.id]


def the_store_in(folder: Path) -> Path:
    [file] = folder.rglob("*.db")
    return file


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> Paused:
    presence = Paused()
    monkeypatch.setattr("monitor.probing.pipeline.Presence", lambda: presence)
    return presence


async def test_an_absence_is_stored_once_though_its_answer_was_lost(
    pipeline_app: PipelineApp, refusals: Refusals, paused: Paused
) -> None:
    async with pipeline_app.service(watched(ScriptedRoute(), pipeline_app.mailbox)) as (pipeline, _, store):
        flight = await launched(pipeline, pipeline_app)
        paused.seconds = 20.0
        refusals.refuse(1, Refusal.WRITTEN)
        with pytest.raises(StoreDownError):
            await pipeline.learn(flight.probe.id, FailedLook(pipeline_app.clock(), "login failed"))
        pipeline_app.clock.pass_(seconds=1)
        await pipeline.learn(flight.probe.id)
        record = await store.probes.record(flight.probe.id)
        assert record
        assert [seen.seconds for seen in record.evidence if isinstance(seen, Absence)] == [20.0]
        paused.seconds = 25.0
        await pipeline.learn(flight.probe.id)
        record = await store.probes.record(flight.probe.id)
        assert record
        assert [seen.seconds for seen in record.evidence if isinstance(seen, Absence)] == [20.0, 5.0]


async def test_an_attempt_does_not_hide_what_the_store_may_know_more(
    pipeline_app: PipelineApp, refusals: Refusals
) -> None:
    async with pipeline_app.service(watched(ScriptedRoute(), pipeline_app.mailbox)) as (pipeline, _, store):
        flight = await launched(pipeline, pipeline_app)
        learner = Learner(
            store, pipeline_app.clock, pipeline.flights, pipeline.presence, (), lambda _, over: None, owns_orphans=True
        )
        refusals.refuse(1, Refusal.WRITTEN)
        with pytest.raises(StoreDownError):
            await learner.learn(flight, FailedLook(pipeline_app.clock(), "login failed"))
        pipeline_app.clock.pass_(seconds=1)
        assert await learner.begin(flight, Attempt(pipeline_app.clock(), 2))
        record = await store.probes.record(flight.probe.id)
        assert record
        assert flight.evidence == list(record.evidence)


async def test_a_write_that_waits_for_the_lock_is_known_though_its_caller_was_cancelled(
    pipeline_app: PipelineApp, tmp_path: Path
) -> None:
    """In WAL a read overtakes a write that waits."""
    async with pipeline_app.service(watched(ScriptedRoute(), pipeline_app.mailbox)) as (pipeline, _, store):
        flight = await launched(pipeline, pipeline_app)
        with closing(sqlite3.connect(the_store_in(tmp_path), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            first = asyncio.create_task(pipeline.learn(flight.probe.id, FailedLook(pipeline_app.clock(), "no login")))
            while not flight.unsure:  # noqa: ASYNC110
                await asyncio.sleep(0)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            later = FailedLook(pipeline_app.clock() + timedelta(seconds=1), "no login")
            second = asyncio.create_task(pipeline.learn(flight.probe.id, later))
            await asyncio.sleep(0.2)
            other.execute("ROLLBACK")
        await second
        record = await store.probes.record(flight.probe.id)
        assert record
        assert [type(seen) for seen in record.evidence].count(FailedLook) == 2
        assert flight.evidence == list(record.evidence)


async def test_what_comes_after_evidence_was_deleted_changes_no_verdict(pipeline_app: PipelineApp) -> None:
    """Without its arrival, a late or forged bounce would be all there is, and would look like a block."""
    path = watched(ScriptedRoute(mailbox=pipeline_app.maildir), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, recorder, store):
        for number in (1, 2, 3):
            probe = await pipeline.launch(path, KIND)
            assert await recorder.verdict(number) == "inbox - real"
            await recorder.until(lambda probe=probe: probe.id not in pipeline.flights)  # type: ignore[misc]
            pipeline_app.clock.pass_(minutes=15)
        [_, middle, _] = [each.probe_id for each in reversed(await store.probes.recent("acme", "hq"))]
        later = pipeline_app.clock() + timedelta(days=3)
        assert await store.prune_routine(later, later - timedelta(days=30), later) == 1
        await pipeline.learn(
            middle, Bounce(later, MailKind.BOUNCE, path.to, "failed", "5.7.1", "no", Cause.IP_BLOCKED, True)
        )
        record = await store.probes.record(middle)
        assert record
        assert record.verdict
        assert (record.verdict.outcome, len(record.evidence)) == (Outcome.INBOX, 1)
