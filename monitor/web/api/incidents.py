"""Incidents: the list, and one with its history and its notices."""

from datetime import datetime
from enum import StrEnum

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.incidents.incident import Incident, Scope, Severity, worst_first
from monitor.incidents.incident_filter import IncidentFilter
from monitor.incidents.work import NO_WORK, IncidentWork
from monitor.output.incident_json import (
    IncidentJson,
    WholeJson,
    comments_json,
    entry_json,
    failure_json,
    finding_json,
    incident_json,
    notice_json,
)
from monitor.people.caller import NotThereError
from monitor.web.api.fields import MAX_PAGE_SIZE, Key, Moment, NoBody, NoQuery
from monitor.web.api.operation import Call, answered
from monitor.web.api.paging import PageOfList, no_such_place, page_of
from monitor.web.api.probes import Filter, known
from monitor.web.caller_view import HIDDEN_MUTES, CallerView
from probes.mailsystems.words import MailSystemKey
from probes.verdict import Cause, Outcome

OPEN = "open."  # begins the cursor of an open incident
PASSING = ("seconds",)


class IncidentState(StrEnum):
    """States of incidents, as a condition."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


class Which(PageOfList):
    """The requested incidents."""

    company: Key | None = Field(None, description="Incidents that affect this company, or affected it.")
    state: IncidentState = Field(IncidentState.OPEN, description="`open`, `closed` or `all`.")
    severity: Severity | None = Field(None, description="The severity; of a closed incident the highest that it had.")
    scope: Scope | None = Field(None, description="The scope.")
    outcome: Outcome | None = Field(None, description="The outcome.")
    cause: Cause | None = Field(None, description="The cause.")
    mail_system: MailSystemKey | None = Field(None, description="Incidents at companies with this mail system.")
    since: Moment | None = Field(None, description="Open at this time or later.")
    until: Moment | None = Field(None, description="Opened before this time.")
    most: int = Field(100, ge=1, le=MAX_PAGE_SIZE, description=f"Page size, at most {MAX_PAGE_SIZE}.")


class IncidentsFacts(TypedDict):
    """Open ones first, the worst of them first; then those that are over, the newest first.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    incidents: list[IncidentJson]
    next: str | None


def facts_of(incident: Incident, work: IncidentWork, now: datetime) -> IncidentJson:
    """Return an incident as JSON; its mutes only if the caller may see all of it."""
    facts = incident_json(incident, incident.muted_by, work, now)
    return {**facts, "muted_by": [] if incident.muted_by == HIDDEN_MUTES else facts["muted_by"]}


async def show_list(call: Call[Which, NoBody]) -> web.Response:
    """Those that the caller may see, as far as they may see them."""
    query, view = call.query, call.view
    if query.company:
        await known(view, Filter(company=query.company))
    incidents, following = await _page(view, query)
    now, works = view.backend.now(), await view.open_work()
    facts = [facts_of(incident, works.get(incident.id, NO_WORK), now) for incident in incidents]
    return answered({"incidents": facts, "next": following})


async def _page(view: CallerView, query: Which) -> tuple[list[Incident], str | None]:
    """Return the incidents of this page, and the cursor of the following one: an id, after `OPEN` that of an open one.
    Open ones are in memory; the others are read from the store."""
    wanted, cursor, found = _wanted(view, query), query.cursor or "", list[Incident]()
    if query.state is not IncidentState.CLOSED and (not cursor or cursor.startswith(OPEN)):
        opened = sorted(filter(wanted.matches, view.open_incidents()), key=worst_first)
        place = query.model_copy(update={"cursor": cursor.removeprefix(OPEN) or None})
        part, following = page_of(opened, lambda incident: incident.id, place)
        if following or query.state is IncidentState.OPEN:
            return list(part), following and OPEN + following
        found, cursor = list(part), ""
    elif query.state is IncidentState.OPEN:
        raise no_such_place()
    room = query.most - len(found)
    try:
        closed, last = await view.closed_incidents(cursor, max(room, 1), wanted.matches)
    except NotThereError:
        raise no_such_place() from None
    if not room:  # the page ends where the open ones do
        return found, OPEN + found[-1].id if closed else None
    return found + closed, last or None


def _wanted(view: CallerView, query: Which) -> IncidentFilter:
    system = query.mail_system or ""
    with_it = frozenset(path.company for path in view.paths() if system in path.mail_systems) if system else frozenset()
    return IncidentFilter(
        company=query.company or "",
        severity=query.severity,
        scope=query.scope,
        outcome=query.outcome,
        cause=query.cause,
        mail_system=system,
        at_companies=with_it,
        since=query.since,
        until=query.until,
    )


async def show(call: Call[NoQuery, NoBody]) -> web.Response:
    """One as a whole."""
    whole = await call.view.incident(call.part("incident"))
    facts: WholeJson = {
        **facts_of(whole.incident, whole.work, call.view.backend.now()),
        "findings": [finding_json(found) for found in whole.incident.standing],
        "failures": [failure_json(failure) for failure in whole.incident.failures],
        "history": [entry_json(entry) for entry in whole.entries],
        "notices": [notice_json(record) for record in whole.notices],
        "comments": comments_json(whole.work),
    }
    return answered(facts)
