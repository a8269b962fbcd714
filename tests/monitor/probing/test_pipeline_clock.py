"""Probes on their way while the clock is set, while the process stands still, and while a host has had enough."""

from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from monitor.probing.caps import Caps
from monitor.probing.pipeline import Pipeline
from monitor.store import Store
from probes.evidence import Arrival, Attempt, Dialogue, Handover, Interrupted
from probes.kinds import Kind
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched

E = TypeVar("E")
STEPS = [timedelta(hours=-2), timedelta(seconds=-60), timedelta(hours=2), timedelta(days=400)]


@pytest.fixture
def pipeline_app(tmp_path: Path) -> PipelineApp:
    return PipelineApp(tmp_path)


def set_clock(pipeline_app: PipelineApp, pipeline: Pipeline, step: timedelta) -> None:
    """As the service does when it notices."""
    pipeline_app.clock.offset += step
    pipeline.clock_was_set(step)


async def of_probe(store: Store, probe_id: str, kind: type[E]) -> list[E]:
    record = await store.probes.record(probe_id)
    assert record
    return [seen for seen in record.evidence if isinstance(seen, kind)]


@pytest.mark.parametrize("step", STEPS, ids=str)
async def test_a_probe_on_its_way_lives_as_long_as_it_would_have(pipeline_app: PipelineApp, step: timedelta) -> None:
    route = ScriptedRoute([Handover.DEFERRED, Handover.ACCEPTED], pipeline_app.maildir)
    async with pipeline_app.service(watched(route, pipeline_app.mailbox)) as (pipeline, heard, store):
        probe = await pipeline.launch(watched(route, pipeline_app.mailbox), Kind.TWO_STEP_CODE)
        await heard.evidence(Dialogue)
        set_clock(pipeline_app, pipeline, step)
        pipeline.tick(pipeline_app.clock())
        pipeline_app.clock.pass_(minutes=9)
        pipeline.tick(pipeline_app.clock())
        assert len(route.sent) == 1, "it is not time to try again"
        pipeline_app.clock.pass_(minutes=1, seconds=1)
        pipeline.tick(pipeline_app.clock())
        await heard.evidence(Dialogue, 2)
        first, second = await of_probe(store, probe.id, Attempt)
        assert timedelta(minutes=10) <= second.at - first.at < timedelta(minutes=11)


@pytest.mark.parametrize("step", STEPS, ids=str)
async def test_what_arrives_in_time_is_not_late_by_what_the_clock_was_set(
    pipeline_app: PipelineApp, step: timedelta
) -> None:
    route = ScriptedRoute()
    async with pipeline_app.service(watched(route, pipeline_app.mailbox)) as (pipeline, heard, store):
        probe = await pipeline.launch(watched(route, pipeline_app.mailbox), Kind.TWO_STEP_CODE)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(seconds=20)
        set_clock(pipeline_app, pipeline, step)
        pipeline_app.maildir.deliver(route.sent[0].content, return_path=route.sent[0].mail_from)
        assert await heard.verdict() == "inbox - real"
        (arrival,) = await of_probe(store, probe.id, Arrival)
        assert timedelta(0) <= arrival.at - probe.created_at < timedelta(minutes=1)


@pytest.mark.parametrize("step", STEPS, ids=str)
async def test_what_never_comes_is_missing_when_it_really_is(pipeline_app: PipelineApp, step: timedelta) -> None:
    route = ScriptedRoute()
    async with pipeline_app.service(watched(route, pipeline_app.mailbox)) as (pipeline, heard, _):
        await pipeline.launch(watched(route, pipeline_app.mailbox), Kind.TWO_STEP_CODE)
        await heard.evidence(Dialogue)
        set_clock(pipeline_app, pipeline, step)
        for _ in range(5):
            pipeline_app.clock.pass_(minutes=11, seconds=50)
            pipeline.tick(pipeline_app.clock())
        assert heard.verdicts == []
        pipeline_app.clock.pass_(minutes=1)
        pipeline.tick(pipeline_app.clock())
        assert (await heard.verdict()).startswith("missing")


