"""The page of one incident, and its forms: mute it, probe what fails, note what was changed."""

import re
from asyncio import gather
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from aiohttp import web

from monitor.actions.mutes import MuteError, may_end, mute
from monitor.actions.probes import CannotSendError, send_each
from monitor.actions.rate_limit import TooManyError
from monitor.incidents.incident import Incident
from monitor.people.caller import NotThereError
from monitor.people.person import Rights
from monitor.proving.preparing import RemedyError
from monitor.store import ProbeRow
from monitor.web.auth.needs import needs
from monitor.web.caller_view import CallerView, IncidentDetail, caller_view_of
from monitor.web.pages.diagnosis_card import newest_cards
from monitor.web.pages.diagnosis_offers import offers_of
from monitor.web.pages.incident_companies import (
    CodesMissed,
    affected_companies,
    affected_kinds,
    frame_of,
    further_companies,
    has_codes,
    missed_in,
    missed_of,
    shown_companies,
    without,
)
from monitor.web.pages.incident_timeline import MAX_SHOWN, PART_TITLES, TimelinePart, by_day, chosen, timeline_of
from monitor.web.pages.incident_view import MAX_COMPANIES_OFFERED, choices, incident_view, wishes_of
from monitor.web.pages.incidents import MAX_INPUT_CHARS, around_of
from monitor.web.pages.incidents_view import PageContext
from monitor.web.pages.mute_form import LENGTHS, TIME_FIELDS, mute_request
from monitor.web.pages.remedies import card_for, note_change, to_act_on, typed_in
from monitor.web.rendering import page
from monitor.web.runbooks.stored_texts import stored_texts, texts_about
from monitor.web.strips import frame_times
from probes.display import roughly
from probes.sender import Role

MAX_ID_CHARS = 64  # of an incident, in a file's name
MAX_SHARED = 5  # companies with a button of their own; others are shared on their pages
MAX_BY_HAND = 100  # probes of one company that somebody asked for
LOOK_BACK = timedelta(days=7)  # for these
JUST_NOW = timedelta(minutes=10)  # a probe by hand is shown beside the button that sent it
NO_INPUT: Mapping[str, str] = {}
WEB_ADDRESS = re.compile(r"https?://[!-~]+")


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [
        web.get("/incidents/{incident}", show_incident),
        web.post("/incidents/{incident}/mute", mute_incident),
        web.post("/incidents/{incident}/probe", probe_incident),
        web.post("/incidents/{incident}/remedies", change_at_incident),
        web.get("/incidents/{incident}/texts/{receiver}.eml", save_text),
    ]


async def show_incident(request: web.Request) -> web.Response:
    """One incident as a whole."""
    return await incident_page(request)


async def incident_page(
    request: web.Request,
    typed: Mapping[str, str] = NO_INPUT,
    wrong: Mapping[str, str] = NO_INPUT,
    status: int = 200,
    *,
    work_typed: Mapping[str, str] = NO_INPUT,
    work_wrong: str = "",
    remedy_typed: Mapping[str, str] = NO_INPUT,
    remedy_wrong: str = "",
) -> web.Response:
    """The page of the requested incident. `typed`, `wrong`: input of the mute's form, and its errors by field; of the
    forms of the work on it `work_typed` and `work_wrong`, of that of a remedy `remedy_typed` and `remedy_wrong`."""
    view = caller_view_of(request)
    around = await around_of(view)
    whole = await view.incident(request.match_info["incident"])
    incident = whole.incident
    asked = remedy_typed.get("company") or request.query.get("company", "")[:MAX_INPUT_CHARS]
    partly = not whole.entries  # whatever is an incident was opened, and its history says so
    return page(
        request,
        "incident.html",
        status=status,
        view=incident_view(whole, around, view.backend.config(), partly=partly),
        diagnoses=await newest_cards(
            view, ((each.company, each.path) for each in incident.failures), incident.began_at
        ),
        acting=await to_act_on(view, incident),
        remedy=await card_for(view, incident, asked),
        remedy_typed=remedy_typed,
        remedy_wrong=remedy_wrong,
        texts=await texts_about(view, incident, asked),
        asked=asked,
        named=[(key, around.name(key)) for key in incident.named[:MAX_COMPANIES_OFFERED]],
        work=whole.work,
        tickets=[(each.text, each.text if WEB_ADDRESS.fullmatch(each.text) else "") for each in whole.work.tickets],
        work_typed=work_typed,
        work_wrong=work_wrong,
        lengths=LENGTHS,
        typed=typed,
        wrong=wrong,
        now=around.now,
        **_allowed(view, incident, around, partly=partly),
        **await _companies(view, incident, around),
        **await _timeline(view, whole, around, request.query),
    )


def _allowed(view: CallerView, incident: Incident, around: PageContext, *, partly: bool) -> dict[str, Any]:
    """What the caller may do."""
    operator = view.caller.may(Rights.OPERATOR)
    return {
        "offers": offers_of(incident, around.paths) if operator else [],
        "choices": choices(incident, around, sees_all=view.caller.sees_all),
        "endable": {each.id for each in around.mutes if may_end(view, each)},
        "may_mute": operator,
        "may_work": operator and not partly,
        "may_share": _shareable(incident, around) if operator else [],
        "several": len(incident.companies) > 1,
        "may_probe": operator and bool(wishes_of(incident, around.paths)),
    }


def _shareable(incident: Incident, around: PageContext) -> list[tuple[str, str]]:
    """Key and name of the companies whose status can be shared, where they are few."""
    known = [key for key in incident.named if key in around.companies]
    return [(key, around.name(key)) for key in known] if len(known) <= MAX_SHARED else []


