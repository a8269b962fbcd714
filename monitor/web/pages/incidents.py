"""The pages of incidents and of mutes."""

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote

from aiohttp import web

from monitor.actions.mutes import MuteError, MuteRequest, may_end, mute, unmute
from monitor.actions.names import UnknownNameError, company_named, names_of, place_named
from monitor.incidents.incident import Severity
from monitor.incidents.mute import active, over
from monitor.people.caller import NotThereError
from monitor.people.person import Rights
from monitor.proving.preparing import RemedyError
from monitor.web.auth.needs import needs
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.pages.diagnosis_card import newest_cards
from monitor.web.pages.diagnosis_offers import offers_of
from monitor.web.pages.incidents_view import (
    MAX_COMPANIES_OFFERED,
    Chosen,
    PageContext,
    choices,
    incident_view,
    rows,
    silent,
)
from monitor.web.pages.probe import now_of
from monitor.web.pages.remedies import card_for, note_change, to_act_on, typed_in
from monitor.web.pages.suggestions import SuggestedName, suggestions
from monitor.web.rendering import page
from monitor.web.runbooks.stored_texts import stored_texts, texts_about
from probes.verdict import Cause

MAX_LISTED_INCIDENTS = 300  # incidents of a list
MAX_ID_CHARS = 64  # of an incident, in a file's name
MAX_INPUT_CHARS = 300  # characters of what is typed
LENGTHS = (("1h", "1 hour"), ("4h", "4 hours"), ("8h", "8 hours"), ("1d", "1 day"), ("3d", "3 days"), ("7d", "1 week"))
NO_INPUT: Mapping[str, str] = {}
WEB_ADDRESS = re.compile(r"https?://[!-~]+")
OTHER, UNTIL, WEEKLY = "other", "until", "weekly"
"""What is chosen where none of LENGTHS is: what was typed beside it counts."""


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [
        web.get("/incidents", show_list),
        web.get("/incidents/{incident}", show_incident),
        web.post("/incidents/{incident}/mute", mute_incident),
        web.post("/incidents/{incident}/remedies", change_at_incident),
        web.get("/incidents/{incident}/texts/{receiver}.eml", save_text),
        web.get("/mutes", show_mutes),
        web.post("/mutes", add_mute),
        web.post("/mutes/{mute}/end", end_mute),
    ]


async def around_of(view: CallerView) -> PageContext:
    """Return the context for this caller."""
    return PageContext(view.paths(), await view.mutes(), now_of(view), await view.open_work())


async def show_list(request: web.Request) -> web.Response:
    """Open ones, and those that are over."""
    view = caller_view_of(request)
    around = await around_of(view)
    said = {name: request.query.get(name, "").strip()[:MAX_INPUT_CHARS] for name in ("company", "severity", "state")}
    names, wrong = names_of(around.paths), ""
    chosen = Chosen(**said)
    try:
        chosen = replace(chosen, company=company_named(said["company"], names) if said["company"] else "")
    except UnknownNameError as error:
        wrong = str(error)
    found = await view.incidents(MAX_LISTED_INCIDENTS)
    opened, over_now = rows(found, around, chosen)
    return page(
        request,
        "incidents.html",
        opened=opened,
        over=over_now,
        most=MAX_LISTED_INCIDENTS if len(found) >= MAX_LISTED_INCIDENTS else 0,
        chosen=said,
        wrong="" if opened or over_now else wrong,  # else it was a company of the past
        offered=await suggestions(view, SuggestedName.COMPANY, said["company"]),
        severities=list(Severity),
        may_mute=view.caller.may(Rights.OPERATOR),
        now=around.now,
    )


async def show_incident(request: web.Request) -> web.Response:
    """One incident as a whole."""
    return await incident_page(request, NO_INPUT, NO_INPUT)


