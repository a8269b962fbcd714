"""The answer of an arm: a pure reading of what is known of its probe.

An arm answers the question whether this mixture is stopped as the sender's mail is. What another check stops, such as
DMARC where the sender's From comes from the control's address, answers something else. A mail whose sending was cut
short may have been sent or not: it answers nothing, unless it arrives after all, and the mixture is sent once more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.store import ProbeRecord
from probes.answer import same_answer
from probes.diagnosis.plan import ArmAnswer, ArmResult, Mixture
from probes.evidence import Interrupted
from probes.verdict import Outcome, Verdict

ASIDE = frozenset({Outcome.SPAM, Outcome.QUARANTINED})
HARD = frozenset({Outcome.BLOCKED, Outcome.MISSING})
FINAL = frozenset({Outcome.INBOX, Outcome.LATE, Outcome.BLOCKED, Outcome.MISSING, *ASIDE})
"""Outcomes that no longer wait for anything; a deferral is none until its probe is closed."""


@dataclass(frozen=True, slots=True)
class ArmProbe:
    """One arm as it was sent. `answer`: None while it is awaited."""

    probe_id: str
    own: Mixture
    sent_at: datetime
    answer: ArmAnswer | None
    verdict: Verdict | None


def arm_probes(records: Iterable[ProbeRecord]) -> list[ArmProbe]:
    """Read the probes of a diagnosis, in the order in which they were sent."""
    found: list[ArmProbe] = []
    symptom: Verdict | None = None
    for record in records:
        arm = record.probe.arm
        if arm is None:
            continue
        verdict = record.verdict if is_final(record) else None
        answer = _answer(arm.own, verdict, symptom) if verdict else None
        if record.verdict is None and any(isinstance(seen, Interrupted) for seen in record.evidence):
            answer = ArmAnswer(arm.own, ArmResult.NO_RESULT)
        if answer and verdict and symptom is None and answer.result is ArmResult.STOPPED and arm.own:
            symptom = verdict
        found.append(ArmProbe(record.probe.id, arm.own, record.probe.created_at, answer, record.verdict))
    return found


def answers_of(probes: Sequence[ArmProbe]) -> list[ArmAnswer]:
    """Return the answers so far."""
    return [each.answer for each in probes if each.answer]


def is_final(record: ProbeRecord) -> bool:
    """Test if its verdict no longer waits for anything."""
    verdict = record.verdict
    return verdict is not None and (record.closed_at is not None or verdict.outcome in FINAL)


def _answer(own: Mixture, verdict: Verdict, symptom: Verdict | None) -> ArmAnswer:
    stage = verdict.answer.stage if verdict.answer else None
    return ArmAnswer(own, _result(verdict, symptom), stage, verdict.cause)


def _result(verdict: Verdict, symptom: Verdict | None) -> ArmResult:
    match verdict.outcome:
        case Outcome.INBOX | Outcome.LATE:
            return ArmResult.PASSED
        case Outcome.DEFERRED:
            return ArmResult.DEFERRED
        case Outcome.UNKNOWN:
            return ArmResult.NO_RESULT
        case Outcome.SPAM | Outcome.QUARANTINED:
            return ArmResult.PASSED if symptom and symptom.outcome in HARD else ArmResult.STOPPED
        case Outcome.BLOCKED | Outcome.MISSING:
            return ArmResult.STOPPED if symptom is None or _alike(verdict, symptom) else ArmResult.OTHERWISE


def _alike(verdict: Verdict, symptom: Verdict) -> bool:
    """Test if both were stopped in the same way."""
    if verdict.outcome is not symptom.outcome:
        return False
    if verdict.answer and symptom.answer:
        return same_answer(verdict.answer, symptom.answer) or verdict.cause is symptom.cause
    return verdict.cause is symptom.cause
