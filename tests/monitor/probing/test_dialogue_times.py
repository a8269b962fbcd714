"""What dialogues tell of stages and certificates."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.events import Event, Judged
from monitor.output.metrics import Gauges, Metrics
from monitor.probing.dialogue_times import DialogueTimes
from probes.answer import Stage
from probes.evidence import Dialogue, Handover, Step
from probes.verdict import Grade, Outcome, Verdict
from tests.monitor.probing.test_current import GAUGES, board, labels, probe, samples
from tests.support.pipeline_app import watched

T0 = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
END = T0 + timedelta(days=30)
STEPS = (
    Step(Stage.CONNECT, T0, 0.02),
    Step(Stage.CONNECT, T0, 3.0),  # the second host
    Step(Stage.RCPT, T0, 7.0, code=250),
)


def heard(*dialogues: Dialogue, path: str = "hq") -> DialogueTimes:
    times = DialogueTimes()
    for dialogue in dialogues:
        times.on_event(Event(probe(1, path=path), dialogue))
    return times


def dialogue(end: datetime | None = None) -> Dialogue:
    return Dialogue(T0, 1, Handover.ACCEPTED, STEPS, "192.0.2.1", "TLSv1.3", end)


def gauges_of(times: DialogueTimes) -> Gauges:
    return replace(GAUGES, stages=lambda: times.stages, certificate_ends=lambda: times.certificate_ends)


async def test_each_stage_has_its_histogram_from_the_start() -> None:
    times = heard(dialogue(), dialogue())
    times.on_event(Event(probe(), STEPS[0]))  # a step on its way counts with its dialogue
    times.on_event(Event(probe(), Judged(Verdict(Outcome.INBOX, None, Grade.REAL, "x"), T0, None, amends=False)))
    seen = await samples(board(), gauges_of(times))
    counts = seen["mailpath_stage_seconds_count"]
    assert counts == {labels(stage=stage): {Stage.CONNECT: 4, Stage.RCPT: 2}.get(stage, 0) for stage in Stage}
    assert seen["mailpath_stage_seconds_sum"][labels(stage="connect")] == 2 * 3.02
    assert seen["mailpath_stage_seconds_bucket"][labels(stage="connect", le="0.025")] == 2


async def test_the_last_certificate_counts_and_one_that_was_not_shown_changes_nothing() -> None:
    times = heard(dialogue(END - timedelta(days=90)), dialogue(END), dialogue(None))
    seen = await samples(board(), gauges_of(times))
    name = "mailpath_gateway_certificate_expiry_timestamp_seconds"
    assert seen[name] == {labels(company="acme", path="hq"): END.timestamp()}


async def test_a_path_that_is_gone_has_no_certificate() -> None:
    shown = board()
    shown.configure([watched(None, None, path="lab")])
    text = await Metrics(shown, gauges_of(heard(dialogue(END)))).render()
    assert b"certificate_expiry_timestamp_seconds{" not in text
