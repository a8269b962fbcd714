"""Incidents: the list, and one with its history and its notices."""

from datetime import datetime
from typing import Literal

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.incidents.incident import Incident, worst_first
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
from monitor.web.api.fields import MAX_PAGE_SIZE, Key, NoBody, NoQuery
from monitor.web.api.operation import Call, answered
from monitor.web.api.paging import PageOfList, page_of
from monitor.web.api.probes import Filter, known
from monitor.web.caller_view import HIDDEN_MUTES

LOOKED_THROUGH = 1000
PASSING = ("seconds",)


class Which(PageOfList):
    """The requested incidents."""

    company: Key | None = Field(None, description="Incidents that affect this company, or affected it.")
    state: Literal["open", "closed", "all"] = Field("open", description="`open`, `closed` or `all`.")
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
    found = sorted(view.open_incidents(), key=worst_first) if query.state != "closed" else []
    if query.state != "open":
        found += [incident for incident in await view.incidents(LOOKED_THROUGH) if not incident.open]
    if query.company:
        found = [each for each in found if query.company in (each.touches if each.open else each.companies)]
    now, works = view.backend.now(), await view.open_work()
    incidents, following = page_of(found, lambda incident: incident.id, query)
    facts = [facts_of(incident, works.get(incident.id, NO_WORK), now) for incident in incidents]
    return answered({"incidents": facts, "next": following})


async def show(call: Call[NoQuery, NoBody]) -> web.Response:
    """One as a whole."""
    whole = await call.view.incident(call.part("incident"))
    facts: WholeJson = {
        **facts_of(whole.incident, whole.work, call.view.backend.now()),
        "standing": [finding_json(found) for found in whole.incident.standing],
        "failures": [failure_json(failure) for failure in whole.incident.failures],
        "history": [entry_json(entry) for entry in whole.entries],
        "notices": [notice_json(record) for record in whole.notices],
        "comments": comments_json(whole.work),
    }
    return answered(facts)
