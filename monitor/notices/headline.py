"""The title of a notice: one line that says what happens, and to whom. Pure."""

from typing import assert_never

from monitor.incidents.incident import Nature, Reason, Scope
from monitor.incidents.labels import SEVERITIES
from monitor.notices.context import NoticeContext
from monitor.notices.notice import NoticeKind
from monitor.notices.standing_wording import standing_headline
from monitor.notices.their_trouble import MAX_KINDS_IN_A_TITLE, kinds_of, their_trouble
from probes.display import counted, lasting, one_line
from probes.labels import CAUSES, KINDS, OUTCOMES
from probes.mailsystems.table import system_label
from probes.verdict import Cause

MAX_TITLE_CHARS = 200
CODES = "sign-in codes"


def title(context: NoticeContext) -> str:
    """One line: how urgent, what, and who has it. The severity is first, for people who are woken by it."""
    news, incident = context.request.news, context.incident
    urgency = (
        "" if news.ends or news is NoticeKind.ACKNOWLEDGED else f"[{SEVERITIES[incident.severity].label.upper()}] "
    )
    return one_line(urgency + _what_changed(context) + headline(context), MAX_TITLE_CHARS)


def headline(context: NoticeContext) -> str:
    """The incident in a line."""
    often = ""
    if context.intermittent and context.lead and context.incident.nature is not Nature.OURS:
        often = f", intermittent: {context.lead.bad} of {context.lead.of_last} probes"
    return _headline(context) + often


def _headline(context: NoticeContext) -> str:
    incident, who = context.incident, _who(context)
    match incident.nature:
        case Nature.MAIL:
            return f"{who}: {stopped_mail(context)} {_stopped(context)}"
        case Nature.MAILBOX:
            return f"{who}: probe mailbox problem{_cause(incident.cause)}"
        case Nature.THEIR_SYSTEM:
            return f"{who}: {their_trouble(context)}"
        case Nature.STANDING:
            return standing_headline(context)
        case Nature.OURS:
            return f"Mailpath cannot test {who}{_cause(incident.cause)}"
        case _:
            assert_never(incident.nature)


NO_CONNECTION = frozenset({Reason.ONLY_HERE, Reason.NOTHING_REACHED})
"""Reasons for which nobody may be said to block the sender: there was no connection, and no proof whose fault it is."""


def _stopped(context: NoticeContext) -> str:
    """After the affected mail."""
    if context.reason in NO_CONNECTION:
        return "could not be delivered (no connection)" if _past(context) else "cannot be delivered (no connection)"
    are_or_were = "were" if _past(context) else "are"
    return f"{are_or_were} {OUTCOMES[context.incident.outcome].sentence}{_cause(context.incident.cause)}"


def _past(context: NoticeContext) -> bool:
    return context.request.news is NoticeKind.RESOLVED


def _cause(cause: Cause | None) -> str:
    """At the end of a title."""
    return f" ({CAUSES[cause].label})" if cause else ""


def _what_changed(context: NoticeContext) -> str:
    match context.request.news:
        case NoticeKind.OPENED:
            return "Reopened: " if context.incident.relapses else ""
        case NoticeKind.WIDENED:
            return "Scope widened: "
        case NoticeKind.GREW:
            return "More companies: "
        case NoticeKind.NARROWED:
            return "Mostly resolved: "
        case NoticeKind.CHANGED | NoticeKind.CAUSE_CHANGED:
            return "Changed: "
        case NoticeKind.ACKNOWLEDGED:
            return f"Acknowledged by {context.held_by}: "
        case NoticeKind.REMINDER:
            return f"Still open after {lasting(context.lasted)}: "
        case NoticeKind.RESOLVED:
            missed = ", while this channel could not be reached" if context.request.missed else ""
            return f"Resolved after {lasting(context.lasted)}{missed}: "
        case NoticeKind.MERGED:
            return "Merged: "
        case _:
            assert_never(context.request.news)


def _who(context: NoticeContext) -> str:
    """Name one company, count several; companies that the channel may not see are not mentioned."""
    incident, names = context.incident, context.names()
    many = counted(len(names), "company", "companies")
    part = context.whole and len(names) < context.watched
    if part and incident.open:
        many = f"{len(names)} of {counted(context.watched, 'company', 'companies')}"
    if len(names) == 1 or not context.whole:
        on_path = f", path {context.lead.path}" if context.lead and incident.scope is Scope.MAILBOX else ""
        return (names[0] if len(names) == 1 else many) + on_path
    if incident.scope is Scope.MAIL_SYSTEM:
        return f"{system_label(incident.mail_system)}, {many}"
    return f"All {many}" if incident.scope is Scope.EVERYBODY and not part else many


def people(context: NoticeContext) -> str:
    """Name one company, count several."""
    names = context.names()
    if len(names) == 1:
        return names[0]
    many = counted(len(names), "company", "companies")
    part = context.whole and len(names) < context.watched
    return f"{len(names)} of {counted(context.watched, 'company', 'companies')}" if part else many


def affected_mail(context: NoticeContext) -> str:
    """Return what is affected, in the plural: codes, where mail with codes is among it, or else the kinds."""
    kinds = kinds_of(context)
    if not kinds or any(kind.facts.needs_code for kind in kinds):
        return CODES
    return " and ".join(KINDS[kind].sentence for kind in kinds)


def stopped_mail(context: NoticeContext) -> str:
    """Return the same, but the kinds by name where only one or two are affected."""
    kinds = kinds_of(context)
    few = context.incident.scope is Scope.KIND and 0 < len(kinds) <= MAX_KINDS_IN_A_TITLE
    return " and ".join(KINDS[kind].sentence for kind in kinds) if few else affected_mail(context)
