"""Turn evidence into a verdict. Pure: evidence and time come in, a verdict goes out.

Three questions about a probe at a moment are answered here: its verdict so far (`judge`), whether more is expected
(`is_over`), and what to do next and when (`next_attempt`, `next_moment`).
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from probes.attempts import (
    asked,
    asked_about_sender,
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
from probes.display import duration
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
)
from probes.grading import grade_of_arrival, grade_of_bounce, grade_of_dialogue
from probes.probe import Probe
from probes.reading.bounce_origin import Tie
from probes.reading.facts import Finding
from probes.reading.filters import spam_sign
from probes.reading.headers import read_message
from probes.sentences import (
    copied,
    no_connection,
    place,
    quoted,
    replayed,
    reporter,
    said,
    searched,
    times,
    unproven_origin,
    without_tls,
)
from probes.verdict import Cause, Grade, Outcome, Verdict

AGAINST = frozenset({Finding.SPAM, Finding.PHISHING, Finding.QUARANTINED})


def judge(probe: Probe, known: Known, now: datetime) -> Verdict | None:
    """Weigh the evidence. None means: keep waiting."""
    case = _case(probe, known)
    verdict = _weighed(probe, case, now)
    if verdict is None or case.replay is None:
        return verdict
    return replace(verdict, because=verdict.because + replayed(case.replay, case.declined))


def _weighed(probe: Probe, case: _Case, now: datetime) -> Verdict | None:
    if case.arrival and not (case.proven_bounce and case.arrival.folder is Folder.COPY):
        return _arrived(probe, case, case.arrival)
    if case.bounce and _decides(probe, case, case.bounce):
        return _bounced(probe, case, case.bounce)
    if case.interrupted and not case.accepted:
        return _interrupted(probe, case)
    if case.last is None:
        return None
    match case.last.handover:
        case Handover.WITHHELD:
            return Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, f"not sent: {case.last.last.text}")
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
    if case.arrival or case.proven_bounce or (case.accepted and not probe.traits.needs_mailbox):
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
        and not any(look.at >= due for look in case.looks)
    )


def may_arrive(probe: Probe, known: Known) -> bool:
    """Test if the receiver may have the message, so that its mailbox is to be watched."""
    case = _case(probe, known)
    stopped = case.last and case.last.handover in (Handover.WITHHELD, Handover.REFUSED)
    expected = bool(case.attempts) and probe.traits.needs_mailbox and not stopped
    return expected and case.arrival is None and case.proven_bounce is None


def delivery_time(probe: Probe, known: Known) -> timedelta | None:
    """Return the time from the first attempt that reached the company to the mailbox's acceptance; None if it did not
    arrive. Time that our own service, store or network took before that does not count."""
    case = _case(probe, known)
    return max(case.arrival.at - sent_at(probe, case.dialogues), timedelta(0)) if case.arrival else None


def _arrived(probe: Probe, case: _Case, arrival: Arrival) -> Verdict:
    took = arrival.at - probe.created_at
    grade = Grade.UNPROVEN if case.declined else grade_of_arrival(probe, arrival)
    where = f"{arrival.folder_name} {duration(took)} after it was sent"
    if spam := _taken_for_spam(probe, arrival, where, grade):
        return spam
    tries = f", at attempt {len(case.attempts)}" if len(case.attempts) > 1 else ""
    but = copied(arrival) if arrival.folder is Folder.COPY else _contradicted(case)
    but += without_tls(case.accepted) if case.accepted else ""
    if arrival.at <= probe.code_dead_at:
        return Verdict(Outcome.INBOX, None, grade, f"arrived in {where}{tries}{but}")
    if ours := _our_delay(probe, case, where):
        return ours
    cause, why = _held_up(probe, case)
    life = duration(probe.code_dead_at - probe.created_at)
    told = f"arrived in {where}{tries}, but its code expires after {life}{why}{but}"
    deferral = _last_deferral(probe, case)
    return Verdict(Outcome.LATE, cause, grade, told, answer_of_step(telling_step(deferral)) if deferral else None)


def _taken_for_spam(probe: Probe, arrival: Arrival, where: str, grade: Grade) -> Verdict | None:
    """Judge an arrival in a junk folder, or in another folder than the inbox; for a copy, by its headers."""
    match arrival.folder:
        case Folder.INBOX:
            return None
        case Folder.JUNK:
            cause, line = spam_sign(arrival.headers)
            return Verdict(Outcome.SPAM, cause, grade, f"delivered to {where}" + (f"; {line}" if line else ""))
        case Folder.OTHER:
            return _moved(probe, arrival)
        case Folder.COPY:
            return _marked(probe, arrival, where, grade)
        case _:
            assert_never(arrival.folder)


def _moved(probe: Probe, arrival: Arrival) -> Verdict | None:
    """Judge an arrival that a rule or sorting filter put into another folder. None if it was late: that holds in any
    folder.

    Delivery in time clears the sender, so it is neither `missing` nor `spam`. But it is not `inbox` either: its reader
    does not see it there, and whether other people would depends on whose rule it was, an administrator's or this
    mailbox's own. So it is `unknown`, and the sentence names the folder.
    """
    if arrival.at > probe.code_dead_at:
        return None
    took = duration(arrival.at - probe.created_at)
    told = f"delivered {took} after it was sent, but a rule moved it to {arrival.folder_name}"
    told += "; whether other people have it in the inbox, this mailbox cannot tell"
    return Verdict(Outcome.UNKNOWN, Cause.MOVED, Grade.UNPROVEN, told)


def _marked(probe: Probe, arrival: Arrival, where: str, grade: Grade) -> Verdict | None:
    """Return what the receiver's filters wrote into a copy, if negative."""
    facts = read_message(arrival.headers, relayed=probe.traits.relayed)
    if facts.verdict not in AGAINST and facts.folder != Folder.JUNK:
        return None
    outcome = Outcome.QUARANTINED if facts.verdict is Finding.QUARANTINED else Outcome.SPAM
    cause, line = spam_sign(arrival.headers)
    return Verdict(outcome, cause, grade, f"arrived in {where}, but the receiver classified it as spam: {line}")


