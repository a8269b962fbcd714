"""What the evidence means. Pure: the evidence and the time come in, a verdict goes out.

Three questions are answered here, for a probe at a moment: what is its verdict so far (`judge`), is anything more to
be expected (`is_over`), and what has to be done next, when (`next_attempt`, `next_moment`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from probes.answer import Fault, Stage
from probes.evidence import (
    Arrival,
    Attempt,
    Bounce,
    Dialogue,
    Evidence,
    FailedLook,
    Folder,
    Handover,
    Interrupted,
    Look,
    MailKind,
    Step,
    answer_of_bounce,
    answer_of_step,
)
from probes.probe import Probe
from probes.reading.facts import Finding
from probes.reading.filters import spam_sign
from probes.reading.headers import read_message
from probes.reading.replies import cause_of
from probes.sentences import place, quoted, reporter, said, span, times
from probes.verdict import Cause, Grade, Outcome, Verdict

IMPERSONATING = frozenset({"xclient", "proxy"})

AGAINST = frozenset({Finding.SPAM, Finding.PHISHING, Finding.QUARANTINED})

PUNCTUAL = timedelta(seconds=30)  # an attempt made later than this after its time was missed

FAULTS: dict[Fault, Cause] = {
    Fault.DOMAIN_UNKNOWN: Cause.DOMAIN_UNKNOWN,
    Fault.LOOKUP_FAILED: Cause.NETWORK,
    Fault.REFUSED: Cause.FIREWALL,
    Fault.UNREACHABLE: Cause.NETWORK,
    Fault.TIMED_OUT: Cause.SERVER_FAULT,  # at CONNECT it is the firewall's: see `_cause`
    Fault.RESET: Cause.FIREWALL,
    Fault.CLOSED: Cause.SERVER_FAULT,
    Fault.NONSENSE: Cause.SERVER_FAULT,
    Fault.TLS: Cause.TLS,
    Fault.NOT_OFFERED: Cause.TLS,
}


@dataclass(frozen=True, slots=True)
class _Case:
    """The evidence, sorted by what it tells."""

    attempts: tuple[Attempt, ...]
    dialogues: tuple[Dialogue, ...]
    interrupted: tuple[Interrupted, ...]
    arrival: Arrival | None
    looks: tuple[Look | FailedLook, ...]
    bounces: tuple[Bounce, ...]

    @property
    def last(self) -> Dialogue | None:
        return self.dialogues[-1] if self.dialogues else None

    @property
    def accepted(self) -> Dialogue | None:
        return next((d for d in self.dialogues if d.handover is Handover.ACCEPTED), None)

    @property
    def deferral(self) -> Dialogue | None:
        return next((d for d in reversed(self.dialogues) if d.handover is Handover.DEFERRED), None)

    @property
    def bounce(self) -> Bounce | None:
        """The report that it was given up. What was never taken cannot come back, whoever says so."""
        if self.last and self.last.handover in (Handover.WITHHELD, Handover.REFUSED):
            return None
        return next((bounce for bounce in self.bounces if bounce.final), None)

    @property
    def delay(self) -> Bounce | None:
        return next((bounce for bounce in reversed(self.bounces) if bounce.kind is MailKind.DELAY), None)

    @property
    def under_way(self) -> bool:
        """Whether an attempt was begun of which the end is not known."""
        return len(self.attempts) > len(self.dialogues) + len(self.interrupted)


def _case(evidence: Sequence[Evidence]) -> _Case:
    return _Case(
        tuple(e for e in evidence if isinstance(e, Attempt)),
        tuple(sorted((e for e in evidence if isinstance(e, Dialogue)), key=lambda d: d.number)),
        tuple(e for e in evidence if isinstance(e, Interrupted)),
        next((e for e in evidence if isinstance(e, Arrival)), None),
        tuple(e for e in evidence if isinstance(e, Look | FailedLook)),
        tuple(e for e in evidence if isinstance(e, Bounce)),
    )


def judge(probe: Probe, evidence: Sequence[Evidence], now: datetime) -> Verdict | None:
    """Weigh the evidence. None means: keep waiting."""
    case = _case(evidence)
    if case.arrival and not (case.bounce and case.arrival.folder is Folder.COPY):
        return _arrived(probe, case, case.arrival)
    if case.bounce:
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


def is_over(probe: Probe, evidence: Sequence[Evidence], verdict: Verdict | None, now: datetime) -> bool:
    """Whether, with this verdict, nothing more is to be done. What comes by itself may still amend it."""
    case = _case(evidence)
    if case.arrival or case.bounce or now >= probe.give_up_at:
        return verdict is not None
    return case.last is not None and case.last.handover in (Handover.WITHHELD, Handover.REFUSED)


def next_attempt(probe: Probe, evidence: Sequence[Evidence]) -> tuple[int, datetime] | None:
    """The number and time of the next attempt, by the sender's retry schedule; None when there is none to make."""
    case = _case(evidence)
    last = case.last
    if (
        case.arrival
        or case.bounce
        or case.under_way
        or case.interrupted
        or last is None
        or last.handover is not Handover.DEFERRED
    ):
        return None
    due = last.at + _wait(probe, last)
    return (last.number + 1, due) if due < probe.give_up_at else None


