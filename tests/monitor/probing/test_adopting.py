"""Mailboxes change owners while probes are in flight to them: none is sent twice, lost, or judged wrongly."""

import asyncio
from collections.abc import Collection
from pathlib import Path

import pytest

from monitor.probing.buckets import bucket_of
from monitor.probing.ownership import Ownership
from monitor.probing.pipeline import TurnTakenError
from monitor.store import Store, StoreDownError
from probes.evidence import Arrival, Attempt, Handover, Interrupted
from probes.kinds import Kind
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched

KIND = Kind.TWO_STEP_CODE


class Owner:
    """Owns what a test says."""

    def __init__(self, *buckets: int) -> None:
        self.buckets = {*buckets}

    def owns(self, bucket: int) -> bool:
        return bucket in self.buckets


async def test_the_next_owner_sees_what_the_last_one_sent(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute()
    path = watched(route, pipeline_app.mailbox)
    ours = bucket_of(path.mailbox_key)
    last, next_ = Owner(ours), Owner()
    async with (
        pipeline_app.service(path, owns=last.owns) as (one, heard_by_one, _),
        pipeline_app.service(path, owns=next_.owns) as (other, heard_by_other, _),
    ):
        probe = await one.launch(path, KIND)
        await heard_by_one.until(lambda: one.flights[probe.id].case.accepted is not None)
        last.buckets.clear()
        one.release({ours})
        assert (len(one.flights), len(one.watchers)) == (1, 1) or not one.flights
        await asyncio.sleep(0)
        assert (len(one.flights), len(one.watchers)) == (0, 0)
        await other.adopt({ours + 1})
        assert len(other.flights) == 0, "another one's"
        await other.adopt({ours})
        next_.buckets.add(ours)
        pipeline_app.maildir.deliver(route.sent[0].content, return_path=route.sent[0].mail_from)
        assert (await heard_by_other.verdict()).startswith("inbox")
        for pipeline in (one, other):
            pipeline.tick(pipeline_app.clock())
            await pipeline.idle()
    assert len(route.sent) == 1


async def test_the_end_of_a_dialogue_that_outlived_its_owner_reaches_the_next_one(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute(answers=[Handover.DEFERRED, Handover.ACCEPTED], gate=asyncio.Event())
    path = watched(route, pipeline_app.mailbox)
    assert route.gate
    ours = bucket_of(path.mailbox_key)
    last, next_ = Owner(ours), Owner(ours)
    async with (
        pipeline_app.service(path, owns=last.owns) as (one, _, store),
        pipeline_app.service(path, owns=next_.owns) as (other, _, _),
    ):
        probe = await one.launch(path, KIND)
        await asyncio.sleep(0.01)
        last.buckets.clear()
        one.release({ours})
        await other.adopt({ours})
        other.tick(pipeline_app.clock())
        await other.idle()
        assert len(route.sent) == 1, "its end is awaited"
        route.gate.set()
        await one.idle()
        pipeline_app.clock.pass_(minutes=10.1)
        one.tick(pipeline_app.clock())
        other.tick(pipeline_app.clock())
        await other.idle()
        pipeline_app.clock.pass_(seconds=1)
        other.tick(pipeline_app.clock())
        await other.idle()
        record = await store.probes.record(probe.id)
        assert record
        assert [seen.number for seen in record.evidence if isinstance(seen, Attempt)] == [1, 2]
    assert len(route.sent) == 2


async def test_what_was_stored_by_one_that_lost_its_mailbox_is_not_sent(
    pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if it was suspended between the two."""
    route = ScriptedRoute(mailbox=pipeline_app.maildir)
    path = watched(route, pipeline_app.mailbox)
    last = Owner(bucket_of(path.mailbox_key))
    async with pipeline_app.service(path, owns=last.owns) as (pipeline, heard, store):
        launch = store.probes.launch

        async def suspended(*args: object, **named: object) -> bool:
            done = await launch(*args, **named)  # type: ignore[arg-type]
            last.buckets.clear()
            return done

        monkeypatch.setattr(store.probes, "launch", suspended)
        await pipeline.launch(path, KIND)
        await heard.evidence(Interrupted)
        with pytest.raises(TurnTakenError):
            await pipeline.launch(path, KIND)
    assert route.sent == []


async def test_who_lost_a_mailbox_and_does_not_know_it_yet_does_nothing_about_its_probes(
    pipeline_app: PipelineApp,
) -> None:
    route = ScriptedRoute(answers=[Handover.DEFERRED, Handover.ACCEPTED])
    path = watched(route, pipeline_app.mailbox)
    last = Owner(bucket_of(path.mailbox_key))
    async with pipeline_app.service(path, owns=last.owns) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        await heard.until(lambda: bool(pipeline.flights) and not next(iter(pipeline.flights.values())).sending)
        await pipeline.idle()
        last.buckets.clear()
        pipeline_app.clock.pass_(minutes=11)
        pipeline.tick(pipeline_app.clock())
        await pipeline.idle()
        assert len(route.sent) == 1
        last.buckets.add(bucket_of(path.mailbox_key))
        pipeline_app.clock.pass_(seconds=1.1)
        pipeline.tick(pipeline_app.clock())
        await pipeline.idle()
    assert len(route.sent) == 2


async def test_what_nobody_attends_to_is_adopted_after_a_while(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(mailbox=pipeline_app.maildir), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (one, _, _), pipeline_app.service(path) as (other, heard, _):
        started = pipeline_app.clock()
        probe = await one.launch(path, KIND)
        one.release(range(512))
        await one.idle()
        await other.adopt(before=started)
        assert len(other.flights) == 0, "it is young: it has an owner"
        await other.adopt(before=pipeline_app.clock())
        assert [*other.flights] == [probe.id]
        await heard.evidence(Arrival)


class Calls:
    """What an owner is asked to do, in order."""

    def __init__(self, ownership: Ownership) -> None:
        self.seen: list[str] = []
        self.fails = False
        self._ownership = ownership
        ownership.on_taken, ownership.on_lost = self.taken, self.lost

    async def taken(self, buckets: Collection[int]) -> None:
        assert not any(map(self._ownership.owns, buckets))
        self.seen.append(f"+{len(buckets)}")
        if self.fails:
            raise StoreDownError("away")

    def lost(self, buckets: Collection[int]) -> None:
        assert not any(map(self._ownership.owns, buckets))
        self.seen.append(f"-{len(buckets)}")


async def test_what_could_not_be_adopted_is_not_used_and_tried_again(tmp_path: Path) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        ours = Ownership(store, alone=False)
        calls = Calls(ours)
        calls.fails = True
        with pytest.raises(StoreDownError):
            await ours.renew()
        assert ours.buckets == frozenset()
        calls.fails = False
        await ours.renew()
        await ours.renew()
        assert (calls.seen, len(ours.buckets)) == (["+512", "+512"], 512)


async def test_what_was_anothers_meanwhile_is_released_before_it_is_adopted_again(tmp_path: Path) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        ours, other = Ownership(store, alone=False), Ownership(store, alone=True)
        calls = Calls(ours)
        await ours.renew()
        await other.renew()  # by right, as after a long pause
        await other.close()
        await ours.renew()
        assert calls.seen == ["+512", "-512", "+512"]
        await ours.close()
        assert calls.seen[3:] == ["-512"]
