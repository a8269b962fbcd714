"""The title of a notice: one line that says what happens, and to whom. Pure."""

from typing import assert_never

from monitor.incidents.incident import Nature, Reason, Scope
from monitor.notices.context import NoticeContext, NoticeRequest, scene_of
from monitor.notices.notice import NoticeKind
from monitor.notices.their_trouble import MOST_KINDS_IN_A_TITLE, kinds_of, their_trouble
from probes.display import counted, lasting, one_line
from probes.labels import CAUSES, KINDS, OUTCOMES
from probes.mailsystems.table import system_label
from probes.verdict import Cause

MAX_TITLE_CHARS = 200
ALL_MAIL = "mail"


def title(telling: NoticeRequest) -> str:
    """One line: what, and who has it."""
    scene = scene_of(telling)
    return one_line(_news(scene) + headline(scene), MAX_TITLE_CHARS)


def headline(scene: NoticeContext) -> str:
    """The incident in a line."""
    often = ""
    if scene.intermittent and scene.lead and scene.incident.nature is not Nature.OURS:
        often = f", intermittent: {scene.lead.bad} of {scene.lead.of_last} probes"
    return _headline(scene) + often


def _headline(scene: NoticeContext) -> str:
    incident, who = scene.incident, _who(scene)
    match incident.nature:
        case Nature.MAIL:
            return f"{who}: {_what(scene)} from {scene.telling.sender.domain} {_stopped(scene)}"
        case Nature.MAILBOX:
            return f"{who}: probe mailbox problem{_cause(incident.cause)}"
        case Nature.THEIR_SYSTEM:
            return f"{who}: {their_trouble(scene)}"
        case Nature.OURS:
            return f"Mailpath cannot test {who}{_cause(incident.cause)}"
        case _:
            assert_never(incident.nature)


NO_CONNECTION = frozenset({Reason.ONLY_HERE, Reason.NOTHING_REACHED})
"""Reasons for which nobody may be said to block the sender: there was no connection, and no proof whose fault it is."""


def _stopped(scene: NoticeContext) -> str:
    """After "mail from the sender"."""
    if scene.reason in NO_CONNECTION:
        return "could not be delivered (no connection)" if _past(scene) else "cannot be delivered (no connection)"
    one = _what(scene) == ALL_MAIL
    is_or_was = ("was" if one else "were") if _past(scene) else ("is" if one else "are")
    return f"{is_or_was} {OUTCOMES[scene.incident.outcome].sentence}{_cause(scene.incident.cause)}"


def _past(scene: NoticeContext) -> bool:
    return scene.telling.news is NoticeKind.RESOLVED


def _cause(cause: Cause | None) -> str:
    """At the end of a title."""
    return f" ({CAUSES[cause].label})" if cause else ""


def _news(scene: NoticeContext) -> str:
    match scene.telling.news:
        case NoticeKind.OPENED:
            return "Reopened: " if scene.incident.relapses else ""
        case NoticeKind.WIDENED:
            return "Scope widened: "
        case NoticeKind.GREW:
            return "More companies: "
        case NoticeKind.NARROWED:
            return "Mostly resolved: "
        case NoticeKind.CHANGED | NoticeKind.CAUSE_CHANGED:
            return "Changed: "
        case NoticeKind.REMINDER:
            return f"Still open after {lasting(scene.lasted)}: "
        case NoticeKind.RESOLVED:
            return f"Resolved after {lasting(scene.lasted)}: "
        case NoticeKind.MERGED:
            return "Merged: "
        case _:
            assert_never(scene.telling.news)


def _who(scene: NoticeContext) -> str:
    """A company by its name, several by their number; of those that a channel may not hear of, nothing."""
    incident, names = scene.incident, scene.names()
    many = counted(len(names), "company", "companies")
    part = scene.whole and len(names) < scene.watched
    if part and incident.open:
        many = f"{len(names)} of {counted(scene.watched, 'company', 'companies')}"
    if len(names) == 1 or not scene.whole:
        on_path = f", path {scene.lead.path}" if scene.lead and incident.scope is Scope.MAILBOX else ""
        return (names[0] if len(names) == 1 else many) + on_path
    if incident.scope is Scope.MAIL_SYSTEM:
        return f"{system_label(incident.mail_system)}, {many}"
    return f"All {many}" if incident.scope is Scope.EVERYBODY and not part else many


def _what(scene: NoticeContext) -> str:
    kinds = kinds_of(scene)
    few = 0 < len(kinds) <= MOST_KINDS_IN_A_TITLE
    return (
        " and ".join(KINDS[kind].sentence for kind in kinds) if scene.incident.scope is Scope.KIND and few else ALL_MAIL
    )