def next_moment(probe: Probe, evidence: Sequence[Evidence], now: datetime) -> datetime:
    """When this probe wants attention again, if nothing is heard before."""
    retry = next_attempt(probe, evidence)
    moments = [retry[1] if retry else None, probe.code_dead_at, probe.give_up_at]
    return min((m for m in moments if m and m > now), default=now)


def wants_look(probe: Probe, evidence: Sequence[Evidence], now: datetime) -> bool:
    """Whether the last look, without which nothing may be called missing, is due and not made."""
    case = _case(evidence)
    handed_over = case.accepted is not None or bool(case.interrupted)
    return (
        now >= probe.give_up_at
        and handed_over
        and case.arrival is None
        and case.bounce is None
        and not any(look.at >= probe.give_up_at for look in case.looks)
    )


def may_arrive(evidence: Sequence[Evidence]) -> bool:
    """Whether the message may be with the receiver, so that its mailbox is to be watched."""
    case = _case(evidence)
    if case.last and case.last.handover in (Handover.WITHHELD, Handover.REFUSED):
        return False
    return case.arrival is None and case.bounce is None and bool(case.attempts)


def delivery_time(probe: Probe, evidence: Sequence[Evidence]) -> timedelta | None:
    """From the birth of the code to the mailbox's taking it; None when it did not arrive."""
    arrival = _case(evidence).arrival
    return max(arrival.at - probe.created_at, timedelta(0)) if arrival else None


def _arrived(probe: Probe, case: _Case, arrival: Arrival) -> Verdict:
    took = arrival.at - probe.created_at
    grade = _grade_of_arrival(probe, arrival)
    where = f"{arrival.folder_name} {span(took)} after it was sent"
    if spam := _taken_for_spam(probe, arrival, where, grade):
        return spam
    tries = f", at attempt {len(case.attempts)}" if len(case.attempts) > 1 else ""
    copy = arrival.folder is Folder.COPY
    but = "; a copy does not prove that the reader has it in the inbox" if copy else _contradicted(case)
    grade = Grade.UNPROVEN if copy else grade
    if arrival.at <= probe.code_dead_at:
        return Verdict(Outcome.INBOX, None, grade, f"arrived in {where}{tries}{but}")
    if case.deferral and (absent := _absent(probe, case)):
        return absent
    cause, why = _held_up(case)
    life = span(probe.code_dead_at - probe.created_at)
    told = f"arrived in {where}{tries}, but its code lives only {life}{why}{but}"
    return Verdict(Outcome.LATE, cause, grade, told, answer_of_step(case.deferral.last) if case.deferral else None)


def _taken_for_spam(probe: Probe, arrival: Arrival, where: str, grade: Grade) -> Verdict | None:
    """It lies in the folder for junk; of a copy, its headers must tell."""
    match arrival.folder:
        case Folder.INBOX:
            return None
        case Folder.JUNK:
            cause, line = spam_sign(arrival.headers)
            return Verdict(Outcome.SPAM, cause, grade, f"delivered into {where}" + (f"; {line}" if line else ""))
        case Folder.COPY:
            return _marked(probe, arrival, where, grade)
        case _:
            assert_never(arrival.folder)