def _our_delay(probe: Probe, case: _Case, where: str) -> Verdict | None:
    """Return `unknown` if a late arrival could have been in time but for us."""
    arrived = case.arrival
    assert arrived is not None
    ours = next((each for each in case.dialogues if not asked(probe, each)), None)
    if case.interrupted:
        why = "the service stopped while this probe was being sent"
    elif due := missed_retry(probe, case.dialogues):
        why = f"the retry that was due at {due:%H:%M:%S} UTC was not made, or did not reach the company"
    elif arrived.at <= too_late_at(probe, case.dialogues):
        late = duration(sent_at(probe, case.dialogues) - probe.created_at)
        step = ours and telling_step(ours)
        why = f"the company was first asked {late} after the code was issued"
        why += f", because nobody could be asked before: {place(step)}: {said(step)}" if step else ""
    elif absent := _waited_for_us(probe, case, arrived):
        why = f"this machine or Mailpath was suspended for {duration(absent)} meanwhile"
    elif arrived.folder is Folder.COPY and (failed := case.failed_look):
        why = failed.reason
    else:
        return None
    because = f"arrived in {where}, after its code had expired; that does not tell how long the company takes: {why}"
    return Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, because)


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


def _held_up(probe: Probe, case: _Case) -> tuple[Cause, str]:
    """Return why it was late, if anybody said so."""
    if deferral := _last_deferral(probe, case):
        step = telling_step(deferral)
        return cause_of_attempt(probe, deferral), f"; it was deferred at {place(step)}: {said(step)}"
    if (delay := case.delay) and case.tie(delay) is not Tie.NONE:  # that it came late bears it out
        return delay.cause, f"; {reporter(delay)} reported a delay: {quoted(delay)}"
    return Cause.UNCLEAR, "; it was accepted at once"


def _contradicted(case: _Case) -> str:
    """Resolve a contradiction: our own observation outweighs an answer or report; neither is hidden."""
    if step := case.declined:
        return f"; although it was rejected at {place(step)}, after it was sent in full: {said(step)}"
    return f"; although {reporter(case.bounce)} reported a failure: {quoted(case.bounce)}" if case.bounce else ""


def _bounced(probe: Probe, case: _Case, bounce: Bounce) -> Verdict:
    """Judge a message that was accepted and then bounced. The sentence says which, the cause is that of the last
    refusal."""
    handed_over = case.accepted or case.last
    grade = grade_of_bounce(probe, case, bounce, handed_over)
    taken = f"accepted by {case.accepted.last.host}, " if case.accepted and case.accepted.last.host else ""
    copy = ", though a copy of it was sent to us" if case.arrival else ""
    told = f"{taken}then bounced by {reporter(bounce)}: {quoted(bounce)}{copy}"
    if not case.proven_bounce:
        told += unproven_origin(bounce, case.tie(bounce))
    if bounce.cause is Cause.NETWORK:
        return Verdict(Outcome.UNKNOWN, bounce.cause, Grade.UNPROVEN, f"the receiver was not asked: {told}")
    return Verdict(Outcome.BLOCKED, bounce.cause, grade, told, answer_of_bounce(bounce))


def _interrupted(probe: Probe, case: _Case) -> Verdict | None:
    """Judge an interrupted attempt: handover is unknown. An arrival would prove it, its absence proves nothing."""
    if not any(look.at >= probe.give_up_at for look in case.looks):
        return None
    return Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, "the service stopped while this probe was being sent")


def _deferred(probe: Probe, case: _Case, now: datetime) -> Verdict | None:
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


