"""Choose the advice for a failure. Pure: notices, pages, commands and the documentation ask here and nowhere else.

The most exact row that is known holds: what a comparison with a neutral sender showed goes before the cause, how many
companies have it before what one company could do, and the steps in the mail system's own terms before general ones.
"""

from dataclasses import replace
from enum import StrEnum
from typing import assert_never

from probes.attribution import Nature, Reason
from probes.mailsystems.advice import Actor, Advice, with_steps
from probes.mailsystems.causes import BY_CAUSE, BY_FAMILY, BY_OUTCOME, FOR_USERS
from probes.mailsystems.choose import own_steps, steps_for
from probes.mailsystems.compared import (
    AT_THE_VENDOR,
    CONTRADICTED,
    CONTRADICTED_WIDELY,
    DELAYS_ALL,
    LOST_EVERYWHERE,
    NARROWED,
    NO_WAY_OUT,
    ONE_LIST,
    RELAY_REFUSES_US,
    THEIR_SYSTEM,
    UNREACHED,
)
from probes.mailsystems.family import CauseFamily, family_of
from probes.mailsystems.system import Steps
from probes.mailsystems.table import is_service, is_shared, takes_effect_within
from probes.mailsystems.widespread import ASK_THE_VENDOR, LATE_WIDELY, RATE_LIMITED_WIDELY, WIDESPREAD
from probes.outcome import Cause, Outcome

THEIR_SYSTEM_RUNBOOK = "mailpath-their-system"
STANDING_RUNBOOK = "mailpath-standing"
STANDING = Advice(  # where nothing more exact is known: of an incident that is over
    "What is published about the sender is wrong.",
    Actor.SENDER,
    ("Read `mailpath standing`, and fix what it says is bad.",),
    "Do not publish a second SPF or DMARC record beside the old one: two make receivers ignore both.",
)


class Spread(StrEnum):
    """Number of companies that have it at once."""

    ONE_COMPANY = "one_company"
    ONE_SYSTEM = "one_system"  # several, which have a mail system in common
    MANY = "many"


def advise(
    cause: Cause | None,
    outcome: Outcome,
    mail_system: str = "",
    *,
    nature: Nature = Nature.MAIL,
    reason: Reason = Reason.NOT_COMPARED,
    spread: Spread = Spread.ONE_COMPANY,
) -> Advice:
    """Return the advice for this failure with this mail system, given by key; "" if there are several, or none is
    known. `nature` and `reason`: the attribution, as far as anything was compared."""
    match nature:
        case Nature.OURS:
            found = _ours(cause, reason)
        case Nature.THEIR_SYSTEM:
            found = _their_system(cause, outcome, mail_system, reason, spread)
        case Nature.STANDING:
            found = STANDING
        case Nature.MAIL:
            found = _of_the_mail(cause, outcome, mail_system, reason, spread)
        case Nature.MAILBOX:
            found = _of_the_mail(cause, outcome, mail_system, reason, Spread.ONE_COMPANY)
        case _:
            assert_never(nature)
    if found.at_a_service and is_service(mail_system):
        found = replace(found, steps=found.at_a_service, helpers=(*found.helpers, Actor.VENDOR))
    runbook = runbook_for(cause, outcome, nature)
    return replace(found, for_users=found.for_users or FOR_USERS[outcome], runbook=runbook)


def runbook_for(cause: Cause | None, outcome: Outcome, nature: Nature = Nature.MAIL) -> str:
    """Return the name of the runbook."""
    match nature:
        case Nature.THEIR_SYSTEM:
            return THEIR_SYSTEM_RUNBOOK
        case Nature.OURS:
            return f"cause-{CauseFamily.OURS}"
        case Nature.STANDING:
            return STANDING_RUNBOOK
        case Nature.MAIL | Nature.MAILBOX:
            return f"cause-{_family(cause, outcome)}"
        case _:
            assert_never(nature)


def exact_steps(cause: Cause | None, outcome: Outcome, mail_system: str) -> Steps:
    """Return the steps of the company's IT in the mail system's own terms; () if unknown."""
    if (cause, outcome) == (Cause.UNCLEAR, Outcome.LATE):
        return ()
    return steps_for(mail_system, cause, _family(cause, outcome))


def at_one_company(cause: Cause | None, outcome: Outcome) -> Advice:
    """Return the advice in general terms, without a comparison."""
    if cause is Cause.UNCLEAR and outcome in BY_OUTCOME:
        return BY_OUTCOME[outcome]
    by_cause = BY_CAUSE.get(cause) if cause else None
    return by_cause or BY_FAMILY[family_of(cause)]


