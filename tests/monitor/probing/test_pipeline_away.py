"""Probes on their way while this machine is suspended, and copies that came while nobody listened."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from probes.evidence import Absence, Arrival, Dialogue, FailedLook, Folder
from probes.kinds import Kind
from probes.mailboxes import Sighting
from probes.mailboxes.excerpt import sighting, split
from probes.mailboxes.inbound import InboundMailbox
from probes.message import Message
from probes.verdict import Outcome
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched

KIND = Kind.TWO_STEP_CODE
COPIES = InboundMailbox(via="inbound", address="copies@probe.test")


@pytest.fixture
def pipeline_app(tmp_path: Path) -> PipelineApp:
    return PipelineApp(tmp_path)


@pytest.fixture
def sleeps(pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch):
    """Suspends the machine for so many minutes."""
    elapsed = [1000.0]
    for user in ("probing.pipeline", "clock"):
        monkeypatch.setattr(f"monitor.{user}.elapsed", lambda: elapsed[0])

    def suspend(minutes: float) -> None:
        elapsed[0] += minutes * 60
        pipeline_app.clock.pass_(minutes=minutes)

    return suspend


def copy_of(message: Message) -> Sighting:
    headers, body = split(message.content)
    seen = sighting("itself", Folder.COPY, COPIES.folder_name, headers, body, None)
    assert seen
    return seen


async def test_what_was_handed_over_while_we_slept_is_not_late(pipeline_app: PipelineApp, sleeps) -> None:
    class Sleeping(ScriptedRoute):
        async def send(self, *args, **kwargs):
            sleeps(20)
            dialogue = await super().send(*args, **kwargs)
            return replace(dialogue, steps=(replace(dialogue.last, seconds=1200.0),))

    route = Sleeping(mailbox=pipeline_app.maildir)
    async with pipeline_app.service(path := watched(route, pipeline_app.mailbox)) as (pipeline, heard, store):
        pipeline.tick(pipeline_app.clock())
        probe = await pipeline.launch(path, KIND)
        await heard.verdict()
        assert heard.verdicts[-1].verdict.outcome is Outcome.UNKNOWN
        assert "was suspended for 20 min" in heard.verdicts[-1].verdict.because
        record = await store.probes.record(probe.id)
        assert record
        assert [seen.seconds for seen in record.evidence if isinstance(seen, Absence)] == [1200.0]


async def test_each_sleep_is_told_once_and_those_before_the_launch_not_at_all(
    pipeline_app: PipelineApp, sleeps
) -> None:
    route = ScriptedRoute()
    async with pipeline_app.service(path := watched(route, pipeline_app.mailbox)) as (pipeline, heard, store):
        pipeline.tick(pipeline_app.clock())
        sleeps(90)
        pipeline.tick(pipeline_app.clock())
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        for minutes in (8, 4):
            sleeps(minutes)
            pipeline.tick(pipeline_app.clock())
        pipeline_app.maildir.deliver(route.sent[0].content, return_path=route.sent[0].mail_from)
        await heard.evidence(Arrival)
        record = await store.probes.record(probe.id)
        assert record
        assert sum(seen.seconds for seen in record.evidence if isinstance(seen, Absence)) == 720.0


async def test_no_copy_is_missing_that_may_have_come_while_we_slept(pipeline_app: PipelineApp, sleeps) -> None:
    async with pipeline_app.service(path := watched(ScriptedRoute(), COPIES)) as (pipeline, heard, _):
        pipeline.presence.listening_since = pipeline_app.clock() - timedelta(hours=1)
        pipeline.tick(pipeline_app.clock())
        await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        sleeps(70)
        pipeline.tick(pipeline_app.clock())
        assert await heard.verdict() == "unknown - unproven"
        assert "the listener is up since" in heard.verdicts[0].verdict.because


@pytest.mark.parametrize("up_for", [timedelta(hours=1), timedelta(minutes=1)], ids=["listening", "restarted"])
async def test_a_copy_that_came_late_is_late_only_if_we_listened_all_the_time(
    pipeline_app: PipelineApp, up_for: timedelta
) -> None:
    route = ScriptedRoute()
    async with pipeline_app.service(path := watched(route, COPIES)) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(minutes=15)
        pipeline.presence.listening_since = pipeline_app.clock() - up_for
        assert await pipeline.copied(COPIES.key, copy_of(route.sent[0]))
        await heard.verdict()
        late = up_for > timedelta(minutes=15)
        assert heard.verdicts[-1].verdict.outcome is (Outcome.LATE if late else Outcome.UNKNOWN)
        assert any(isinstance(event.what, FailedLook) for event in heard.events) is not late
