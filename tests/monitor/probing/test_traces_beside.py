"""Traces are asked about probes that are overdue: as seldom as possible, and what they say is stored once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from monitor.store import Store
from probes.evidence import Dialogue, Evidence, Look
from probes.kinds import Kind
from probes.outcome import Outcome
from probes.traced import Side, Traced, TraceFate
from probes.traces import Answers, TraceError, TraceQuestion
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched

CODE = Kind.TWO_STEP_CODE
SENDER_IP = "104.130.122.50"


@dataclass
class ScriptedTrace:
    """A trace that says what it is told to; `said` for every message that is asked about."""

    said: Sequence[Traced] = ()
    speaks_for: ClassVar[Side] = Side.SENDER
    via: str = "mailgun"
    key: str = "mailgun:identity"
    lags: tuple[timedelta, ...] = (timedelta(milliseconds=50), timedelta(minutes=1))
    most_questions: int = 10
    fails: Exception | None = None
    gate: asyncio.Event | None = None
    asked: list[Sequence[TraceQuestion]] = field(default_factory=list)
    account_use: Any = None

    async def ask(self, questions: Sequence[TraceQuestion], outside: Any) -> Answers:
        self.asked.append(questions)
        if self.gate:
            await self.gate.wait()
        if self.fails:
            raise self.fails
        return {question.message_id: self.said for question in questions}

    async def examine(self, source_ip: str, outside: Any) -> str:
        return ""


class ReceiversTrace(ScriptedTrace):
    speaks_for: ClassVar[Side] = Side.RECEIVER


def said(app: PipelineApp, fate: TraceFate, **more: Any) -> Traced:
    return Traced(app.clock(), "mailgun", Side.SENDER, fate, **more)


def by_relay(app: PipelineApp, trace: Any, **more: Any) -> Any:
    """A path over a relay whose mail does not arrive."""
    return watched(ScriptedRoute(via="relay"), app.mailbox, traces=(trace,), **more)


async def evidence(store: Store, probe_id: str) -> list[Evidence]:
    record = await store.probes.record(probe_id)
    assert record
    return [*record.evidence]


async def traced(store: Store, probe_id: str) -> list[Traced]:
    return [each for each in await evidence(store, probe_id) if isinstance(each, Traced)]


async def ticking(pipeline: Any, app: PipelineApp, true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await true():
            pipeline.tick(app.clock())
            await asyncio.sleep(0.02)


async def test_a_refusal_is_a_verdict_within_seconds(pipeline_app: PipelineApp) -> None:
    refusal = said(pipeline_app, TraceFate.REFUSED, code=550, enhanced="5.7.1", text="blocked", from_ip=SENDER_IP)
    trace = ScriptedTrace([refusal])
    path = by_relay(pipeline_app, trace)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, CODE)

        async def judged() -> bool:
            return bool(heard.verdicts)

        await ticking(pipeline, pipeline_app, judged)
        assert (await heard.verdict()).endswith("real")
        await pipeline.idle()
        assert not pipeline.flights
        [kept] = await traced(store, probe.id)
        assert (kept.fate, kept.number) == (TraceFate.REFUSED, 1)
        record = await store.probes.record(probe.id)
        assert record
        assert record.verdict
        assert record.verdict.outcome is Outcome.BLOCKED
    [[asked]] = trace.asked
    [message] = path.route.sent
    assert f"Message-ID: <{asked.message_id}>".encode() in message.content
    assert asked.recipient == "probe@acme.test"


async def test_what_arrives_costs_no_request(pipeline_app: PipelineApp) -> None:
    trace = ScriptedTrace(lags=(timedelta(seconds=30),))
    path = watched(ScriptedRoute(via="relay", mailbox=pipeline_app.maildir), pipeline_app.mailbox, traces=(trace,))
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, CODE)
        assert (await heard.verdict()).startswith("inbox")
        pipeline_app.clock.pass_(hours=2)
        pipeline.tick(pipeline_app.clock())
        await pipeline.idle()
    assert trace.asked == []


async def test_several_probes_are_one_request(pipeline_app: PipelineApp) -> None:
    trace = ScriptedTrace(gate=asyncio.Event())
    paths = [by_relay(pipeline_app, trace, path=name) for name in ("hq", "plant", "yard")]
    async with pipeline_app.service(*paths) as (pipeline, _, __):
        for path in paths:
            await pipeline.launch(path, CODE)

        async def asked() -> bool:
            return bool(trace.asked)

        await ticking(pipeline, pipeline_app, asked)
        assert trace.gate
        trace.gate.set()
    assert len(trace.asked[0]) == 3


async def test_that_it_could_not_be_asked_is_kept_and_accuses_nobody(pipeline_app: PipelineApp) -> None:
    trace = ScriptedTrace(fails=TraceError("account identity: HTTP 503"))
    path = by_relay(pipeline_app, trace)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, CODE)

        async def kept() -> bool:
            return bool(await traced(store, probe.id))

        await ticking(pipeline, pipeline_app, kept)
        [failure] = await traced(store, probe.id)
        assert (failure.fate, failure.text) == (TraceFate.NOT_ASKED, "account identity: HTTP 503")
        assert pipeline.traces.errors == {("acme", "mailgun"): 1}
        assert heard.verdicts == []
        assert probe.id in pipeline.flights


async def test_a_fault_of_ours_in_a_trace_is_an_answer_too(pipeline_app: PipelineApp) -> None:
    trace = ScriptedTrace(fails=KeyError("a bug"))
    path = by_relay(pipeline_app, trace)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, CODE)

        async def kept() -> bool:
            return bool(await traced(store, probe.id))

        await ticking(pipeline, pipeline_app, kept)
        [failure] = await traced(store, probe.id)
        assert (failure.fate, failure.text) == (TraceFate.NOT_ASKED, "a fault in Mailpath (KeyError)")
        assert heard.verdicts == []


async def test_it_is_asked_three_times_and_the_probe_ends(pipeline_app: PipelineApp) -> None:
    """After acceptance, when the code expires, and at the end: the last answer is waited for."""
    trace = ScriptedTrace(
        [said(pipeline_app, TraceFate.DEFERRED, code=450, text="later")], lags=(timedelta(minutes=5),)
    )
    path = by_relay(pipeline_app, trace)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, CODE)
        await heard.evidence(Dialogue)
        for number, minutes in enumerate((6, 5, 55), start=1):
            pipeline_app.clock.pass_(minutes=minutes)

            async def answered(number: int = number) -> bool:
                return len(await traced(store, probe.id)) == number

            await ticking(pipeline, pipeline_app, answered)
        await ticking(pipeline, pipeline_app, lambda: over(pipeline))
        said_so = await traced(store, probe.id)
        assert [each.number for each in said_so] == [1, 2, 3]
        assert {each.fate for each in said_so} == {TraceFate.DEFERRED}
        assert any(isinstance(each, Look) for each in await evidence(store, probe.id))
        assert heard.verdicts[-1].verdict.outcome is Outcome.DEFERRED
    assert len(trace.asked) == 3


async def over(pipeline: Any) -> bool:
    return not pipeline.flights


async def test_a_trace_that_says_so_late_amends_the_verdict(pipeline_app: PipelineApp) -> None:
    trace = ReceiversTrace(lags=(timedelta(hours=2),))
    path = watched(ScriptedRoute(), pipeline_app.mailbox, traces=(trace,))
    trace.said = [Traced(pipeline_app.clock(), "mailgun", Side.RECEIVER, TraceFate.PENDING)]
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, CODE)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(minutes=11)

        async def first() -> bool:
            return bool(heard.verdicts)

        await ticking(pipeline, pipeline_app, first)
        assert heard.verdicts[0].verdict.outcome is Outcome.DEFERRED
        trace.said = [Traced(pipeline_app.clock(), "mailgun", Side.RECEIVER, TraceFate.QUARANTINED, rule="phish")]
        pipeline_app.clock.pass_(minutes=50)
        await ticking(pipeline, pipeline_app, lambda: over(pipeline))
        record = await store.probes.record(probe.id)
        assert record
        assert record.verdict
        assert record.verdict.outcome is Outcome.QUARANTINED
        assert heard.verdicts[-1].amends


async def test_a_restart_loses_no_question_and_doubles_no_answer(pipeline_app: PipelineApp) -> None:
    """A process that ends while the trace is being asked has stored nothing; the next one asks again."""
    waiting = ScriptedTrace(gate=asyncio.Event())
    path = by_relay(pipeline_app, waiting)
    async with pipeline_app.service(path) as (pipeline, _, __):
        probe = await pipeline.launch(path, CODE)

        async def asked() -> bool:
            return bool(waiting.asked)

        await ticking(pipeline, pipeline_app, asked)
    refusal = said(pipeline_app, TraceFate.REFUSED, code=550, text="no", from_ip=SENDER_IP)
    again = by_relay(pipeline_app, ScriptedTrace([refusal]))
    async with pipeline_app.service(again) as (pipeline, heard, store):
        await pipeline.adopt()
        await ticking(pipeline, pipeline_app, lambda: over(pipeline))
        assert (await heard.verdict()).startswith("blocked")
        assert [each.number for each in await traced(store, probe.id)] == [1]
    async with pipeline_app.service(again) as (pipeline, heard, store):
        await pipeline.adopt()
        assert not pipeline.flights
        assert len(await traced(store, probe.id)) == 1


async def test_a_trace_that_is_taken_out_leaves_no_probe_open(pipeline_app: PipelineApp) -> None:
    trace = ScriptedTrace(gate=asyncio.Event())
    path = by_relay(pipeline_app, trace)
    async with pipeline_app.service(path) as (pipeline, _, __):
        await pipeline.launch(path, CODE)

        async def asked() -> bool:
            return bool(trace.asked)

        await ticking(pipeline, pipeline_app, asked)
    without = watched(ScriptedRoute(via="relay"), pipeline_app.mailbox)
    async with pipeline_app.service(without) as (pipeline, heard, _):
        await pipeline.adopt()
        pipeline_app.clock.pass_(hours=2)
        await ticking(pipeline, pipeline_app, lambda: over(pipeline))
        assert (await heard.verdict()).startswith("missing")