async def incident_page(
    request: web.Request,
    typed: Mapping[str, str],
    wrong: Mapping[str, str],
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
    asked = remedy_typed.get("company") or request.query.get("company", "")[:MAX_INPUT_CHARS]
    partly = not whole.entries  # whatever is an incident was opened, and its history says so
    return page(
        request,
        "incident.html",
        status=status,
        view=incident_view(whole, around, view.backend.config(), partly=partly),
        diagnoses=await newest_cards(
            view, ((each.company, each.path) for each in whole.incident.failures), whole.incident.began_at
        ),
        offers=offers_of(whole.incident, around.paths) if view.caller.may(Rights.OPERATOR) else [],
        acting=await to_act_on(view, whole.incident),
        remedy=await card_for(view, whole.incident, asked),
        remedy_typed=remedy_typed,
        remedy_wrong=remedy_wrong,
        texts=await texts_about(view, whole.incident, asked),
        asked=asked,
        named=[(key, around.name(key)) for key in whole.incident.named[:MAX_COMPANIES_OFFERED]],
        entries=whole.entries,
        choices=choices(whole.incident, around, sees_all=view.caller.sees_all),
        endable={each.id for each in around.mutes if may_end(view, each)},
        may_mute=view.caller.may(Rights.OPERATOR),
        may_work=view.caller.may(Rights.OPERATOR) and not partly,
        work=whole.work,
        tickets=[(each.text, each.text if WEB_ADDRESS.fullmatch(each.text) else "") for each in whole.work.tickets],
        work_typed=work_typed,
        work_wrong=work_wrong,
        lengths=LENGTHS,
        typed=typed,
        wrong=wrong,
        now=around.now,
    )


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
async def mute_incident(request: web.Request) -> web.Response:
    """Mute what the incident is about."""
    view = caller_view_of(request)
    await view.incident(request.match_info["incident"])
    typed = await typed_in(request)
    try:
        await mute(view, _silence(typed, dict(parse_qsl(typed.get("about", "")))))
    except MuteError as error:
        return await incident_page(request, typed, {_OF_INCIDENT.get(error.field, error.field): str(error)}, 422)
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
            request, NO_INPUT, NO_INPUT, status, remedy_typed=await typed_in(request), remedy_wrong=str(error)
        )
    company = (await typed_in(request)).get("company", "")
    where = f"?company={quote(company)}" if company else ""
    raise web.HTTPSeeOther(f"/incidents/{request.match_info['incident']}{where}#remedy")


@needs(Rights.OPERATOR)
async def show_mutes(request: web.Request) -> web.Response:
    """All mutes, and a form for one more."""
    return await _mutes(request, {}, {})


async def _mutes(
    request: web.Request, typed: Mapping[str, str], wrong: Mapping[str, str], status: int = 200
) -> web.Response:
    view = caller_view_of(request)
    around = await around_of(view)
    newest_first = around.mutes[::-1]
    ranked = sorted(newest_first, key=lambda each: (over(each, around.now), not active(each, around.now)))
    return page(
        request,
        "mutes.html",
        status=status,
        mutes=[silent(each, around.now, may_end=may_end(view, each)) for each in ranked[:MAX_LISTED_INCIDENTS]],
        more=max(len(ranked) - MAX_LISTED_INCIDENTS, 0),
        offered=await suggestions(view, SuggestedName.PLACE, typed.get("where", "")),
        systems=sorted({system for path in around.paths for system in path.mail_systems}),
        causes=sorted(Cause),
        lengths=LENGTHS,
        sees_all=view.caller.sees_all,
        typed=typed,
        wrong=wrong,
        now=around.now,
    )


@needs(Rights.OPERATOR)
async def add_mute(request: web.Request) -> web.Response:
    """Mute what the form says."""
    typed = await typed_in(request)
    view, where = caller_view_of(request), typed.get("where", "")
    place = {name: typed.get(name, "") for name in ("mail_system", "cause", "everything")}
    try:
        if where:
            place["company"], place["path"] = place_named(where, view.paths())
        await mute(view, _silence(typed, place))
    except UnknownNameError as error:
        return await _mutes(request, typed, {"where": str(error)}, 422)
    except MuteError as error:
        return await _mutes(request, typed, {_FIELDS.get(error.field, error.field): str(error)}, 422)
    except NotThereError as error:
        return await _mutes(request, typed, {"where": f"there is no {error}"}, 422)
    raise web.HTTPSeeOther("/mutes")


_OF_INCIDENT = dict.fromkeys(("times", "until", "weekly"), "lasts")
_FIELDS = {"company": "where", "path": "where", "about": "where"} | _OF_INCIDENT


@needs(Rights.OPERATOR)
async def end_mute(request: web.Request) -> web.Response:
    """End one before its time, and lead back to where that was asked for."""
    typed = await typed_in(request)
    try:
        await unmute(caller_view_of(request), request.match_info["mute"])
    except MuteError as error:
        return await _mutes(request, {}, {"mute": str(error)}, 409)
    incident = typed.get("incident", "")
    raise web.HTTPSeeOther(f"/incidents/{incident}#mutes" if incident.isalnum() and incident.isascii() else "/mutes")


def _silence(typed: Mapping[str, str], place: Mapping[str, str]) -> MuteRequest:
    chosen = typed.get("lasts", "")
    lengths = {OTHER: typed.get("lasts_other", ""), UNTIL: "", WEEKLY: ""}
    return MuteRequest(
        company=place.get("company", ""),
        path=place.get("path", ""),
        mail_system=place.get("mail_system", ""),
        cause=place.get("cause", ""),
        everything=bool(place.get("everything")),
        lasts=lengths.get(chosen, chosen),
        until=typed.get("until", "") if chosen == UNTIL else "",
        weekly=typed.get("weekly", "") if chosen == WEEKLY else "",
        why=typed.get("why", ""),
    )
