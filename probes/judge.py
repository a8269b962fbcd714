"""Turn evidence into a verdict. Pure: evidence and time come in, a verdict goes out.

Three questions about a probe at a moment are answered here: its verdict so far (`judge`), whether more is expected
(`is_over`), and what to do next and when (`next_attempt`, `next_moment`).
"""

from datetime import datetime, timedelta
from typing import assert_never

from probes.attempts import (
    asked,
    asked_about_sender,
    candidates_of_step,
    cause_of_attempt,
    cause_unasked,
    missed_retry,
    reached,
    sent_at,
    telling_step,
    too_late_at,
    unconnected_retry,
    wait_after,
)
from probes.case import Known
from probes.case import SortedEvidence as _Case
from probes.case import case_of as _case
from probes.details import (
    AcceptedTooLate,
    ArrivedInTime,
    ArrivedLate,
    ArrivedLateThroughUs,
    AskedLate,
    BouncedAfterwards,
    CopyMarkedAsSpam,
    CouldNotLook,
    DeferredThroughUs,
    Detail,
    HeldOnTheWay,
    InJunk,
    Judgement,
    MovedByRule,
    NoMailbox,
    NotFound,
    NotSent,
    OurDelay,
    PlainDetail,
    ReplayFound,
    RetryMissed,
    SendingInterrupted,
    StopKind,
    Suspended,
    dialogue_stopped,
    found_in,
)
from probes.evidence import (
    Arrival,
    Bounce,
    Dialogue,
    FailedLook,
    Folder,
    Handover,
    Look,
    answer_of_bounce,
    answer_of_step,
    fell_back,
)
from probes.grading import grade_of_arrival, grade_of_bounce, grade_of_dialogue, grade_of_trace
from probes.outcome import Cause, Grade, Outcome
from probes.probe import Probe
from probes.reading.bounce_origin import Tie
from probes.reading.facts import Finding
from probes.reading.filters import spam_sign
from probes.reading.headers import read_message
from probes.scan_verdict import judge_scan
from probes.sentences import sentence
from probes.trace_verdict import answer_of_trace, cause_of_trace, judge_traces
from probes.tracing import deferral, ended, relevant
from probes.verdict import Verdict

AGAINST = frozenset({Finding.SPAM, Finding.PHISHING, Finding.QUARANTINED})


def judge(probe: Probe, known: Known, now: datetime) -> Verdict | None:
    """Weigh the evidence. None means: keep waiting."""
    case = _case(probe, known)
    found = _weighed(probe, case, now)
    if found is None:
        return None
    detail: Detail = found.detail
    if case.replay:
        detail = ReplayFound(found.detail, found_in(case.replay), case.declined)
    return Verdict(found.outcome, found.cause, found.grade, sentence(detail), found.answer, detail)


def _unknown(detail: PlainDetail) -> Judgement:
    """Return `unknown`: never counted against the sender."""
    return Judgement(Outcome.UNKNOWN, None, Grade.UNPROVEN, detail)


def _weighed(probe: Probe, case: _Case, now: datetime) -> Judgement | None:
    if case.arrival and not (case.proven_bounce and case.arrival.folder is Folder.COPY):
        return _arrived(probe, case, case.arrival)
    if case.accepted and (traced := judge_traces(probe, case, too_late_at(probe, case.dialogues), now)):
        return traced
    if case.bounce and _decides(probe, case, case.bounce):
        return _bounced(probe, case, case.bounce)
    if case.interrupted and not case.accepted:
        return _interrupted(probe, case)
    if case.last is None:
        return None
    match case.last.handover:
        case Handover.WITHHELD:
            return _unknown(NotSent(case.last.last.text))
        case Handover.REFUSED:
            return _stopped(probe, case.last, Outcome.BLOCKED)
        case Handover.DEFERRED:
            return _deferred(probe, case, now)
        case Handover.ACCEPTED:
            return _not_seen(probe, case, case.last, now)


def _decides(probe: Probe, case: _Case, bounce: Bounce) -> bool:
    """Test if the reported final failure is the verdict. An unproven report supplements our own observations and never
    replaces them, or one forged message would turn `missing` into something that pages nobody. After a relay there is
    no other statement, so it does page people, but not before we have seen that the message is absent."""
    if case.proven_bounce:
        return True
    if case.relayed:
        return case.absent
    looked = any(isinstance(look, Look) and look.at >= probe.give_up_at for look in case.looks)
    return bounce.cause is not Cause.NETWORK and not (case.accepted and looked)


