"""Interpret the attempts of a probe: was the company asked, why did an attempt stop, when is the next one due?

An attempt that failed on our side (resolver, network, a service that was not running) is no answer of the company's. So
the lifetime of a code is counted from the first attempt that reached the company, and a retry that we owed but did not
make excuses the company. Pure.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from probes.answer import BEFORE_CONTACT, Fault, Stage
from probes.evidence import Dialogue, Handover, Step
from probes.outcome import Cause
from probes.probe import Probe
from probes.reading.replies import cause_of, read_reply

ORDER = {stage: place for place, stage in enumerate(Stage)}

NO_WAY_OUT = frozenset({Fault.LOOKUP_FAILED, Fault.UNREACHABLE})
"""Faults of this machine or its network: nobody outside was involved."""

FIRST_RETRY_OF_OURS = timedelta(seconds=15)
"""Wait after an attempt that never left this machine; it doubles up to the sender's own schedule. No server sees these
attempts, so they load nobody, and a short fault of ours does not spoil a verdict."""

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

WORTH_NAMING = 0.15  # probability from which a candidate for an unclear reply is named to people

NOT_A_LOCAL_ADDRESS = frozenset({Cause.RELAY_DENIED, Cause.DOMAIN_UNKNOWN})
"""Server texts for a recipient that is not theirs: "Relay access denied", "Unrouteable address"."""


def telling_step(dialogue: Dialogue) -> Step:
    """Return the step that explains why the attempt stopped: the last one, unless that host could not be connected to
    and an earlier host had answered."""
    last = dialogue.last
    if last.stage not in BEFORE_CONTACT:
        return last
    answers = (step for step in reversed(dialogue.steps) if not step.good and step.stage not in BEFORE_CONTACT)
    return next(answers, last)


def cause_of_attempt(probe: Probe, dialogue: Dialogue) -> Cause:
    """Return why this attempt stopped, as far as its deciding step shows."""
    step = telling_step(dialogue)
    cause = cause_of_step(step)
    own_gateway = not probe.traits.relayed and step.stage is Stage.RCPT and dialogue.handover is Handover.REFUSED
    if own_gateway and cause in NOT_A_LOCAL_ADDRESS:  # it is the company's own domain that the gateway was asked about
        return Cause.NO_SUCH_USER
    return cause


def cause_of_step(step: Step) -> Cause:
    """Return the meaning of a step that stopped a dialogue."""
    if step.fault is not None:
        return Cause.FIREWALL if (step.stage, step.fault) == (Stage.CONNECT, Fault.TIMED_OUT) else FAULTS[step.fault]
    return cause_of(step.stage, step.code or 0, step.enhanced, step.text)


def candidates_of_step(step: Step) -> tuple[Cause, ...]:
    """Return the two causes between which the reply of a step could not be decided; () if it could, or says nothing."""
    if step.fault is not None:
        return ()
    facts = read_reply(step.text, stage=step.stage, code=step.code, enhanced=step.enhanced, live=True)
    if facts.cause is not Cause.UNCLEAR:
        return ()
    worth = tuple(rival.cause for rival in facts.rivals if rival.probability >= WORTH_NAMING)
    return worth[:2] if len(worth) > 1 else ()


def reached(dialogue: Dialogue) -> bool:
    """Test if this attempt connected to any host."""
    return any(step.stage not in BEFORE_CONTACT for step in dialogue.steps)


def asked(probe: Probe, dialogue: Dialogue) -> bool:
    """Test if this attempt reached the company's side, so that the result is its doing."""
    if dialogue.handover is Handover.ACCEPTED:
        return True
    return dialogue.handover is not Handover.WITHHELD and reached(dialogue) and asked_about_sender(probe, dialogue)


def asked_about_sender(probe: Probe, dialogue: Dialogue) -> bool:
    """Test if the receiver refused this sender, rather than something before it.

    The company never saw what a relay refuses; that refusal concerns our account. Only that the sender's own service
    stopped trying concerns the sender.
    """
    step = telling_step(dialogue)
    if probe.traits.relayed:
        return cause_of_step(step) is Cause.SUPPRESSED
    if (first := probe.traits.answers_from) is None:
        return True
    return any(ORDER[each.stage] >= ORDER[first] and each.fault is None for each in dialogue.steps)


def begun_at(dialogue: Dialogue) -> datetime:
    """Return when the first step of this attempt began, after all delays of our service and store."""
    if not dialogue.steps:
        return dialogue.at
    return dialogue.steps[0].at - timedelta(seconds=dialogue.steps[0].seconds)


def sent_at(probe: Probe, dialogues: Iterable[Dialogue]) -> datetime:
    """Return when the company was first asked; before that, when the code was issued."""
    first = next((dialogue for dialogue in dialogues if asked(probe, dialogue)), None)
    return max(begun_at(first), probe.created_at) if first else probe.created_at


def too_late_at(probe: Probe, dialogues: Iterable[Dialogue]) -> datetime:
    """Return the time from which a delay is the company's alone: one code lifetime after it was first asked."""
    return sent_at(probe, dialogues) + (probe.code_dead_at - probe.created_at)


def wait_after(probe: Probe, dialogues: Sequence[Dialogue], last: Dialogue) -> timedelta:
    """Return the wait after a deferred attempt: by the sender's schedule for a server's reply, shorter if it never left
    this machine. The one retry arithmetic: an earlier attempt that is not in `dialogues` counts as answered."""
    earlier = [each for each in dialogues if each.number <= last.number]
    ours = [each for each in earlier if each.last.fault in NO_WAY_OUT and not reached(each)]
    answers = max(last.number - len(ours), 1)
    by_schedule = probe.retry[min(answers, len(probe.retry)) - 1]
    if last not in ours:
        return by_schedule
    return min(by_schedule, FIRST_RETRY_OF_OURS * (1 << min(len(ours) - 1, 10)))


def unconnected_retry(probe: Probe, dialogues: Sequence[Dialogue]) -> Dialogue | None:
    """Return the last attempt during the code's lifetime in which no host could be connected to, for a reason that may
    be theirs or ours. The incident rules decide that from what others saw at the time."""
    deadline = too_late_at(probe, dialogues)
    last = next((each for each in reversed(dialogues) if begun_at(each) <= deadline), None)
    if last is None or reached(last) or last.last.fault in NO_WAY_OUT or last.handover is not Handover.DEFERRED:
        return None
    return last


def missed_retry(probe: Probe, dialogues: Sequence[Dialogue]) -> datetime | None:
    """Return when a retry was due that the real sender would have made during the code's lifetime and we missed, or
    made in vain for a reason of ours. None: we missed nothing."""
    deadline = too_late_at(probe, dialogues)
    answered = [each for each in dialogues if asked(probe, each) and begun_at(each) <= deadline]
    if not answered or answered[-1].handover is not Handover.DEFERRED:
        return None
    due = answered[-1].at + wait_after(probe, dialogues, answered[-1])
    return due if due < deadline else None


def cause_unasked(probe: Probe, step: Step) -> Cause:
    """Return why nobody could be asked about this sender. An unreachable gateway is the company's problem as long as
    our own connection works; the incident rules decide that from other companies."""
    if probe.traits.relayed and step.code is not None:
        return Cause.RELAY_DENIED
    if probe.traits.asserts_client and step.fault not in NO_WAY_OUT:
        return Cause.SERVER_FAULT
    return Cause.NETWORK