async def test_when_a_verdict_was_given_is_told_by_the_new_time(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute()
    async with pipeline_app.service(watched(route, pipeline_app.mailbox)) as (pipeline, heard, _):
        probe = await pipeline.launch(watched(route, pipeline_app.mailbox), Kind.TWO_STEP_CODE)
        await heard.evidence(Dialogue)
        set_clock(pipeline_app, pipeline, timedelta(hours=-2))
        pipeline_app.maildir.deliver(route.sent[0].content, return_path=route.sent[0].mail_from)
        await heard.verdict()
        assert heard.verdicts[0].at < probe.created_at
        assert abs(heard.verdicts[0].at - pipeline_app.clock()) < timedelta(minutes=1)


async def test_after_a_restart_a_probe_from_the_future_goes_on_from_what_is_known_of_it(
    pipeline_app: PipelineApp,
) -> None:
    route = ScriptedRoute([Handover.DEFERRED])
    async with pipeline_app.service(watched(route, pipeline_app.mailbox)) as (pipeline, heard, _):
        await pipeline.launch(watched(route, pipeline_app.mailbox), Kind.TWO_STEP_CODE)
        await heard.evidence(Dialogue)
    pipeline_app.clock.offset -= timedelta(hours=2)
    async with pipeline_app.service(watched(route, pipeline_app.mailbox)) as (pipeline, heard, _):
        await pipeline.adopt()
        pipeline_app.clock.pass_(minutes=10, seconds=30)
        pipeline.tick(pipeline_app.clock())
        await heard.evidence(Dialogue)
        assert len(route.sent) == 2


async def test_the_present_verdict_is_not_that_of_a_clock_that_was_wrong(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute([Handover.ACCEPTED], pipeline_app.maildir)
    async with pipeline_app.service(watched(route, pipeline_app.mailbox)) as (pipeline, heard, store):
        path = watched(route, pipeline_app.mailbox)
        await pipeline.launch(path, Kind.TWO_STEP_CODE)
        await heard.verdict(1)
        set_clock(pipeline_app, pipeline, timedelta(hours=-2))
        route.answers, route.mailbox = [Handover.REFUSED], None
        second = await pipeline.launch(path, Kind.TWO_STEP_CODE)
        await heard.verdict(2)
        (present,) = await store.probes.current()
        assert present.probe_id == second.id


# --- while we stood still


@pytest.mark.parametrize(
    ("handover", "kept"),
    [(Handover.DEFERRED, Interrupted), (Handover.REFUSED, Dialogue), (Handover.ACCEPTED, Dialogue)],
)
async def test_what_a_receiver_put_off_while_we_were_suspended_is_ours(
    pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch, handover: Handover, kept: type
) -> None:
    elapsed = [1000.0]
    for user in ("probing.pipeline", "clock"):
        monkeypatch.setattr(f"monitor.{user}.elapsed", lambda: elapsed[0])

    class Suspended(ScriptedRoute):
        async def send(self, *args, **kwargs):
            elapsed[0] += 60
            return await super().send(*args, **kwargs)

    route = Suspended([handover])
    async with pipeline_app.service(watched(route, pipeline_app.mailbox)) as (pipeline, heard, store):
        pipeline.tick(pipeline_app.clock())
        probe = await pipeline.launch(watched(route, pipeline_app.mailbox), Kind.TWO_STEP_CODE)
        await heard.evidence(kept)
        assert len(await of_probe(store, probe.id, kept)) == 1


# --- caps


async def test_a_repeated_attempt_waits_for_its_host(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute([Handover.DEFERRED])
    async with pipeline_app.service(path := watched(route, pipeline_app.mailbox)) as (pipeline, heard, _):
        pipeline.caps = Caps(1, {}, pipeline_app.clock())
        await pipeline.launch(path, Kind.TWO_STEP_CODE)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(minutes=10, seconds=1)
        pipeline.caps.count_message(
            path, pipeline_app.clock() - timedelta(seconds=30)
        )  # another one has just gone there
        pipeline.tick(pipeline_app.clock())
        await settled(pipeline)
        assert len(route.sent) == 1
        pipeline_app.clock.pass_(seconds=31)
        pipeline.tick(pipeline_app.clock())
        await heard.evidence(Dialogue, 2)
        assert pipeline.caps.free_at("mx.acme.test", pipeline_app.clock()) > pipeline_app.clock(), "it counts itself"


async def settled(pipeline: Pipeline) -> None:
    """Until no work on a probe is under way."""
    await pipeline.idle()
