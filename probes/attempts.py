"""What the attempts of a probe say: whether the company was asked at all, why an attempt stopped, when the next is due.

An attempt that failed on our side (our resolver, our network, our service that was not running) is no answer of the
company's. So the life of a code is counted from the first attempt in which somebody there was asked, and a retry that
we owed and did not make excuses the company. Pure.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from probes.answer import BEFORE_CONTACT, Fault, Stage
from probes.evidence import Dialogue, Handover, Step
from probes.probe import Probe
from probes.reading.replies import cause_of
from probes.verdict import Cause

IMPERSONATING = frozenset({"xclient", "proxy"})

NO_WAY_OUT = frozenset({Fault.LOOKUP_FAILED, Fault.UNREACHABLE})
"""Faults of this machine or its network: nobody outside had a part in them."""

FIRST_RETRY_OF_OURS = timedelta(seconds=15)
"""The wait after an attempt that never left this machine; it doubles up to the sender's own schedule. No server sees
these attempts, so they burden nobody, and a short fault of ours costs no verdict."""

FAULTS: dict[Fault, Cause] = {
    Fault.DOMAIN_UNKNOWN: Cause.DOMAIN_UNKNOWN,
    Fault.LOOKUP_FAILED: Cause.NETWORK,
    Fault.REFUSED: Cause.UNCLEAR,  # nothing listens there, or a firewall answers in its place: a comparison must tell
    Fault.UNREACHABLE: Cause.NETWORK,
    Fault.TIMED_OUT: Cause.SERVER_FAULT,  # at CONNECT it is the firewall's: see `cause_of_step`
    Fault.RESET: Cause.FIREWALL,
    Fault.CLOSED: Cause.SERVER_FAULT,
    Fault.NONSENSE: Cause.SERVER_FAULT,
    Fault.TLS: Cause.TLS,
    Fault.NOT_OFFERED: Cause.TLS,
}

NOT_A_LOCAL_ADDRESS = frozenset({Cause.RELAY_DENIED, Cause.DOMAIN_UNKNOWN})
"""What servers say of a recipient that is not theirs: "Relay access denied", "Unrouteable address"."""


def telling_step(dialogue: Dialogue) -> Step:
    """The step that tells why the attempt stopped: the last one, unless that host could not even be connected to and
    another one, tried before it, had given an answer."""
    last = dialogue.last
    if last.stage not in BEFORE_CONTACT:
        return last
    answers = (step for step in reversed(dialogue.steps) if not step.good and step.stage not in BEFORE_CONTACT)
    return next(answers, last)


def cause_of_attempt(probe: Probe, dialogue: Dialogue) -> Cause:
    """Why this attempt stopped, as far as its deciding step tells."""
    step = telling_step(dialogue)
    cause = cause_of_step(step)
    own_gateway = probe.via != "relay" and step.stage is Stage.RCPT and dialogue.handover is Handover.REFUSED
    if own_gateway and cause in NOT_A_LOCAL_ADDRESS:  # it is the company's own domain that the gateway was asked about
        return Cause.NO_SUCH_USER
    return cause


def cause_of_step(step: Step) -> Cause:
    """What a step that stopped a dialogue means."""
    if step.fault is not None:
        return Cause.FIREWALL if (step.stage, step.fault) == (Stage.CONNECT, Fault.TIMED_OUT) else FAULTS[step.fault]
    return cause_of(step.stage, step.code or 0, step.enhanced, step.text)


def reached(dialogue: Dialogue) -> bool:
    """Whether a connection came about in this attempt, with whichever host."""
    return any(step.stage not in BEFORE_CONTACT for step in dialogue.steps)


def asked(probe: Probe, dialogue: Dialogue) -> bool:
    """Whether the company's side was asked in this attempt, so that what followed is its doing."""
    if dialogue.handover is Handover.ACCEPTED:
        return True
    return dialogue.handover is not Handover.WITHHELD and reached(dialogue) and asked_about_sender(probe, dialogue)