async def _companies(view: CallerView, incident: Incident, around: PageContext) -> dict[str, Any]:
    """The affected companies as they fare, and how many codes were missed."""
    frame = frame_of(incident, around.now)
    known = [company for company in shown_companies(incident) if company in around.companies]
    found = await gather(*(view.history(company, frame.since) for company in known))
    histories: dict[str, Sequence[ProbeRow]] = dict(zip(known, found, strict=True))
    return {
        "affected": affected_companies(incident, around, histories, frame),
        "further": further_companies(incident, around),
        "kinds": affected_kinds(incident),
        "frame": frame,
        "times": frame_times(frame),
        "codes": await _codes_missed(view, incident, around, histories) if has_codes(incident) else None,
    }


async def _codes_missed(
    view: CallerView, incident: Incident, around: PageContext, histories: Mapping[str, Sequence[ProbeRow]]
) -> CodesMissed | None:
    """Count single probes where the strips show all of the incident; else what is counted by hour."""
    if incident.began_at >= frame_of(incident, around.now).since and not further_companies(incident, around):
        rows = [row for history in histories.values() for row in history]
        return missed_in(rows, incident, around.paths, around.now)
    one = incident.companies[0] if len(incident.companies) == 1 else ""
    if one and one not in around.companies:
        return None
    since, results = await view.results(incident.began_at, one)
    later = (await view.results(incident.closed_at, one))[1] if incident.closed_at else []
    return missed_of(without(results, later), incident, around.paths, since)


async def _timeline(
    view: CallerView, whole: IncidentDetail, around: PageContext, asked: Mapping[str, str]
) -> dict[str, Any]:
    """The time line, as far as it is asked for."""
    incident = whole.incident
    ended = incident.closed_at or around.now
    since = max(incident.began_at, ended - LOOK_BACK)
    probes = await gather(*(view.probes_by_hand(company, since, MAX_BY_HAND) for company in shown_companies(incident)))
    names = {company: around.name(company) for company in incident.companies}
    entries = timeline_of(whole.entries, whole.notices, whole.work, chain.from_iterable(probes), names)
    show = asked.get("show", "") if asked.get("show", "") in list(TimelinePart) else ""
    wanted = chosen(entries, show)
    shown = wanted if asked.get("all") else wanted[:MAX_SHOWN]
    query = {name: asked[name][:MAX_INPUT_CHARS] for name in ("company", "show", "all") if asked.get(name)}
    just_now = around.now - JUST_NOW
    return {
        "days": by_day(shown),
        "left_out": len(wanted) - len(shown),
        "show": show,
        "parts_of_it": PART_TITLES,
        "sent": [each for each in entries if each.href and each.at >= just_now],
        "in_flight": any(each.in_flight for each in entries),
        "live_url": f"/incidents/{quote(incident.id, safe='')}" + (f"?{urlencode(query)}" if query else ""),
    }


async def save_text(request: web.Request) -> web.Response:
    """One text to send, as a message that mail programs open as a draft."""
    incident, receiver = request.match_info["incident"], request.match_info["receiver"]
    company = request.query.get("company", "")[:MAX_INPUT_CHARS]
    texts = await stored_texts(caller_view_of(request), incident, company)
    found = next((each for each in texts if each.receiver == receiver), None)
    if found is None:
        raise NotThereError("text of this name")
    name = f"mailpath-{incident[:MAX_ID_CHARS]}-{found.receiver}.eml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=found.eml(), content_type="message/rfc822", headers=headers)


@needs(Rights.OPERATOR)
async def probe_incident(request: web.Request) -> web.Response:
    """Probe what fails, as the sender: the same limits as for every probe by hand."""
    view = caller_view_of(request)
    wishes = wishes_of((await view.incident(request.match_info["incident"])).incident, view.paths())
    if not wishes:
        return await incident_page(request, status=409, work_wrong="none of its paths is monitored any more")
    try:
        await send_each(view, wishes, Role.SENDER)
    except CannotSendError as error:
        return await incident_page(request, status=422, work_wrong=str(error))
    except TooManyError as error:
        seconds = max(round(error.retry_after.total_seconds()), 1)
        response = await incident_page(request, status=429, work_wrong=f"{error}; try again in {roughly(seconds)}")
        response.headers["Retry-After"] = str(seconds)
        return response
    raise web.HTTPSeeOther(f"/incidents/{request.match_info['incident']}#work")


@needs(Rights.OPERATOR)
async def mute_incident(request: web.Request) -> web.Response:
    """Mute what the incident is about."""
    view = caller_view_of(request)
    await view.incident(request.match_info["incident"])
    typed = await typed_in(request)
    try:
        await mute(view, mute_request(typed, dict(parse_qsl(typed.get("about", "")))))
    except MuteError as error:
        return await incident_page(request, typed, {TIME_FIELDS.get(error.field, error.field): str(error)}, 422)
    except NotThereError as error:
        return await incident_page(request, typed, {"about": f"there is no {error}"}, 422)
    raise web.HTTPSeeOther(f"/incidents/{request.match_info['incident']}#mutes")


async def change_at_incident(request: web.Request) -> web.Response:
    """Note what a company has changed, by the form of the page. `note_change` says who may."""
    try:
        await note_change(request)
    except RemedyError as error:
        status = 409 if error.field in ("state", "company") else 422
        return await incident_page(
            request, status=status, remedy_typed=await typed_in(request), remedy_wrong=str(error)
        )
    company = (await typed_in(request)).get("company", "")
    where = f"?company={quote(company)}" if company else ""
    raise web.HTTPSeeOther(f"/incidents/{request.match_info['incident']}{where}#remedy")