def is_over(probe: Probe, known: Known, verdict: Verdict | None, now: datetime) -> bool:
    """Test if nothing is left to do for this verdict. Unsolicited evidence may still amend it."""
    case = _case(probe, known)
    if case.arrival or case.proven_bounce or ended(case) or (case.accepted and not probe.traits.needs_mailbox):
        return verdict is not None
    if now >= probe.give_up_at:
        return verdict is not None and not wants_look(probe, case, now)
    return case.last is not None and case.last.handover in (Handover.WITHHELD, Handover.REFUSED)


def next_attempt(probe: Probe, known: Known) -> tuple[int, datetime] | None:
    """Return number and time of the next attempt by the sender's retry schedule; None if there is none."""
    case = _case(probe, known)
    last = case.last
    if (
        case.arrival
        or case.proven_bounce
        or case.under_way
        or case.interrupted
        or last is None
        or last.handover is not Handover.DEFERRED
    ):
        return None
    due = last.at + wait_after(probe, case.dialogues, last)
    return (last.number + 1, due) if due < probe.give_up_at else None


def next_moment(probe: Probe, known: Known, now: datetime) -> datetime:
    """Return when this probe needs attention again if no evidence comes first."""
    case = _case(probe, known)
    if wants_look(probe, case, now):
        return now
    retry = next_attempt(probe, case)
    too_late = too_late_at(probe, case.dialogues)
    moments = [retry[1] if retry else None, probe.code_dead_at, too_late, probe.give_up_at]
    return min((m for m in moments if m and m > now), default=now)


def wants_look(probe: Probe, known: Known, now: datetime) -> bool:
    """Test if a required look is due: the last one, without which nothing may be called missing, or the one that
    settles a report."""
    case = _case(probe, known)
    handed_over = case.accepted is not None or bool(case.interrupted) or case.bounce is not None
    due = probe.give_up_at if now >= probe.give_up_at else case.look_settles_at
    return (
        now >= due
        and probe.traits.needs_mailbox
        and handed_over
        and case.arrival is None
        and case.proven_bounce is None
        and not ended(case)
        and not any(look.at >= due for look in case.looks)
    )


def may_arrive(probe: Probe, known: Known) -> bool:
    """Test if the receiver may have the message, so that its mailbox is to be watched."""
    case = _case(probe, known)
    stopped = case.last and case.last.handover in (Handover.WITHHELD, Handover.REFUSED)
    expected = bool(case.attempts) and probe.traits.needs_mailbox and not stopped
    return expected and case.arrival is None and case.proven_bounce is None and not ended(case)


def delivery_time(probe: Probe, known: Known) -> timedelta | None:
    """Return the time from the first attempt that reached the company to the mailbox's acceptance; None if it did not
    arrive. Time that our own service, store or network took before that does not count."""
    case = _case(probe, known)
    return max(case.arrival.at - sent_at(probe, case.dialogues), timedelta(0)) if case.arrival else None


def _arrived(probe: Probe, case: _Case, arrival: Arrival) -> Judgement:
    took = arrival.at - probe.created_at
    grade = Grade.UNPROVEN if case.declined else grade_of_arrival(probe, arrival, case.traces)
    if spam := _taken_for_spam(probe, arrival, took, grade):
        return spam
    tls_failure = fell_back(case.accepted) if case.accepted else None
    place, attempts = found_in(arrival), len(case.attempts)
    arrived = ArrivedInTime(place, took, attempts, case.declined, case.bounce, tls_failure)
    if arrival.at <= probe.code_dead_at:
        return Judgement(Outcome.INBOX, None, grade, arrived)
    if why := _our_delay(probe, case, arrival):
        return _unknown(ArrivedLateThroughUs(place, took, why))
    return _late(probe, case, arrived, grade)


def _late(probe: Probe, case: _Case, arrived: ArrivedInTime, grade: Grade) -> Judgement:
    """Judge a late arrival. The cause is that of the deferral or delay, if anybody reported one or a trace has one."""
    life, deferred, delay = probe.code_dead_at - probe.created_at, _last_deferral(probe, case), case.delay
    if deferred:
        step = telling_step(deferred)
        cause, detail = cause_of_attempt(probe, deferred), ArrivedLate(arrived, life, step, None)
        return Judgement(Outcome.LATE, cause, grade, detail, answer_of_step(step))
    if delay and case.tie(delay) is not Tie.NONE:  # that it came late bears it out
        return Judgement(Outcome.LATE, delay.cause, grade, ArrivedLate(arrived, life, None, delay))
    if traced := deferral(case):
        detail = ArrivedLate(arrived, life, None, None, traced)
        return Judgement(Outcome.LATE, cause_of_trace(traced), grade, detail, answer_of_trace(traced))
    return Judgement(Outcome.LATE, Cause.UNCLEAR, grade, ArrivedLate(arrived, life, None, None))


