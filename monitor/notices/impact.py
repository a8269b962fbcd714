"""The impact of an incident on people, in one sentence: the first line of its notices. Pure.

It says no more than was tested: a filter that was only asked "would" stop mail, and without a connection nobody is said
to stop anything.
"""

from typing import assert_never

from monitor.incidents.incident import Nature, Reason, Scope
from monitor.notices.context import NoticeContext
from monitor.notices.headline import CODES, NO_CONNECTION, affected_mail, people, stopped_mail
from monitor.notices.standing_wording import standing_impact
from probes.mailsystems.causes import NOBODY_WAITS
from probes.verdict import Concern, Grade, Outcome


def impact(context: NoticeContext) -> str:
    """Return what people at the companies notice, as one sentence."""
    who = _people_of(context)
    match context.incident.nature:
        case Nature.MAIL:
            return _of_mail(context, who)
        case Nature.THEIR_SYSTEM:
            return _of_their_system(context, who)
        case Nature.MAILBOX:
            return NOBODY_WAITS
        case Nature.STANDING:
            return standing_impact(context)
        case Nature.OURS:
            return f"It is not known whether {CODES} reach {who}: Mailpath cannot test it."
        case _:
            assert_never(context.incident.nature)


def _of_their_system(context: NoticeContext, who: str) -> str:
    """Where the sender was not tested, or only the probe's own address may be concerned, nobody's mail is said to be
    stopped."""
    mail = stopped_mail(context)
    match context.reason:
        case Reason.GATEWAY_DOWN:
            return f"It is not known whether {mail} reach {who}: the gateway there does not answer Mailpath."
        case Reason.NOTHING_REACHED:
            return f"{_begin(mail)} may not reach {who}: Mailpath cannot connect to the mail server there."
        case Reason.BOTH_LOST:
            return f"{_begin(mail)} may not reach {who}: test mail is accepted and then lost, a neutral sender's too."
        case Reason.NOT_ITS_DOMAIN:
            return f"{_begin(mail)} may not reach {who}: the mail server does not accept the domain of the test mail."
        case _:
            return f"{_begin(mail)} do not reach {who}, and the problem is not limited to this sender."


def _of_mail(context: NoticeContext, who: str) -> str:
    mail = stopped_mail(context)
    if context.reason in NO_CONNECTION:
        return f"{_begin(mail)} may not reach {who}: Mailpath cannot connect to the mail server there."
    if context.lead and context.lead.grade is Grade.SCANNED:
        return f"The filter of {who} would stop {mail}."
    if context.intermittent:
        return f"Some {mail} do not reach {who} in time."
    match context.incident.outcome:
        case Outcome.BLOCKED if _all_codes(context):
            return f"Nobody at {who} can receive a sign-in code."
        case Outcome.DEFERRED | Outcome.LATE if _all_codes(context):
            return f"Nobody at {who} receives a sign-in code before it expires."
        case Outcome.BLOCKED:
            return f"{_begin(mail)} do not reach {who}."
        case Outcome.MISSING:
            return f"{_begin(mail)} are accepted for {who} and do not arrive."
        case Outcome.DEFERRED:
            return f"{_begin(mail)} for {who} are delayed."
        case Outcome.LATE:
            return f"{_begin(mail)} reach {who} late."
        case Outcome.QUARANTINED:
            return f"{_begin(mail)} for {who} are held in quarantine."
        case Outcome.SPAM:
            return f"{_begin(mail)} for {who} are in the spam folder."
        case Outcome.INBOX | Outcome.UNKNOWN:
            return f"It is not known whether {mail} reach {who}."
        case _:
            assert_never(context.incident.outcome)


def _all_codes(context: NoticeContext) -> bool:
    """Test if all people of a company are known to be affected: codes of all kinds, on all paths, and because of the
    sender. What else stops a probe may concern its own address alone."""
    cause, narrow = context.incident.cause, context.incident.scope in (Scope.MAILBOX, Scope.KIND)
    about_sender = cause is not None and cause.concerns is Concern.SENDER
    return about_sender and not narrow and affected_mail(context) == CODES


def _people_of(context: NoticeContext) -> str:
    on_path = f" (path {context.lead.path})" if context.lead and context.incident.scope is Scope.MAILBOX else ""
    return people(context) + on_path


def _begin(text: str) -> str:
    return text[:1].upper() + text[1:]
