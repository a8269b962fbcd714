"""The next probe of a remedy's test on one path, or its result: a pure function of the answers so far.

Noise only loses mail, so one arrival of the forged twin proves that it gets in, but a stop must repeat as often as the
path's own loss demands; and as somebody will act on "it works", the sender's mail must arrive as often in a row. What
was stopped at first and then arrives in a row arrives: a change reaches one server after the other.

If the sender's mail is still stopped, a control that is stopped too says that the sender is not the reason: else a
mail system that takes nobody's mail would make people climb the ladder to wider and wider entries. The twin is sent
then as well. How it fared before the remedy worked is what tells "the entry is too wide" from "forged mail always got
in".

That the twin is stopped proves something only while the sender's mail arrives, and the control's as well, from whose
address the twin comes: so both are sent once more after it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from monitor.remedying.applied import (
    KEPT_OUT,
    MailFinding,
    NoProof,
    OthersFinding,
    PathProof,
    PathTest,
    TwinFinding,
    TwinUntested,
)
from probes.diagnosis.factors import Factor
from probes.diagnosis.plan import MAX_NO_ANSWERS, ArmResult, Mixture
from probes.outcome import CONCERNS, Concern
from probes.verdict import Outcome, Verdict

SENDERS: Mixture = frozenset(Factor)
"""The sender's own mail."""
TWIN: Mixture = SENDERS - {Factor.IP, Factor.AUTHENTICATION}
"""Its forged twin: what anybody can copy of it."""
CONTROLS: Mixture = frozenset()
"""The control's mail."""

SLOW = frozenset({Outcome.DEFERRED, Outcome.LATE})
MIXED_AFTER = 4  # times k answers without so many alike in a row


@dataclass(frozen=True, slots=True)
class ProofAnswer:
    """The answer of one probe. `verdict`: None where its sending was cut short."""

    own: Mixture
    result: ArmResult
    probe_id: str
    verdict: Verdict | None = None


def result_of(own: Mixture, verdict: Verdict, *, slow: bool) -> ArmResult:
    """Read a final verdict. `slow`: the remedy is against delay, so that late or deferred mail of the sender and of its
    twin is as before."""
    match verdict.outcome:
        case Outcome.INBOX:
            return ArmResult.PASSED
        case Outcome.LATE if slow and own != CONTROLS:
            return ArmResult.STOPPED
        case Outcome.LATE:
            return ArmResult.DEFERRED if own == SENDERS else ArmResult.PASSED
        case Outcome.DEFERRED:
            return ArmResult.STOPPED if slow else ArmResult.DEFERRED
        case Outcome.UNKNOWN:
            return ArmResult.NO_RESULT
        case Outcome.SPAM | Outcome.QUARANTINED | Outcome.MISSING:
            return ArmResult.STOPPED
        case Outcome.BLOCKED:
            about = CONCERNS[verdict.cause] if verdict.cause else Concern.NOBODY_KNOWN
            of_sender = about in (Concern.SENDER, Concern.NOBODY_KNOWN)
            return ArmResult.STOPPED if of_sender else ArmResult.OTHERWISE


def next_proof(test: PathTest, answers: Sequence[ProofAnswer], *, skips: bool) -> Mixture | PathProof:
    """Return the mail to send next on this path, or the result. `skips`: the remedy makes an exception from a filter,
    so that it may be too wide."""
    mail = _mail(test, [each for each in answers if each.own == SENDERS])
    if mail is None:
        return SENDERS
    if mail.mail is MailFinding.STOPPED:
        if test.other and _control(test, answers) is None:
            return CONTROLS
        mail = _beside_control(test, mail, answers)
    found = _twin(test, mail, [each for each in answers if each.own == TWIN], skips=skips)
    if found and mail.mail is MailFinding.ARRIVES and found.twin in KEPT_OUT:
        confirmed = _confirmed(test, found, answers)
        return replace(confirmed, probes=len(answers)) if isinstance(confirmed, PathProof) else confirmed
    return TWIN if found is None else replace(found, probes=len(answers))


def ended(test: PathTest, answers: Sequence[ProofAnswer]) -> PathProof:
    """Return the result of a test that cannot go on: what is known of the sender's mail stays known, and what is not
    known of its twin is not guessed."""
    mail = _mail(test, [each for each in answers if each.own == SENDERS])
    if mail is None:
        mail = replace(_nothing_known(test), why=NoProof.CANNOT_SEND)
    if mail.mail is MailFinding.STOPPED:
        mail = _beside_control(test, mail, answers)
    if mail.mail is not MailFinding.NOT_KNOWN and any(each.own == TWIN for each in answers):
        mail = replace(mail, twin=TwinFinding.NOT_KNOWN, untested=None)
    elif mail.mail is not MailFinding.NOT_KNOWN:
        mail = replace(mail, untested=test.untested or TwinUntested.CANNOT_SEND)
    return replace(mail, probes=len(answers))


def _nothing_known(test: PathTest) -> PathProof:
    return PathProof(test.path, MailFinding.NOT_KNOWN, TwinFinding.NOT_TESTED, untested=TwinUntested.MAIL_STOPPED)


def _beside_control(test: PathTest, mail: PathProof, answers: Iterable[ProofAnswer]) -> PathProof:
    """Return what it means that the sender's mail is stopped: nothing of the sender if the control's is stopped too."""
    if test.other is None:
        return replace(mail, others=OthersFinding.NO_CONTROL)
    match _control(test, answers):
        case ArmResult.STOPPED:
            return replace(mail, mail=MailFinding.NOT_KNOWN, why=NoProof.CONTROL_STOPPED)
        case ArmResult.PASSED:
            return replace(mail, others=OthersFinding.ARRIVES)
        case _:
            return replace(mail, others=OthersFinding.NOT_KNOWN)