def _marked(probe: Probe, arrival: Arrival, where: str, grade: Grade) -> Verdict | None:
    """What the receiver's filters wrote into a copy, as far as it is against us."""
    facts = read_message(arrival.headers, relayed=probe.via == "relay")
    if facts.verdict not in AGAINST and facts.folder != Folder.JUNK:
        return None
    outcome = Outcome.QUARANTINED if facts.verdict is Finding.QUARANTINED else Outcome.SPAM
    cause, line = spam_sign(arrival.headers)
    return Verdict(outcome, cause, grade, f"arrived in {where}, but the receiver took it for spam: {line}")


def _held_up(case: _Case) -> tuple[Cause, str]:
    """Why it came late, as far as anybody said so."""
    if deferral := case.deferral:
        return _cause(deferral.last), f"; it was put off at {place(deferral.last)}: {said(deferral.last)}"
    if delay := case.delay:
        return delay.cause, f"; {reporter(delay)} reported a delay: {quoted(delay)}"
    return Cause.UNCLEAR, "; it was accepted at once"


def _contradicted(case: _Case) -> str:
    """What we saw ourselves counts for more than what was reported; the report is not hidden."""
    return f"; yet {reporter(case.bounce)} reported that it failed: {quoted(case.bounce)}" if case.bounce else ""


def _bounced(probe: Probe, case: _Case, bounce: Bounce) -> Verdict:
    """Taken, and given up later. Which of the two it was is in the sentence, the cause is that of the last refusal."""
    handed_over = case.accepted or case.last
    if handed_over:
        grade = _grade_of_dialogue(probe, handed_over)
    else:
        grade = Grade.IMPERSONATED if probe.via in IMPERSONATING else Grade.UNPROVEN
    taken = f"accepted by {case.accepted.last.host}, " if case.accepted and case.accepted.last.host else ""
    copy = ", though a copy of it was sent to us" if case.arrival else ""
    told = f"{taken}then bounced by {reporter(bounce)}: {quoted(bounce)}{copy}"
    if bounce.cause is Cause.NETWORK:
        return Verdict(Outcome.UNKNOWN, bounce.cause, Grade.UNPROVEN, f"the receiver was not asked: {told}")
    return Verdict(Outcome.BLOCKED, bounce.cause, grade, told, answer_of_bounce(bounce))


def _interrupted(probe: Probe, case: _Case) -> Verdict | None:
    """Whether it was handed over is not known: an arrival would tell, its absence tells nothing."""
    if not any(look.at >= probe.give_up_at for look in case.looks):
        return None
    return Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, "the service stopped while this probe was being sent")


def _deferred(probe: Probe, case: _Case, now: datetime) -> Verdict | None:
    if now < probe.code_dead_at or case.under_way:
        return None
    return _absent(probe, case) or _stopped(probe, _told(probe, case), Outcome.DEFERRED)


def _told(probe: Probe, case: _Case) -> Dialogue:
    """The last refusal heard while the code lived."""
    return next((d for d in reversed(case.dialogues) if d.at <= probe.code_dead_at), case.dialogues[0])


def _absent(probe: Probe, case: _Case) -> Verdict | None:
    """Unknown, if the real sender would have tried again while the code lived, and we did not: we were not running."""
    told = _told(probe, case)
    due = told.at + _wait(probe, told)
    if due >= probe.code_dead_at or any(a.number > told.number and a.at - due <= PUNCTUAL for a in case.attempts):
        return None
    why = f"put off, and the service was not running when the next attempt was due at {due:%H:%M:%S} UTC"
    return Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, why)


def _wait(probe: Probe, deferral: Dialogue) -> timedelta:
    return probe.retry[min(deferral.number, len(probe.retry)) - 1]


def _not_seen(probe: Probe, case: _Case, accepted: Dialogue, now: datetime) -> Verdict | None:
    """Accepted, and not in the mailbox so far."""
    if now >= probe.give_up_at:
        look = next((look for look in reversed(case.looks) if look.at >= probe.give_up_at), None)
        match look:
            case Look():
                late = case.delay
                return _delayed(probe, late, accepted) if late else _missing(probe, case, accepted, look)
            case FailedLook():
                return Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, f"we could not look: {look.reason}")
            case None:
                return None
    if now < probe.code_dead_at:
        return None
    if accepted.at > probe.code_dead_at and case.deferral:
        return _absent(probe, case) or _stopped(probe, case.deferral, Outcome.DEFERRED)
    last_look = case.looks[-1] if case.looks else None
    if isinstance(last_look, FailedLook):
        return Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, f"we could not look: {last_look.reason}")
    return _delayed(probe, case.delay, accepted) if case.delay else None