def _our_absence(probe: Probe, case: _Case) -> Verdict | None:
    """Return `unknown` if the real sender would have retried before the code expired and we did not, or in vain."""
    if too_late_at(probe, case.dialogues) > probe.give_up_at:
        first = duration(sent_at(probe, case.dialogues) - probe.created_at)
        why = f"deferred, but the company was first asked {first} after the code was issued, too late to tell"
    elif due := missed_retry(probe, case.dialogues):
        why = f"deferred, and the retry that was due at {due:%H:%M:%S} UTC was not made, or did not reach the company"
    else:
        return None
    return Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, why)


def _not_seen(probe: Probe, case: _Case, accepted: Dialogue, now: datetime) -> Verdict | None:
    """Judge a message that was accepted and has not been seen."""
    if not probe.traits.needs_mailbox:
        return Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, "accepted, but this route delivers to no mailbox")
    if now >= probe.give_up_at:
        return _given_up(probe, case, accepted)
    too_late = too_late_at(probe, case.dialogues)
    if now < too_late:
        return None
    if accepted.at > too_late and (deferral := _last_deferral(probe, case)):
        return _our_absence(probe, case) or _stopped(probe, deferral, Outcome.DEFERRED)
    last_look = case.looks[-1] if case.looks else None
    if isinstance(last_look, FailedLook):
        return _could_not_look(last_look)
    return _delayed(probe, case, case.delay, accepted) if case.delay else None


def _given_up(probe: Probe, case: _Case, accepted: Dialogue) -> Verdict | None:
    """Judge by the last look. A message accepted just before it had no time to arrive."""
    match next((look for look in reversed(case.looks) if look.at >= probe.give_up_at), None):
        case FailedLook() as look:
            return _could_not_look(look)
        case Look() if case.delay and (case.relayed or case.proves(case.delay)):
            return _delayed(probe, case, case.delay, accepted)
        case Look() as look if probe.give_up_at - accepted.at >= probe.code_dead_at - probe.created_at:
            return _missing(probe, case, accepted, look)
        case Look():
            if deferral := _last_deferral(probe, case):
                return _our_absence(probe, case) or _stopped(probe, deferral, Outcome.DEFERRED)
            why = f"accepted only {duration(probe.give_up_at - accepted.at)} before the last look, and not seen"
            return Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, why)
        case _:
            return None


def _could_not_look(look: FailedLook) -> Verdict:
    return Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, f"we could not look: {look.reason}")


def _delayed(probe: Probe, case: _Case, delay: Bounce, accepted: Dialogue) -> Verdict:
    """Judge a message that a server on the way still holds, as it reported."""
    told = f"accepted by {accepted.last.host}, then delayed, as {reporter(delay)} reported: {quoted(delay)}"
    if not case.proves(delay):
        told += unproven_origin(delay, case.tie(delay))
    grade = grade_of_bounce(probe, case, delay, accepted)
    return Verdict(Outcome.DEFERRED, delay.cause, grade, told, answer_of_bounce(delay))


def _missing(probe: Probe, case: _Case, accepted: Dialogue, look: Look) -> Verdict:
    within = duration(probe.give_up_at - probe.created_at)
    told = f"accepted by {accepted.last.host}: {said(accepted.last)}"
    if case.interrupted:
        told += ", after an attempt that was interrupted"
    told += f"; not in {searched(look, 'or')} within {within}"
    if look.unsearched:
        told += f"; not searched: {', '.join(look.unsearched)}"
    if report := case.bounce or case.delay:
        told += f"; {reporter(report)} reported: {quoted(report)}{unproven_origin(report, case.tie(report))}"
    return Verdict(Outcome.MISSING, Cause.UNCLEAR, grade_of_dialogue(probe, accepted), told)


def _stopped(probe: Probe, dialogue: Dialogue, outcome: Outcome) -> Verdict:
    """Judge a message that was not accepted. The cause depends on whether the receiver was asked at all."""
    step = telling_step(dialogue)
    there = f"{place(step)}: {said(step)}{without_tls(dialogue)}"
    cause, answer = cause_of_attempt(probe, dialogue), answer_of_step(step)
    if not asked_about_sender(probe, dialogue) or cause is Cause.NETWORK:
        because = f"could not ask the company: stopped at {there}"
        return Verdict(Outcome.UNKNOWN, cause_unasked(probe, step), Grade.UNPROVEN, because, answer)
    grade = grade_of_dialogue(probe, dialogue)
    if cause is Cause.FIREWALL:
        because = f"{no_connection(step)}{without_tls(dialogue)}{times(dialogue)}"
        return Verdict(Outcome.BLOCKED, cause, grade, because, answer)
    if not reached(dialogue) and cause is Cause.UNCLEAR:
        because = f"no connection{times(dialogue)}: {there}; nothing listens there, or a firewall answers for it"
        return Verdict(outcome, cause, grade, because, answer)
    how = "rejected" if outcome is Outcome.BLOCKED else "still deferred when the code expired,"
    return Verdict(outcome, cause, grade, f"{how} at {there}{times(dialogue)}", answer)