def asked_about_sender(probe: Probe, dialogue: Dialogue) -> bool:
    """Whether it was the receiver that spoke about this sender, and not something before it.

    What a relay refuses the company never heard of, and says something of our account; only that the sender's own
    service no longer tries is the sender's affair.
    """
    step = telling_step(dialogue)
    if probe.via == "relay":
        return cause_of_step(step) is Cause.SUPPRESSED
    if probe.via == "xclient":
        return any(s.stage is Stage.XCLIENT and s.fault is None for s in dialogue.steps)
    if probe.via == "proxy":
        return not (step.fault and step.stage in (Stage.LOOKUP, Stage.CONNECT, Stage.PROXY, Stage.BANNER))
    return True


def begun_at(dialogue: Dialogue) -> datetime:
    """When the first step of this attempt began: after all that our own service and its store took."""
    if not dialogue.steps:
        return dialogue.at
    return dialogue.steps[0].at - timedelta(seconds=dialogue.steps[0].seconds)


def sent_at(probe: Probe, dialogues: Iterable[Dialogue]) -> datetime:
    """When the company was first asked; before it was, when the code was issued."""
    first = next((dialogue for dialogue in dialogues if asked(probe, dialogue)), None)
    return max(begun_at(first), probe.created_at) if first else probe.created_at


def too_late_at(probe: Probe, dialogues: Iterable[Dialogue]) -> datetime:
    """From when on a delay is the company's alone: a code's whole life after it was first asked."""
    return sent_at(probe, dialogues) + (probe.code_dead_at - probe.created_at)


def wait_after(probe: Probe, dialogues: Sequence[Dialogue], last: Dialogue) -> timedelta:
    """How long to wait after this attempt, which was deferred: by the sender's schedule for what a server said, sooner
    for what never left this machine."""
    earlier = [each for each in dialogues if each.number <= last.number]
    ours = [each for each in earlier if each.last.fault in NO_WAY_OUT and not reached(each)]
    answers = max(len(earlier) - len(ours), 1)
    by_schedule = probe.retry[min(answers, len(probe.retry)) - 1]
    if last not in ours:
        return by_schedule
    return min(by_schedule, FIRST_RETRY_OF_OURS * (1 << min(len(ours) - 1, 10)))


def unconnected_retry(probe: Probe, dialogues: Sequence[Dialogue]) -> Dialogue | None:
    """The last attempt while the code lived, if it was made and no host could be connected to, for a reason that may be
    theirs as well as ours. The rules tell which, from what others saw at that time."""
    deadline = too_late_at(probe, dialogues)
    last = next((each for each in reversed(dialogues) if begun_at(each) <= deadline), None)
    if last is None or reached(last) or last.last.fault in NO_WAY_OUT or last.handover is not Handover.DEFERRED:
        return None
    return last


def missed_retry(probe: Probe, dialogues: Sequence[Dialogue]) -> datetime | None:
    """When a retry was due that the real sender would have made while the code lived and we did not make, or made in
    vain for a reason of ours. None: we owed nothing."""
    deadline = too_late_at(probe, dialogues)
    answered = [each for each in dialogues if asked(probe, each) and begun_at(each) <= deadline]
    if not answered or answered[-1].handover is not Handover.DEFERRED:
        return None
    due = answered[-1].at + wait_after(probe, dialogues, answered[-1])
    return due if due < deadline else None


def cause_unasked(probe: Probe, step: Step) -> Cause:
    """Why nobody could be asked about this sender. A company's own gateway that does not answer is the company's
    trouble, as far as our own way out works; which of the two it is, the rules tell from other companies."""
    if probe.via == "relay" and step.code is not None:
        return Cause.RELAY_DENIED
    if probe.via in IMPERSONATING and step.fault not in NO_WAY_OUT:
        return Cause.SERVER_FAULT
    return Cause.NETWORK
