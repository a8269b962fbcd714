"""Title of a problem of a mail system that refuses other senders too: all mail, a path, some kinds, or intermittently.

"No mail at all" is used only if nothing is known to get through.
"""

from monitor.incidents.advice import after_reading
from monitor.incidents.incident import Nature, Reason, Scope
from monitor.notices.context import NoticeContext
from probes.display import listed
from probes.kinds import Kind
from probes.labels import KINDS
from probes.mailsystems.advise import delays_others

MAX_KINDS_IN_A_TITLE = 2


def their_trouble(context: NoticeContext) -> str:
    """Return the text after the company's name and a colon."""
    its = "its mail system" if context.incident.company else "the mail system"
    match context.reason:
        case Reason.GATEWAY_DOWN:
            return f"{'its' if context.incident.company else 'the'} gateway does not answer"
        case Reason.LOOKUP:
            return "no mail server found in DNS"
        case Reason.NOTHING_REACHED:
            return "no connection, neither for the sender nor for a neutral sender"
        case reason if delays_others(reason, context.incident.cause, context.incident.outcome):
            return f"{its} delays other senders' mail too (a neutral sender is deferred as well)"
        case Reason.SAME_LIST if context.incident.scope is Scope.EVERYBODY:
            return "one blocklist rejects the sender and a neutral sender: it lists both, or everybody"
        case Reason.SAME_LIST:
            return f"{its} rejects other senders too (the same blocklist rejects a neutral sender)"
        case Reason.NOT_ITS_DOMAIN:
            its = "its mail server accepts" if context.incident.company else "the mail server accepts"
            return f"{its} no mail for the probe's domain (not an accepted domain there)"
        case Reason.SAME_TEXT:
            its = "its filter" if context.incident.company else "the filter"
            return f"{its} rejects the content of the mail (also from a neutral sender)"
        case Reason.BOTH_LOST:
            return "mail is accepted but does not reach the probe's mailbox (nor does a neutral sender's)"
        case Reason.SAME_ANSWER:
            return _stops_others(context, its, "same answer", "a neutral sender gets the same answer")
        case _:
            return _stops_others(context, its, "it fails too", "a neutral sender fails too")


def _stops_others(context: NoticeContext, its: str, too: str, known: str) -> str:
    """Return the affected part of a company's mail, as far as known."""
    if after_reading(context.lead) or not context.incident.open:  # what failed last is not all that failed
        return f"{its} stops other senders' mail too ({known})"
    accepted_then_lost = context.reason is Reason.CONTROL_FAILS  # perhaps one of the two mails
    verb = "deliver" if accepted_then_lost else "accept"
    paths = sorted({failure.path for failure in context.failures if failure.nature is Nature.THEIR_SYSTEM})
    match context.incident.part:
        case Scope.MAILBOX if paths:
            one = len(paths) == 1
            subject = f"path {paths[0]} {verb}s" if one else f"paths {listed(paths)} {verb}"
            return f"{subject} no mail at all ({known})"
        case None:
            return f"{its} {verb}s no mail at all ({known})"
        case _:
            return f"{its} stops {_stopped_kinds(context)}, also from a neutral sender ({too})"


def _stopped_kinds(context: NoticeContext) -> str:
    """Return the kinds, if others get through beside them."""
    theirs = {failure.kind for failure in context.failures if failure.nature is Nature.THEIR_SYSTEM}
    kinds = [kind for kind in Kind if kind in theirs]
    known = context.incident.part is Scope.KIND and 0 < len(kinds) <= MAX_KINDS_IN_A_TITLE
    return " and ".join(KINDS[kind].sentence for kind in kinds) if known else "some mail"


def kinds_of(context: NoticeContext) -> list[Kind]:
    """Return the failing kinds, as far as stored; at the end those that failed at any time: the last is not all."""
    before = context.request.before
    failing = {failure.kind for failure in context.failures}
    if context.request.news.ends and before:
        failing |= set(before.kinds)
    return [kind for kind in Kind if kind in failing]
