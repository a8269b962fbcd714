"""The life of remedies at companies: the forms on an incident's page and a company's, and the list of all."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from aiohttp import web

from monitor.actions.names import UnknownNameError, company_named, names_of
from monitor.actions.remedies import (
    FORBIDDEN,
    RemedyWorker,
    may_say,
    may_say_anywhere,
    remedy_worker_of,
    visible_remedy,
)
from monitor.incidents.incident import FindingAbout, Incident
from monitor.people.caller import NotThereError
from monitor.proving.preparing import RemedyChange, RemedyError
from monitor.remedying.applied import TO_ACT_ON, AppliedRemedy
from monitor.remedying.lapse import last_result
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.pages.remedy_card import RemedyCard, RemedyRow, remedy_card, remedy_row
from monitor.web.pages.suggestions import SuggestedName, suggestions
from monitor.web.rendering import page

MAX_INPUT_CHARS = 400
MAX_ROWS = 300


def routes() -> list[web.RouteDef]:
    """Their routes; what an incident's form sends comes to `note_change`, which `incidents` registers."""
    return [web.get("/remedies", show_remedies), web.post("/remedies/{remedy}", act_on_remedy)]


async def note_change(request: web.Request) -> None:
    """Note what the form of an incident's page says was changed. Raises RemedyError."""
    view = caller_view_of(request)
    _check_may(view)
    typed = await typed_in(request)
    incident, company = await view.incident_at(request.match_info["incident"], typed.get("company", ""))
    change = RemedyChange(
        incident, company, typed.get("remedy", ""), typed.get("note", ""), _review(typed.get("review_on", ""))
    )
    await remedy_worker_of(view).changed(change)


async def act_on_remedy(request: web.Request) -> web.Response:
    """Do what the pressed button says, and lead back to where it is."""
    view = caller_view_of(request)
    _check_may(view)
    typed = await typed_in(request)
    applied = await visible_remedy(view.backend.store, view.caller, request.match_info["remedy"])
    try:
        await _act(remedy_worker_of(view), applied, typed.get("do", ""))
    except RemedyError as error:
        return await _list(request, str(error), 409)
    raise web.HTTPSeeOther(await _back(view, applied, typed.get("back", "")))


async def _act(worker: RemedyWorker, applied: AppliedRemedy, wanted: str) -> None:
    match wanted:
        case "test":
            await worker.test_now(applied)
        case "renewed":
            await worker.renewed(applied)
        case "undone":
            await worker.undone(applied)
        case _:
            raise RemedyError("state", "press one of the buttons")


async def _back(view: CallerView, applied: AppliedRemedy, wanted: str) -> str:
    """Return the page that the button was on; the company's where the incident is deleted."""
    if wanted == "list":
        return f"/remedies?company={applied.company}"
    if wanted == "company" or not await view.backend.store.incidents.has(applied.incident):
        return f"/companies/{applied.company}#remedies"
    return f"/incidents/{applied.incident}?company={applied.company}#remedy"


async def show_remedies(request: web.Request) -> web.Response:
    """All that the caller's companies have carried out, newest first."""
    return await _list(request)


async def _list(request: web.Request, wrong: str = "", status: int = 200) -> web.Response:
    view = caller_view_of(request)
    asked, unknown = request.query.get("company", "").strip()[:MAX_INPUT_CHARS], ""
    company = ""
    try:
        company = company_named(asked, names_of(view.paths())) if asked else ""
    except UnknownNameError as error:
        unknown = str(error)
    found = [] if unknown else await view.remedies(company)
    return page(
        request,
        "remedies.html",
        status=status,
        rows=rows_of(view, found[:MAX_ROWS]),
        more=max(len(found) - MAX_ROWS, 0),
        names={path.company: path.company_name for path in view.paths()},
        asked=asked,
        unknown=unknown,
        wrong=wrong,
        offered=await suggestions(view, SuggestedName.COMPANY, asked),
        now=view.backend.now(),
    )


def rows_of(view: CallerView, records: Sequence[AppliedRemedy]) -> list[RemedyRow]:
    """Return these as rows of a list."""
    config, now = view.backend.config(), view.backend.now()
    return [remedy_row(each, config, now, may=may_say(view.caller, each.company)) for each in records]


async def to_act_on(view: CallerView, incident: Incident) -> list[RemedyRow]:
    """Return the remedies that an incident is about; none where it is about something else."""
    if incident.about is not FindingAbout.REMEDY:
        return []
    now, records = view.backend.now(), await view.remedies(incident.company)
    return rows_of(view, [each for each in records if last_result(each, now) in TO_ACT_ON])


async def card_for(view: CallerView, incident: Incident, asked: str) -> RemedyCard | None:
    """Return the card of the company that is asked for, or of the only one that the incident affects."""
    own = view.caller.seen(incident.named)
    company = asked if asked in own else own[0] if len(own) == 1 else ""
    try:
        paths = view.paths(company) if company else []
    except NotThereError:
        return None
    if not paths:
        return None
    records, may = await view.remedies(company), may_say(view.caller, company)
    first, backend = paths[0], view.backend
    return remedy_card(
        *(incident, company, first.company_name, first.mail_systems, records, backend.config(), backend.now()), may=may
    )


async def typed_in(request: web.Request) -> dict[str, str]:
    """Return what was filled in, cut to what anybody would type; a file is nothing."""
    form = await request.post()
    return {
        name: value.strip()[:MAX_INPUT_CHARS]
        for name, value in form.items()
        if isinstance(value, str) and name != "form"
    }


def _check_may(view: CallerView) -> None:
    """What is not the caller's does not exist for them, so this is all that is left to check."""
    if not may_say_anywhere(view.caller):
        raise web.HTTPForbidden(text=FORBIDDEN)


def _review(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError:
        raise RemedyError("review", "the review date must be a date of the calendar, like 2027-05-31") from None
