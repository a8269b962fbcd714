"""Sentences about a remedy at a company, for people. Nothing reads them back."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from monitor.remedying.applied import (
    OTHER_CHANGE,
    AppliedRemedy,
    MailFinding,
    NoProof,
    OthersFinding,
    PathProof,
    PathTest,
    RemedyState,
    TwinFinding,
    TwinUntested,
)
from monitor.remedying.lapse import lapses_at, state_at
from monitor.remedying.proof import CONTROLS, SENDERS, TWIN
from probes.diagnosis.plan import Mixture
from probes.display import clock, counted, lasting, listed
from probes.labels import CAUSES, KINDS, OUTCOMES, Label
from probes.mailsystems.remedy import CountedFrom, Remedy
from probes.outcome import CONCERNS, Concern

STATES: dict[RemedyState, Label] = {
    RemedyState.WAITING: Label(
        "waiting for its time",
        "The change was made; it is tested as soon as the mail system has had its time.",
        "Each mail system needs its own time until it acts on a change.",
    ),
    RemedyState.TESTING: Label(
        "being tested",
        "It is being tested, or waits for its turn.",
        "The sender's mail is sent again, and its forged twin where the route can vary the IP address.",
    ),
    RemedyState.PROVEN: Label(
        "proven",
        "The sender's mail arrives, and its forged twin does not.",
        "The same mail from another IP address without a signature is not let in.",
    ),
    RemedyState.ARRIVES: Label(
        "arrives, not proven",
        "The sender's mail arrives. It is not proven that forged mail is stopped.",
        "Where the route cannot vary the IP address, no forged twin can be sent.",
    ),
    RemedyState.NO_EFFECT: Label(
        "still stopped",
        "The sender's mail is still stopped.",
        "Undo what had no effect, and try the next remedy.",
    ),
    RemedyState.TOO_WIDE: Label(
        "too wide",
        "The sender's mail arrives, and so does its forged twin: undo the change.",
        "Anybody who writes the sender's name in From gets past the filter.",
    ),
    RemedyState.NOT_DECIDED: Label(
        "not decided", "The test had no clear result.", "Test it again; the reason says when."
    ),
    RemedyState.LAPSES_SOON: Label(
        "lapses soon", "It works, and ends by itself within days.", "Prolong it before that."
    ),
    RemedyState.LAPSED: Label(
        "may have lapsed",
        "Its time is over, as far as is known.",
        "Look at the entry; prolong it, or note that it was undone.",
    ),
    RemedyState.UNDONE: Label("undone", "Somebody noted that the change was taken back.", "Nobody has tested that."),
}

NO_PROOF: dict[NoProof, str] = {
    NoProof.MIXED: (
        "Some of the mail arrived, and some was stopped or deferred. Perhaps not all servers have the change yet: test "
        "again later."
    ),
    NoProof.DEFERRED: "The server only deferred the mail. A temporary refusal is no answer: test again later.",
    NoProof.LATE: "The mail only arrived after its code had expired, so nothing is proven yet: test again later.",
    NoProof.NOT_SEEN: "Mailpath could not send or look, so there is no answer.",
    NoProof.OTHER_REASON: "The mail was stopped for a reason that is not the sender, so the test says nothing.",
    NoProof.CONTROL_STOPPED: (
        "The control's mail is stopped too, so the sender is not the reason now: no wider entry helps."
    ),
    NoProof.LOSSY: "This path loses so much mail by chance that mail that did not arrive says nothing.",
    NoProof.CANNOT_SEND: (
        "No test mail could be sent: the path is gone, it has reached its limit of probes, or its route refused."
    ),
}

UNTESTED: dict[TwinUntested, str] = {
    TwinUntested.ROUTE: "this route cannot send it, since it cannot vary the IP address",
    TwinUntested.FORBIDDEN: "diagnosis.within does not let it be sent there",
    TwinUntested.NO_OTHER_ADDRESS: "no [control] with another IP address is configured",
    TwinUntested.MAIL_STOPPED: "there is nothing to compare it with",
    TwinUntested.CANNOT_SEND: "no further test mail could be sent, since the path is gone or has reached its limit",
}

OTHERS: dict[OthersFinding, str] = {
    OthersFinding.ARRIVES: "The control's mail arrives.",
    OthersFinding.NOT_KNOWN: (
        "Whether the control's mail arrives could not be seen, so the reason may be another than the sender."
    ),
    OthersFinding.NO_CONTROL: (
        "There is no [control] to compare with on this path, so the reason may be another than the sender."
    ),
}

TWINS: dict[TwinFinding, str] = {
    TwinFinding.STOPPED: "Forged mail is stopped.",
    TwinFinding.DELAYED: "Forged mail is delayed or stopped as before: the entry does not hold for it.",
    TwinFinding.ARRIVED: (
        "Forged mail arrives: the same mail from another IP address without a signature reached the inbox."
    ),
    TwinFinding.ARRIVED_BEFORE: (
        "Forged mail arrives, as it did while the sender's mail was still stopped. Either the mail system does not "
        "stop forged mail, or an exception already let it in then: look whether the entry requires DMARC, DKIM or the "
        "IP address."
    ),
    TwinFinding.NOT_FILTERED: (
        "Forged mail arrives too. The remedy skips no filter, so the mail system does not stop forged mail by itself; "
        "if more was changed than the remedy says, undo that."
    ),
    TwinFinding.ADDRESS_STOPPED: (
        "Forged mail was stopped, but so was the control's own mail from the same IP address: whether forged mail is "
        "stopped is not known."
    ),
    TwinFinding.NOT_KNOWN: "Whether forged mail is still stopped is not known: the test had no answer.",
}

PARTS: dict[Mixture, str] = {
    SENDERS: "The sender's own mail in the test of a remedy: it must arrive.",
    TWIN: (
        "The forged twin in the test of a remedy, from another IP address and without a signature: it must be stopped. "
        "That it is stopped is no fault."
    ),
    CONTROLS: "The control's mail in the test of a remedy: if it is stopped too, the sender is not the reason.",
}
TWIN_INSTEAD = (
    "The same mail from another IP address without a signature arrives: it is probably the sender's IP address or "
    "signature that is stopped, not its name or its content. And forged mail gets in."
)
ALARM_BEFORE = "While the sender's mail was stopped, forged mail was stopped too: the change let it in."
ALARM_UNKNOWN = "No test was made before the change, so it is not known whether forged mail arrived before it too."
ALARM_OTHER = (
    "What was changed is not known to Mailpath. If an exception was made, it lets in too much. If a block was removed, "
    "nothing but that block stopped forged mail."
)
ALARM_STANDS = "An earlier test showed that forged mail arrives. That stands until a test shows that it is stopped."
OTHER_TITLE = "Another change than the known remedies"


def title_of(applied: AppliedRemedy) -> str:
    """Return the title of what was carried out, with its placeholders."""
    if applied.remedy == OTHER_CHANGE:
        return OTHER_TITLE
    return applied.known.title if applied.known else applied.remedy


def headline(applied: AppliedRemedy, now: datetime) -> str:
    """Return its state as one or two sentences."""
    state = state_at(applied, now)
    match state:
        case RemedyState.WAITING:
            left = lasting(applied.test_at - now)
            return f"It is tested at {clock(applied.test_at)}, in {left}: the mail system may need until then."
        case RemedyState.ARRIVES if not any(proof.twin in TWINS for proof in applied.proofs):
            reasons = dict.fromkeys(UNTESTED[proof.untested] for proof in applied.proofs if proof.untested)
            return f"The mail arrives. It was not tested whether forged mail is still refused: {'; '.join(reasons)}."
        case RemedyState.UNDONE if applied.undone_at:
            return f"Undone, as {applied.undone_by} said at {clock(applied.undone_at)}."
        case RemedyState.LAPSES_SOON | RemedyState.LAPSED:
            return lapse_sentence(applied, now)
        case _:
            return STATES[state].sentence


def changed_sentence(applied: AppliedRemedy, now: datetime) -> str:
    """Return what was changed and how far that is, with its placeholders."""
    when = clock(applied.changed_at)
    return f"The company has changed something at {when} ({title_of(applied)}). {headline(applied, now)}"


def lines_of(applied: AppliedRemedy) -> Iterator[tuple[PathProof, str]]:
    """Yield the result on each path, with a sentence or two."""
    tests, known = {test.path: test for test in applied.setup}, applied.known is not None
    for proof in applied.proofs:
        test = tests.get(proof.path)
        yield proof, " ".join((_of_mail(proof), *_of_kinds(proof, test), *_of_twin(proof, test, known=known)))


def _of_mail(proof: PathProof) -> str:
    match proof.mail:
        case MailFinding.ARRIVES:
            return "The sender's mail arrives."
        case MailFinding.STOPPED:
            how = OUTCOMES[proof.outcome].sentence if proof.outcome else "stopped"
            why = f" ({CAUSES[proof.cause].label})" if proof.cause else ""
            others = f" {OTHERS[proof.others]}" if proof.others and not _names_sender(proof) else ""
            return f"The sender's mail is still {how}{why}.{others}"
        case MailFinding.NOT_KNOWN:
            return NO_PROOF[proof.why] if proof.why else STATES[RemedyState.NOT_DECIDED].sentence


def _of_kinds(proof: PathProof, test: PathTest | None) -> Iterator[str]:
    """Say of which mail that was stopped too nothing is known."""
    if test and test.also and proof.mail is MailFinding.ARRIVES:
        others = listed([KINDS[kind].sentence for kind in test.also])
        yield f"Tested with one kind only ({KINDS[test.kind].sentence}); look whether these arrive too: {others}."


def _of_twin(proof: PathProof, test: PathTest | None, *, known: bool) -> Iterator[str]:
    if proof.mail is MailFinding.NOT_KNOWN:
        return
    if proof.twin is TwinFinding.NOT_TESTED:
        if proof.untested and proof.untested is not TwinUntested.MAIL_STOPPED:
            yield f"Not tested whether forged mail is refused: {UNTESTED[proof.untested]}."
        return
    if proof.mail is MailFinding.STOPPED and proof.twin is TwinFinding.ARRIVED:
        yield TWIN_INSTEAD
        return
    yield TWINS[proof.twin]
    if proof.state is RemedyState.TOO_WIDE:
        before = test.twin_before if test else None
        if not known:
            yield ALARM_OTHER
        else:
            yield ALARM_BEFORE if before is TwinFinding.STOPPED else ALARM_UNKNOWN


def next_step(applied: AppliedRemedy, left: Sequence[Remedy] | None, now: datetime) -> str:
    """Return what to do now, as a sentence; "" for nothing. `left`: the remedies still to try, with placeholders; None
    where the reader finds them elsewhere."""
    match state_at(applied, now):
        case RemedyState.NO_EFFECT:
            return _other_cause(applied) + _after_no_effect(applied, left)
        case RemedyState.TOO_WIDE:
            if applied.known is None:
                return "Undo an exception from a filter, but not the removal of a block."
            return "Undo it now, by the remedy's own steps."
        case RemedyState.NOT_DECIDED:
            return "Test it again."
        case RemedyState.LAPSES_SOON | RemedyState.LAPSED:
            return "Look at the entry and prolong it, by the remedy's own steps; then note it here."
        case _:
            return ""


def _after_no_effect(applied: AppliedRemedy, left: Sequence[Remedy] | None) -> str:
    """Return what to do after a remedy without effect. A wider one follows only where the sender is the reason."""
    sure = all(_names_sender(proof) or proof.others not in UNSURE for proof in applied.proofs)
    if left is None:
        return f"Undo it. {'' if sure else LOOK_FIRST + ' '}The page of the incident names the next remedy."
    if not left:
        return NOTHING_LEFT
    wider = _begun_low(left[0].title)
    return f"Undo it, and then try: {wider}." if sure else f"Undo it. {LOOK_FIRST} If it does, try: {wider}."


def _names_sender(proof: PathProof) -> bool:
    """Test if the reply of the mail system itself is about the sender."""
    return proof.cause is not None and CONCERNS[proof.cause] is Concern.SENDER


UNSURE = frozenset({OthersFinding.NOT_KNOWN, OthersFinding.NO_CONTROL})
LOOK_FIRST = "Look first whether other mail from outside arrives there."
NOTHING_LEFT = (
    "Undo it. No further remedy is known: show the reply of the server to whoever runs the mail system, or to its "
    "vendor."
)


def _other_cause(applied: AppliedRemedy) -> str:
    """Say that mail is stopped for something else now."""
    tests = {test.path: test.cause for test in applied.setup}
    changed = [proof.cause for proof in applied.proofs if proof.cause and proof.cause is not tests.get(proof.path)]
    named = listed(list(dict.fromkeys(CAUSES[cause].label for cause in changed)))
    return f"The mail is stopped for another reason now: {named}. " if changed else ""


def lapse_sentence(applied: AppliedRemedy, now: datetime) -> str:
    """Return when it lapses and what that is counted from; "" if it does not lapse by itself."""
    end = lapses_at(applied)
    if end is None or applied.known is None or applied.known.expires is None:
        return ""
    expires = applied.known.expires
    days = counted(expires.after.days, "day")
    over = end <= now
    when = f"{'It lapsed' if over else 'It lapses'} at {clock(end)}"
    if expires.counted_from is CountedFrom.SET:
        return f"{when}, {days} after it was set."
    return (
        f"It may {'have lapsed since' if over else 'lapse at'} {clock(end)}: {days} after the last use that is "
        "certain. Only the mail system knows which later mail needed it, and so prolonged it."
    )


def _begun_low(text: str) -> str:
    return text[:1].lower() + text[1:]
