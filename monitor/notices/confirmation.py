"""One or two sentences about what is not certain yet, what will show it, and when. Pure.

It accuses nobody: it says what is awaited, not what to expect of it.
"""

from datetime import UTC, datetime

from monitor.incidents.incident import Failure, Nature, Reason
from monitor.notices.context import NoticeContext


def comparison(context: NoticeContext) -> str:
    """Return what the comparison with other senders showed, and what is still awaited; "" if there is nothing."""
    alone = context.lead is not None and _not_compared(context) and _no_control(context, context.lead)
    decided = "" if alone else context.decided_by
    return " ".join(filter(None, (decided, confirmation(context))))


def confirmation(context: NoticeContext) -> str:
    """Return what will confirm the cause or the severity; "" if nothing is awaited."""
    incident, lead = context.incident, context.lead
    if lead is None or not incident.open or incident.recovering or context.intermittent or context.known_late:
        return ""
    said = [_by_next_probe(context, lead), _by_control(context, lead) if _not_compared(context) else ""]
    return " ".join(filter(None, said))


def _by_next_probe(context: NoticeContext, lead: Failure) -> str:
    if context.every is None:
        return ""
    due = _by(lead.at + context.every, context.request.now)
    if context.reason is Reason.NOTHING_REACHED and len(context.request.companies) > len(context.companies):
        return f"Probes of other companies show whose it is; the next probe here is due{due or ' now'}."
    if sum(failure.bad for failure in context.failures) == 1:
        return f"One probe failed so far; the next one, due{due or ' now'}, shows whether it lasts."
    return ""


def _by_control(context: NoticeContext, lead: Failure) -> str:
    if _no_control(context, lead):
        return "No control can be sent on this path, so it is not known whether other senders' mail gets through."
    wait = context.request.controls.get((lead.company, lead.path))
    if wait is None:
        return ""
    due = _by(lead.at + wait, context.request.now)
    when = f", sent{due}," if due else ""
    return f"The next control{when} shows whether a neutral sender gets through."


def _not_compared(context: NoticeContext) -> bool:
    return context.incident.nature is Nature.MAIL and context.reason is Reason.NOT_COMPARED


def _no_control(context: NoticeContext, lead: Failure) -> bool:
    path = lead.company, lead.path
    return path in context.request.controls and context.request.controls[path] is None


def _by(at: datetime, now: datetime) -> str:
    """Return " by" and the time of day, with its date where it is another day; "" if it is past."""
    if at <= now:
        return ""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    return f" by {at:%H:%M} UTC" if at.date() == now.date() else f" by {at:%Y-%m-%d %H:%M} UTC"
