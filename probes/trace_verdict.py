"""The verdict on what a trace says of a message that was accepted and has not arrived. Pure.

A trace is believed as far as its side can know: the sender's service knows what it was answered, the receiver's system
what it did. That it knows nothing of a message, or could not be asked, decides nothing.
"""

from datetime import datetime
from typing import assert_never

from probes.answer import Answer
from probes.case import SortedEvidence
from probes.details import Judgement, StatedByTrace
from probes.evidence import Look
from probes.grading import grade_of_trace
from probes.outcome import Cause, Grade, Outcome
from probes.probe import Probe
from probes.reading.replies import read_reply
from probes.traced import Side, Traced, TraceFate
from probes.tracing import states


def judge_traces(probe: Probe, case: SortedEvidence, too_late_at: datetime, now: datetime) -> Judgement | None:
    """Judge by the first statement that decides, the receiver's before the sender's; None if none does, so far."""
    for state in states(case):
        if found := _judged(probe, case, state, too_late_at, now):
            return found
    return None


def _judged(
    probe: Probe, case: SortedEvidence, traced: Traced, too_late_at: datetime, now: datetime
) -> Judgement | None:
    match traced.fate:
        case TraceFate.QUARANTINED | TraceFate.HELD:
            return _stated(probe, case, traced, Outcome.QUARANTINED)
        case TraceFate.JUNK:
            return _stated(probe, case, traced, Outcome.SPAM)
        case TraceFate.GONE:
            return _stated(probe, case, traced, Outcome.MISSING)
        case TraceFate.REFUSED | TraceFate.SUPPRESSED:
            return _refused(probe, case, traced)
        case TraceFate.HANDED_OVER if traced.side is Side.RECEIVER:  # it has the message: nothing is put off
            return None
        case TraceFate.DEFERRED | TraceFate.PENDING | TraceFate.HANDED_OVER:
            return _waiting(probe, case, traced) if now >= too_late_at and traced.at >= too_late_at else None
        case TraceFate.DELIVERED | TraceFate.NEVER_SEEN | TraceFate.NOT_ASKED:
            return None
        case _:
            assert_never(traced.fate)


def _refused(probe: Probe, case: SortedEvidence, traced: Traced) -> Judgement:
    """Judge a refusal. One that the sender's service did not get from the company proves nothing of the company."""
    return _stated(probe, case, traced, Outcome.BLOCKED if _was_asked(traced) else Outcome.UNKNOWN)


def _waiting(probe: Probe, case: SortedEvidence, traced: Traced) -> Judgement:
    """Judge a message that was not delivered when the code expired. Only a temporary refusal, or the receiver's own
    statement, says that the company had a part in it."""
    asked = traced.fate is TraceFate.DEFERRED and _was_asked(traced)
    company = asked or traced.side is Side.RECEIVER
    return _stated(probe, case, traced, Outcome.DEFERRED if company else Outcome.UNKNOWN)


def _was_asked(traced: Traced) -> bool:
    """Test if the company's server was asked: the sender's service may not have reached it, or may refuse us itself."""
    return traced.cause is not Cause.RELAY_DENIED and cause_of_trace(traced) is not Cause.NETWORK


def _stated(probe: Probe, case: SortedEvidence, traced: Traced, outcome: Outcome) -> Judgement:
    accepted = case.accepted or case.last
    looked = any(isinstance(look, Look) and look.at >= traced.at for look in case.looks)
    own = traced.side is Side.SENDER and traced.from_ip
    elsewhere = traced.from_ip if own and traced.from_ip != probe.source_ip else ""
    detail = StatedByTrace(traced, accepted.last.host if accepted else "", looked, elsewhere)
    if outcome is Outcome.UNKNOWN:
        cause = cause_of_trace(traced) if traced.reply else None
        return Judgement(outcome, cause, Grade.UNPROVEN, detail)
    return Judgement(outcome, cause_of_trace(traced), _grade(probe, case, traced), detail, answer_of_trace(traced))


def _grade(probe: Probe, case: SortedEvidence, traced: Traced) -> Grade:
    """Grade it. A suppressed message never left; but the service that suppressed it is the one that sends real mail.

    The receiver may see a gateway's address; so it is enough if the sender's service says where the message left from.
    """
    if traced.fate is TraceFate.SUPPRESSED and traced.side is Side.SENDER:
        return probe.traits.best_grade
    own = traced.side is Side.SENDER and traced.from_ip
    return grade_of_trace(probe, (traced,) if own else case.traces, case.accepted or case.last)


def cause_of_trace(traced: Traced) -> Cause:
    """Return the cause that a statement gives: what its details state, else by the reply table."""
    if traced.cause is not None:
        return traced.cause
    if not (traced.text or traced.code or traced.enhanced):
        return Cause.UNCLEAR
    return read_reply(traced.reply, code=traced.code, enhanced=traced.enhanced).cause


def answer_of_trace(traced: Traced) -> Answer | None:
    """Return the comparable answer: the reply of the server that refused, as a report of it."""
    if traced.fate not in (TraceFate.REFUSED, TraceFate.DEFERRED) or not traced.reply:
        return None
    return Answer(None, None, traced.enhanced, traced.reply, None, traced.to_host)