def _mail(test: PathTest, answers: Sequence[ProofAnswer]) -> PathProof | None:
    """Return what is known of the sender's mail; None: ask once more."""
    proof = _nothing_known(test)
    if why := _no_answers(answers):
        return replace(proof, why=why)
    seen = [each for each in answers if each.result not in (ArmResult.NO_RESULT, ArmResult.OTHERWISE)]
    clear = [each for each in seen if each.result is not ArmResult.DEFERRED]
    if _all_are(ArmResult.PASSED, seen, test.k):  # a deferral is no answer, but it ends a row of arrivals
        return replace(proof, mail=MailFinding.ARRIVES, mail_probe=seen[-1].probe_id)
    if not _all_are(ArmResult.STOPPED, clear, test.k):
        return replace(proof, why=NoProof.MIXED) if len(seen) >= MIXED_AFTER * test.k else None
    verdict, probe_id = clear[-1].verdict, clear[-1].probe_id
    outcome, cause = (verdict.outcome, verdict.cause) if verdict else (None, None)
    said = replace(proof, outcome=outcome, cause=cause, mail_probe=probe_id)
    if test.lossy and outcome is Outcome.MISSING:
        return replace(said, why=NoProof.LOSSY)
    return replace(said, mail=MailFinding.STOPPED)


def _all_are(result: ArmResult, answers: Sequence[ProofAnswer], k: int) -> bool:
    """Test if the last `k` answers are all this one."""
    return len(answers) >= k and all(each.result is result for each in answers[-k:])


def _no_answers(answers: Sequence[ProofAnswer]) -> NoProof | None:
    """Return why there is no answer, after so many in a row without one."""
    tail = answers[-MAX_NO_ANSWERS:]
    if len(tail) < MAX_NO_ANSWERS or any(each.result in (ArmResult.PASSED, ArmResult.STOPPED) for each in tail):
        return None
    match tail[-1].result:
        case ArmResult.DEFERRED:
            verdict = tail[-1].verdict
            return NoProof.LATE if verdict and verdict.outcome is Outcome.LATE else NoProof.DEFERRED
        case ArmResult.OTHERWISE:
            return NoProof.OTHER_REASON
        case _:
            return NoProof.NOT_SEEN


def _control(test: PathTest, answers: Iterable[ProofAnswer]) -> ArmResult | None:
    """Return the answer to the control's mail: one arrival proves, a stop must repeat; None: ask once more."""
    own = [each.result for each in answers if each.own == CONTROLS]
    if ArmResult.PASSED in own:
        return ArmResult.PASSED
    if own.count(ArmResult.STOPPED) + own.count(ArmResult.OTHERWISE) >= test.k:
        return ArmResult.STOPPED
    return ArmResult.NO_RESULT if len(own) >= test.k + MAX_NO_ANSWERS else None


def _twin(test: PathTest, mail: PathProof, answers: Sequence[ProofAnswer], *, skips: bool) -> PathProof | None:
    """Return the result with what is known of the forged twin; None: ask once more."""
    if test.untested:
        return replace(mail, untested=test.untested)
    if mail.mail is MailFinding.NOT_KNOWN:
        return mail
    came = next((each for each in answers if each.result is ArmResult.PASSED), None)
    if came:
        return replace(mail, twin=_arrived(test, mail, skips=skips), untested=None, twin_probe=came.probe_id)
    stopped = [each for each in answers if each.result is ArmResult.STOPPED and not _lost_by_chance(test, each)]
    if len(stopped) >= test.k:
        delayed = any(each.verdict and each.verdict.outcome in SLOW for each in stopped)
        twin = TwinFinding.DELAYED if delayed else TwinFinding.STOPPED
        return replace(mail, twin=twin, untested=None, twin_probe=stopped[-1].probe_id)
    if len(answers) - len(stopped) >= MAX_NO_ANSWERS:
        return replace(mail, twin=TwinFinding.NOT_KNOWN, untested=None, twin_probe=answers[-1].probe_id)
    return None


def _confirmed(test: PathTest, found: PathProof, answers: Sequence[ProofAnswer]) -> Mixture | PathProof:
    """Return the mail that must still arrive after the twin was stopped, or the result."""
    last = max(place for place, each in enumerate(answers) if each.own == TWIN)
    later = answers[last + 1 :]
    if not any(each.own == SENDERS and each.result is ArmResult.PASSED for each in later):
        return SENDERS
    if test.other is None:
        return found
    match _control(test, later):
        case None:
            return CONTROLS
        case ArmResult.PASSED:
            return found
        case ArmResult.STOPPED:
            return replace(found, twin=TwinFinding.ADDRESS_STOPPED)
        case _:
            return replace(found, twin=TwinFinding.NOT_KNOWN)


def _lost_by_chance(test: PathTest, answer: ProofAnswer) -> bool:
    """Test if chance may have stopped it as well."""
    return test.lossy and answer.verdict is not None and answer.verdict.outcome is Outcome.MISSING


def _arrived(test: PathTest, mail: PathProof, *, skips: bool) -> TwinFinding:
    """Return what it says that the twin arrives: nothing of the remedy if it arrived without that, too."""
    if mail.mail is MailFinding.STOPPED or test.twin_before is TwinFinding.ARRIVED:
        return TwinFinding.ARRIVED if mail.mail is MailFinding.STOPPED else TwinFinding.ARRIVED_BEFORE
    return TwinFinding.ARRIVED if skips else TwinFinding.NOT_FILTERED
