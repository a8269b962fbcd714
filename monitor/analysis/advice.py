"""Advice about a refused or misplaced message that is no probe. Pure.

The remedy of the cause holds, where the sender's mail is stopped. The remedies of the other causes speak of a probe and
its mailbox; here they concern somebody's own mail.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from probes.mailsystems.advice import FilledAdvice
from probes.mailsystems.advise import advise
from probes.mailsystems.family import CauseFamily, family_of
from probes.outcome import Cause, Outcome

NO_CHANGE = "Do not change filters or allow lists: nothing points to the sender."
FIND_FIRST = "Do not add allow entries at random: find the rule first."


@dataclass(frozen=True, slots=True)
class ContentAdvice:
    """Advice. `who` acts, within a sentence; `whose_steps` names the mail system whose own terms the steps use, ""
    where they are general; `runbook` is the name of a page, "" where there is none."""

    who: str
    steps: tuple[str, ...]
    do_not: str
    whose_steps: str = ""
    workaround: tuple[str, ...] = ()
    takes_effect_within: timedelta = timedelta(0)
    runbook: str = ""


OF_CAUSE: dict[Cause, ContentAdvice] = {
    Cause.NO_SUCH_USER: ContentAdvice(
        "whoever sent the message, with the recipient",
        (
            "Check the spelling of the address, letter by letter.",
            "If it is right, the recipient's IT team creates the mailbox again, or says what replaced it.",
            "Then Trimble's mail service may have to delete a suppression of this address.",
        ),
        NO_CHANGE,
    ),
    Cause.CASE_SENSITIVE_USER: ContentAdvice(
        "the recipient's IT team",
        ("Configure the mail server to ignore upper and lower case in addresses.",),
        NO_CHANGE,
    ),
    Cause.MAILBOX_FULL: ContentAdvice(
        "the recipient", ("Delete mail, or have the quota raised.", "Then ask for the message again."), NO_CHANGE
    ),
    Cause.MAILBOX_DISABLED: ContentAdvice(
        "the recipient's IT team", ("Enable the mailbox again.", "Then ask for the message again."), NO_CHANGE
    ),
    Cause.MOVED: ContentAdvice(
        "the recipient", ("Look for a rule of the mailbox that moves the message, and remove it.",), NO_CHANGE
    ),
    Cause.DOMAIN_UNKNOWN: ContentAdvice(
        "whoever runs the recipient's domain",
        ("Check the spelling of the domain.", "If it is right, publish an MX record that names a server for its mail."),
        NO_CHANGE,
    ),
}
OF_FAMILY: dict[CauseFamily, ContentAdvice] = {
    CauseFamily.TRANSPORT: ContentAdvice(
        "the IT team of the server that reports the fault",
        ("Look for the message in the server's log by its time and queue id.", "Fix the error that stands there."),
        NO_CHANGE,
    ),
    CauseFamily.OURS: ContentAdvice(
        "whoever runs the server that sent the message",
        ("Look for the message in that server's log, and check its network and name server.",),
        NO_CHANGE,
    ),
    CauseFamily.UNCLEAR: ContentAdvice(
        "the recipient's IT team",
        ("Look for the message in the mail system's log by its time and queue id: the entry names the rule.",),
        FIND_FIRST,
    ),
}


UNPROVEN = ContentAdvice(
    "nobody, until it is known whose mail it is",
    (
        "Look for the sender in it: Trimble's mail is from {domain} and leaves from {ip}.",
        "If it is Trimble's mail, paste the whole bounce, or the message with all its headers.",
        "If it is not, its own sender must ask the receiver.",
    ),
    "Do not change anything for Trimble's mail because of it.",
)


def advice_for(
    cause: Cause, outcome: Outcome, mail_system: str, domain: str, ip: str, *, of_others: bool = False
) -> ContentAdvice:
    """Return what to do. `mail_system`: the key of the one that stopped the message, "" if unknown; `domain`, `ip`:
    the watched sender's. `of_others`: nothing shows that the message is the watched sender's, so nobody is to change
    anything for it."""
    family = family_of(cause)
    own = OF_CAUSE.get(cause) or OF_FAMILY.get(family)
    if own and not (cause is Cause.UNCLEAR and outcome in (Outcome.SPAM, Outcome.QUARANTINED)):
        return own
    if of_others:
        steps = tuple(step.format(domain=domain, ip=ip) for step in UNPROVEN.steps)
        return replace(UNPROVEN, steps=steps)
    return _of_advice(advise(cause, outcome, mail_system).filled(domain, ip, mail_system))


def _of_advice(found: FilledAdvice) -> ContentAdvice:
    return ContentAdvice(
        who=found.who,
        steps=found.steps,
        do_not=found.do_not,
        whose_steps=found.whose_steps,
        workaround=found.workaround,
        takes_effect_within=found.takes_effect_within,
        runbook=found.runbook,
    )