def _family(cause: Cause | None, outcome: Outcome) -> CauseFamily:
    """What lies in the spam folder was classified as spam, also where nothing says why."""
    classified_as_spam = cause is Cause.UNCLEAR and outcome in (Outcome.SPAM, Outcome.QUARANTINED)
    return CauseFamily.CONTENT if classified_as_spam else family_of(cause)


def _of_the_mail(cause: Cause | None, outcome: Outcome, mail_system: str, reason: Reason, spread: Spread) -> Advice:
    if reason is Reason.NOTHING_REACHED or (reason is Reason.ONLY_HERE and spread is Spread.ONE_COMPANY):
        return UNREACHED[reason]
    steps = exact_steps(cause, outcome, mail_system)
    if spread is not Spread.ONE_COMPANY:
        return _at_several(cause, outcome, mail_system, reason, steps)
    if compared := CONTRADICTED.get((reason, cause)) or NARROWED.get((reason, cause)):
        return compared
    if reason in UNREACHED and (reason is not Reason.CONTROL_THROUGH or cause is Cause.FIREWALL):
        return UNREACHED[reason]
    found = with_steps(at_one_company(cause, outcome), steps, mail_system)
    if not found.by_company_alone:
        return found
    return replace(found, takes_effect_within=max(found.takes_effect_within, takes_effect_within(mail_system)))


def _at_several(cause: Cause | None, outcome: Outcome, mail_system: str, reason: Reason, steps: Steps) -> Advice:
    if (reason, cause) in CONTRADICTED:
        return _with_vendor(CONTRADICTED_WIDELY, mail_system)
    family = CauseFamily.FIREWALL if reason is Reason.ONLY_HERE else _family(cause, outcome)
    found = with_steps(_widely(cause, outcome, family), steps, mail_system)
    return found if family in OF_NO_VENDOR else _with_vendor(found, mail_system)


def _widely(cause: Cause | None, outcome: Outcome, family: CauseFamily) -> Advice:
    if cause is Cause.RATE_LIMITED:
        return RATE_LIMITED_WIDELY
    return LATE_WIDELY if (cause, outcome) == (Cause.UNCLEAR, Outcome.LATE) else WIDESPREAD[family]


def _with_vendor(found: Advice, mail_system: str) -> Advice:
    if not is_shared(mail_system):
        return found
    return replace(found, helpers=(*found.helpers, Actor.VENDOR), steps=(*found.steps, ASK_THE_VENDOR))


OF_NO_VENDOR = frozenset({CauseFamily.SUPPRESSED, CauseFamily.RECIPIENT, CauseFamily.OURS})
"""Families of causes that the vendor of the receiving mail system has no part in."""


def _their_system(cause: Cause | None, outcome: Outcome, mail_system: str, reason: Reason, spread: Spread) -> Advice:
    several = spread is not Spread.ONE_COMPANY
    if reason is Reason.SAME_LIST and several:
        return ONE_LIST
    if reason is Reason.LOOKUP and several:
        return WIDESPREAD[CauseFamily.RECIPIENT]
    found = THEIR_SYSTEM.get(reason) or UNREACHED.get(reason) or THEIR_SYSTEM[Reason.CONTROL_FAILS]
    if delays_others(reason, cause, outcome):
        found = with_steps(DELAYS_ALL, own_steps(mail_system, Cause.GREYLISTED), mail_system)
    if spread is not Spread.ONE_SYSTEM or not is_shared(mail_system) or not found.by_company_alone:
        return found
    own = found.at_a_service[:1] or found.steps
    return replace(found, actor=Actor.VENDOR, steps=AT_THE_VENDOR, workaround=own, at_a_service=())


def delays_others(reason: Reason, cause: Cause | None, outcome: Outcome) -> bool:
    """Test if a neutral sender's mail is deferred too, and some mail arrives in the end. (Mail that came late can be
    alike only in how it was deferred.)"""
    came = outcome is Outcome.LATE
    return (reason is Reason.SAME_ANSWER and (came or cause is Cause.GREYLISTED)) or (
        reason is Reason.CONTROL_FAILS and came
    )


def _ours(cause: Cause | None, reason: Reason) -> Advice:
    if reason is Reason.NO_WAY_OUT:
        return NO_WAY_OUT
    if reason in (Reason.CONTROL_FAILS, Reason.BOTH_LOST):
        return LOST_EVERYWHERE
    if reason is Reason.NOTHING_REACHED:
        return UNREACHED[reason]
    if cause is Cause.RELAY_DENIED:
        return RELAY_REFUSES_US
    if cause in (Cause.NETWORK, Cause.MALFORMED):
        return BY_CAUSE[cause]
    return BY_FAMILY[CauseFamily.OURS]