def _taken_for_spam(probe: Probe, arrival: Arrival, took: timedelta, grade: Grade) -> Judgement | None:
    """Judge an arrival in a junk folder, or in another folder than the inbox; for a copy, by its headers."""
    match arrival.folder:
        case Folder.INBOX:
            return None
        case Folder.JUNK:
            cause, line = spam_sign(arrival.headers)
            return Judgement(Outcome.SPAM, cause, grade, InJunk(found_in(arrival), took, line))
        case Folder.OTHER:
            return _moved(probe, arrival)
        case Folder.COPY:
            return _marked(probe, arrival, took, grade)
        case _:
            assert_never(arrival.folder)


def _moved(probe: Probe, arrival: Arrival) -> Judgement | None:
    """Judge an arrival that a rule or sorting filter put into another folder. None if it was late: that holds in any
    folder.

    Delivery in time clears the sender, so it is neither `missing` nor `spam`. But it is not `inbox` either: its reader
    does not see it there, and whether other people would depends on whose rule it was, an administrator's or this
    mailbox's own. So it is `unknown`, and the sentence names the folder.
    """
    if arrival.at > probe.code_dead_at:
        return None
    detail = MovedByRule(found_in(arrival), arrival.at - probe.created_at)
    return Judgement(Outcome.UNKNOWN, Cause.MOVED, Grade.UNPROVEN, detail)


def _marked(probe: Probe, arrival: Arrival, took: timedelta, grade: Grade) -> Judgement | None:
    """Return what the receiver's filters wrote into a copy, if negative."""
    facts = read_message(arrival.headers, relayed=probe.traits.relayed)
    if facts.verdict not in AGAINST and facts.folder != Folder.JUNK:
        return None
    outcome = Outcome.QUARANTINED if facts.verdict is Finding.QUARANTINED else Outcome.SPAM
    cause, line = spam_sign(arrival.headers)
    return Judgement(outcome, cause, grade, CopyMarkedAsSpam(found_in(arrival), took, line))


def _our_delay(probe: Probe, case: _Case, arrived: Arrival) -> OurDelay | None:
    """Return what we did that may have made it late; None if the company alone did."""
    ours = next((each for each in case.dialogues if not asked(probe, each)), None)
    if case.interrupted:
        return SendingInterrupted()
    if due := missed_retry(probe, case.dialogues):
        return RetryMissed(due)
    if arrived.at <= too_late_at(probe, case.dialogues):
        late = sent_at(probe, case.dialogues) - probe.created_at
        return AskedLate(late, telling_step(ours) if ours else None)
    if absent := _waited_for_us(probe, case, arrived):
        return Suspended(absent)
    if arrived.folder is Folder.COPY and (failed := case.failed_look):
        return CouldNotLook(failed.reason)
    return None


def _waited_for_us(probe: Probe, case: _Case, arrived: Arrival) -> timedelta | None:
    """Return how long we were suspended, if it was late by no more than that."""
    absent = case.stood_still(sent_at(probe, case.dialogues), arrived.at)
    return absent if arrived.at - absent <= too_late_at(probe, case.dialogues) else None


def _last_deferral(probe: Probe, case: _Case, until: datetime | None = None) -> Dialogue | None:
    """Return the company's last temporary refusal up to `until`."""
    deferred = (
        each
        for each in reversed(case.dialogues)
        if each.handover is Handover.DEFERRED and asked(probe, each) and (until is None or each.at <= until)
    )
    return next(deferred, None)


def _bounced(probe: Probe, case: _Case, bounce: Bounce) -> Judgement:
    """Judge a message that was accepted and then bounced. The sentence says which, the cause is that of the last
    refusal."""
    grade = grade_of_bounce(probe, case, bounce, case.accepted or case.last)
    host = case.accepted.last.host if case.accepted else ""
    tie = None if case.proven_bounce else case.tie(bounce)
    was_asked = bounce.cause is not Cause.NETWORK
    detail = BouncedAfterwards(host, bounce, case.arrival is not None, tie, was_asked)
    if not was_asked:
        return Judgement(Outcome.UNKNOWN, bounce.cause, Grade.UNPROVEN, detail)
    return Judgement(Outcome.BLOCKED, bounce.cause, grade, detail, answer_of_bounce(bounce))


def _interrupted(probe: Probe, case: _Case) -> Judgement | None:
    """Judge an interrupted attempt: handover is unknown. An arrival would prove it, its absence proves nothing."""
    if not any(look.at >= probe.give_up_at for look in case.looks):
        return None
    return _unknown(SendingInterrupted())


def _deferred(probe: Probe, case: _Case, now: datetime) -> Judgement | None:
    too_late = too_late_at(probe, case.dialogues)
    if now < min(too_late, probe.give_up_at) or case.under_way:
        return None
    if unconnected := unconnected_retry(probe, case.dialogues):
        return _stopped(probe, unconnected, Outcome.DEFERRED)
    if ours := _our_absence(probe, case):
        return ours
    told = _last_deferral(probe, case, too_late) or _last_in_time(probe, case)
    return _stopped(probe, told, Outcome.DEFERRED)