def _delayed(probe: Probe, delay: Bounce, accepted: Dialogue) -> Verdict:
    """A server on the way still has it, and said so."""
    told = f"accepted by {accepted.last.host}, then put off, as {reporter(delay)} reported: {quoted(delay)}"
    return Verdict(Outcome.DEFERRED, delay.cause, _grade_of_dialogue(probe, accepted), told, answer_of_bounce(delay))


def _missing(probe: Probe, case: _Case, accepted: Dialogue, look: Look) -> Verdict:
    within = span(probe.give_up_at - probe.created_at)
    told = f"accepted by {accepted.last.host}: {said(accepted.last)}"
    if case.interrupted:
        told += ", after an attempt that was interrupted"
    folders = " or ".join(look.folders)
    return Verdict(
        Outcome.MISSING, Cause.UNCLEAR, _grade_of_dialogue(probe, accepted), f"{told}; not in {folders} within {within}"
    )


def _stopped(probe: Probe, dialogue: Dialogue, outcome: Outcome) -> Verdict:
    """The message was not taken. Who is to blame depends on whether the receiver was asked at all."""
    step = dialogue.last
    there = f"{place(step)}: {said(step)}"
    cause = _cause(step)
    answer = answer_of_step(step)
    if not _asked(probe, dialogue, cause) or cause is Cause.NETWORK:
        because = f"we could not ask: stopped at {there}"
        return Verdict(Outcome.UNKNOWN, _cause_unasked(probe, step), Grade.UNPROVEN, because, answer)
    grade = _grade_of_dialogue(probe, dialogue)
    if cause is Cause.FIREWALL:
        return Verdict(Outcome.BLOCKED, cause, grade, f"no way in at {there}{times(dialogue)}", answer)
    how = "refused" if outcome is Outcome.BLOCKED else "still put off when the code died,"
    return Verdict(outcome, cause, grade, f"{how} at {there}{times(dialogue)}", answer)


NO_WAY_OUT = frozenset({Fault.LOOKUP_FAILED, Fault.UNREACHABLE})
"""Faults of this machine or its network: nobody outside had a part in them."""


def _cause_unasked(probe: Probe, step: Step) -> Cause:
    """Why nobody could be asked about this sender. A company's own gateway that does not answer is the company's
    trouble, as far as our own way out works; which of the two it is, the rules tell from other companies."""
    if probe.via == "relay" and step.code is not None:
        return Cause.RELAY_DENIED
    if probe.via in IMPERSONATING and step.fault not in NO_WAY_OUT:
        return Cause.SERVER_FAULT
    return Cause.NETWORK


def _asked(probe: Probe, dialogue: Dialogue, cause: Cause) -> bool:
    """Whether it was the receiver that spoke about this sender, and not something before it.

    What a relay refuses the company never heard of, and says something of our account; only that the sender's own
    service no longer tries is the sender's affair.
    """
    step = dialogue.last
    if probe.via == "relay":
        return cause is Cause.SUPPRESSED
    if probe.via == "xclient":
        return any(s.stage is Stage.XCLIENT and s.fault is None for s in dialogue.steps)
    if probe.via == "proxy":
        return not (step.fault and step.stage in (Stage.LOOKUP, Stage.CONNECT, Stage.PROXY, Stage.BANNER))
    return True


def _cause(step: Step) -> Cause:
    if step.fault is not None:
        return Cause.FIREWALL if (step.stage, step.fault) == (Stage.CONNECT, Fault.TIMED_OUT) else FAULTS[step.fault]
    return cause_of(step.stage, step.code or 0, step.enhanced, step.text)


def _grade_of_arrival(probe: Probe, arrival: Arrival) -> Grade:
    if read_message(arrival.headers, relayed=probe.via == "relay").connecting_ip != probe.source_ip:
        return Grade.UNPROVEN
    return Grade.IMPERSONATED if probe.via in IMPERSONATING else Grade.REAL


def _grade_of_dialogue(probe: Probe, dialogue: Dialogue) -> Grade:
    """Without an arrival there are no headers: what we did ourselves must do."""
    if probe.via in IMPERSONATING:
        return Grade.IMPERSONATED
    bound = probe.via == "direct" and dialogue.local_ip in ("", probe.source_ip)  # "" where no connection came about
    return Grade.REAL if bound else Grade.UNPROVEN
