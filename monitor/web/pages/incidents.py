"""The pages of incidents and of mutes."""

from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from monitor.actions.mutes import MuteError, may_end, mute, unmute
from monitor.actions.names import UnknownNameError, company_named, names_of, place_named
from monitor.incidents.incident import Severity
from monitor.incidents.mute import active, over
from monitor.people.caller import NotThereError
from monitor.people.person import Rights
from monitor.web.auth.needs import needs
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.pages.incidents_view import (
    Chosen,
    PageContext,
    rows,
    silent,
)
from monitor.web.pages.mute_form import LENGTHS, TIME_FIELDS, mute_request
from monitor.web.pages.probe import now_of
from monitor.web.pages.remedies import typed_in
from monitor.web.pages.suggestions import SuggestedName, suggestions
from monitor.web.rendering import page
from probes.verdict import Cause

MAX_LISTED_INCIDENTS = 300  # incidents of a list
MAX_INPUT_CHARS = 300  # characters of what is typed


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [
        web.get("/incidents", show_list),
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
        await mute(view, mute_request(typed, place))
    except UnknownNameError as error:
        return await _mutes(request, typed, {"where": str(error)}, 422)
    except MuteError as error:
        return await _mutes(request, typed, {_FIELDS.get(error.field, error.field): str(error)}, 422)
    except NotThereError as error:
        return await _mutes(request, typed, {"where": f"there is no {error}"}, 422)
    raise web.HTTPSeeOther("/mutes")


_FIELDS = {"company": "where", "path": "where", "about": "where"} | TIME_FIELDS


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