def _last_in_time(probe: Probe, case: _Case) -> Dialogue:
    """Return the last attempt that ended before the code expired; the first if none did."""
    return next((d for d in reversed(case.dialogues) if d.at <= probe.code_dead_at), case.dialogues[0])


def _our_absence(probe: Probe, case: _Case) -> Judgement | None:
    """Return `unknown` if the real sender would have retried before the code expired and we did not, or in vain."""
    if too_late_at(probe, case.dialogues) > probe.give_up_at:
        return _unknown(DeferredThroughUs(AskedLate(sent_at(probe, case.dialogues) - probe.created_at)))
    due = missed_retry(probe, case.dialogues)
    return _unknown(DeferredThroughUs(RetryMissed(due))) if due else None


def _not_seen(probe: Probe, case: _Case, accepted: Dialogue, now: datetime) -> Judgement | None:
    """Judge a message that was accepted and has not been seen."""
    if not probe.traits.needs_mailbox:
        return judge_scan(accepted.scan) if accepted.scan else _unknown(NoMailbox())
    if now >= probe.give_up_at:
        return _given_up(probe, case, accepted)
    too_late = too_late_at(probe, case.dialogues)
    if now < too_late:
        return None
    if accepted.at > too_late and (refusal := _last_deferral(probe, case)):
        return _our_absence(probe, case) or _stopped(probe, refusal, Outcome.DEFERRED)
    last_look = case.looks[-1] if case.looks else None
    if isinstance(last_look, FailedLook):
        return _unknown(CouldNotLook(last_look.reason))
    return _delayed(probe, case, case.delay, accepted) if case.delay else None


def _given_up(probe: Probe, case: _Case, accepted: Dialogue) -> Judgement | None:
    """Judge by the last look. A message accepted just before it had no time to arrive."""
    match next((look for look in reversed(case.looks) if look.at >= probe.give_up_at), None):
        case FailedLook() as look:
            return _unknown(CouldNotLook(look.reason))
        case Look() if case.delay and (case.relayed or case.proves(case.delay)):
            return _delayed(probe, case, case.delay, accepted)
        case Look() as look if probe.give_up_at - accepted.at >= probe.code_dead_at - probe.created_at:
            return _missing(probe, case, accepted, look)
        case Look():
            if refusal := _last_deferral(probe, case):
                return _our_absence(probe, case) or _stopped(probe, refusal, Outcome.DEFERRED)
            return _unknown(AcceptedTooLate(probe.give_up_at - accepted.at))
        case _:
            return None


def _delayed(probe: Probe, case: _Case, delay: Bounce, accepted: Dialogue) -> Judgement:
    """Judge a message that a server on the way still holds, as it reported."""
    detail = HeldOnTheWay(accepted.last.host, delay, None if case.proves(delay) else case.tie(delay))
    grade = grade_of_bounce(probe, case, delay, accepted)
    return Judgement(Outcome.DEFERRED, delay.cause, grade, detail, answer_of_bounce(delay))


def _missing(probe: Probe, case: _Case, accepted: Dialogue, look: Look) -> Judgement:
    within, report = probe.give_up_at - probe.created_at, case.bounce or case.delay
    tie = case.tie(report) if report else Tie.NONE
    detail = NotFound(accepted.last, bool(case.interrupted), look, within, report, tie, relevant(case))
    grade = grade_of_trace(probe, case.traces, accepted)
    return Judgement(Outcome.MISSING, Cause.UNCLEAR, grade, detail)


def _stopped(probe: Probe, dialogue: Dialogue, outcome: Outcome) -> Judgement:
    """Judge a message that was not accepted. The cause depends on whether the receiver was asked at all."""
    step, cause, grade = telling_step(dialogue), cause_of_attempt(probe, dialogue), grade_of_dialogue(probe, dialogue)
    if not asked_about_sender(probe, dialogue) or cause is Cause.NETWORK:
        outcome, cause, grade, kind = Outcome.UNKNOWN, cause_unasked(probe, step), Grade.UNPROVEN, StopKind.NOT_ASKED
    elif cause is Cause.FIREWALL:
        outcome, kind = Outcome.BLOCKED, StopKind.CUT
    elif not reached(dialogue) and cause is Cause.UNCLEAR:
        kind = StopKind.NOTHING_LISTENS
    else:
        kind = StopKind.REJECTED if outcome is Outcome.BLOCKED else StopKind.DEFERRED
    between = candidates_of_step(step) if cause is Cause.UNCLEAR else ()
    return Judgement(outcome, cause, grade, dialogue_stopped(kind, dialogue, step, between), answer_of_step(step))
