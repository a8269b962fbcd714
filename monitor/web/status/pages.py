"""The handlers of status pages, their feeds and badges."""

import hashlib
from asyncio import gather
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from aiohttp import web

from monitor.actions.shares import share_url
from monitor.incidents.incident import Incident
from monitor.incidents.work import IncidentAction
from monitor.output.code_tiles import window_starts
from monitor.people.caller import NotThereError
from monitor.people.share_links import PATH
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.charts import LINE
from monitor.web.headers import EMBEDDED
from monitor.web.pages.company_impact import Impact
from monitor.web.rendering import ANY_TAG, page
from monitor.web.status.access import REFUSALS, RETRY_SECONDS, OpenShare, RefusedShareError, ShareRefusal, open_share
from monitor.web.status.badge import badge
from monitor.web.status.feed import atom_feed
from monitor.web.status.view import (
    DAYS,
    MAX_BAD_DAYS,
    MAX_INCIDENTS,
    StatusPage,
    company_impact,
    last_days,
    shown_incidents,
    status_page,
)

LOOKED_THROUGH = 500  # incidents of all companies
ASK_AGAIN = "private, no-cache"  # may be kept by the browser alone, and never shown without asking: it may be revoked
ENDED = "link not valid"
SVG, ATOM = "image/svg+xml", "application/atom+xml"


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [
        web.get(f"{PATH}{{secret}}", show_status),
        web.get(f"{PATH}{{secret}}/feed", show_feed),
        web.get(f"{PATH}{{secret}}/badge.svg", show_badge),
        web.get("/badge/{company}.svg", show_own_badge),
    ]


async def show_status(request: web.Request) -> web.Response:
    """The page."""
    try:
        share = await open_share(request)
    except RefusedShareError as error:
        return _refused(request, error)
    now = _now(share.view)
    response = page(
        request,
        "status.html",
        view=await _page(share, now),
        line=LINE,
        days=DAYS,
        most_bad=MAX_BAD_DAYS,
        feed=f"{request.path}/feed",
        link=share.link,
        now=now,
    )
    return await _told(request, share, response)


async def show_feed(request: web.Request) -> web.Response:
    """The same for programs that read feeds."""
    try:
        share = await open_share(request)
    except RefusedShareError as error:
        return _refused_in_text(error)
    backend = share.view.backend
    url = share_url(backend.config().web.base_url, request.match_info["secret"])
    feed = atom_feed(await _page(share, _now(share.view)), share.link.id, url, share.link.created_at)
    return await _told(request, share, web.Response(body=feed, content_type=ATOM, charset="utf-8"))


async def show_badge(request: web.Request) -> web.Response:
    """The same as a picture, for pages elsewhere. One of a link that ended says so, and nothing of any company."""
    try:
        share = await open_share(request)
    except RefusedShareError as error:
        response = web.Response(body=badge(None, ENDED), content_type=SVG, status=REFUSALS[error.reason].status)
        response.headers.update(EMBEDDED)
        return response
    look = (await _impact(share.view, share.link.company, _now(share.view))).look
    response = web.Response(body=badge(look), content_type=SVG, headers=EMBEDDED)
    return await _told(request, share, response)


async def show_own_badge(request: web.Request) -> web.Response:
    """The badge of a company, for people who have signed in."""
    view = caller_view_of(request)
    look = (await _impact(view, request.match_info["company"], _now(view))).look
    return _tagged(request, web.Response(body=badge(look), content_type=SVG))


async def _page(share: OpenShare, now: datetime) -> StatusPage:
    view, company = share.view, share.link.company
    paths = view.paths(company)
    opened = view.open_incidents()
    impact = company_impact(paths, view.current_verdicts(paths), opened, now)
    known = {incident.id for incident in opened}
    past = [each for each in await view.incidents(LOOKED_THROUGH) if each.id not in known and not each.open]
    incidents = shown_incidents([*opened, *past], company, now)
    return status_page(
        paths,
        impact,
        await view.windows(company, window_starts(now)),
        await view.series(company, last_days(now)),
        incidents,
        await _updates(view, company, incidents[:MAX_INCIDENTS]),
        now,
    )


async def _updates(
    view: CallerView, company: str, incidents: list[Incident]
) -> Mapping[str, tuple[IncidentAction, ...]]:
    async def of(incident: Incident) -> tuple[IncidentAction, ...]:
        with suppress(NotThereError):  # not stored yet, or deleted since
            return await view.public_updates(incident.id, company)
        return ()

    found = await gather(*map(of, incidents))
    return {incident.id: updates for incident, updates in zip(incidents, found, strict=True)}


async def _told(request: web.Request, share: OpenShare, response: web.Response) -> web.Response:
    """The response of a link that works, which is noted."""
    await share.view.backend.store.share_links.opened(share.link, share.view.backend.now())
    return _tagged(request, response)


def _tagged(request: web.Request, response: web.Response) -> web.Response:
    """It with its version; without the content for a browser that has it already, which has just asked whether it may
    still show it."""
    content = response.body
    assert isinstance(content, bytes)
    version = hashlib.sha256(content).hexdigest()[:32]
    headers = {"Cache-Control": ASK_AGAIN, "ETag": f'W/"{version}"'}
    if any(tag.value in (version, ANY_TAG) for tag in request.if_none_match or ()):
        kept = EMBEDDED if EMBEDDED.items() <= response.headers.items() else {}
        return web.Response(status=304, headers=headers | kept)
    response.headers.update(headers)
    return response


async def _impact(view: CallerView, company: str, now: datetime) -> Impact:
    paths = view.paths(company)
    return company_impact(paths, view.current_verdicts(paths), view.open_incidents(), now)


def _now(view: CallerView) -> datetime:
    """The present minute, so that a page is the same until it says something else."""
    return view.backend.now().replace(second=0, microsecond=0)


def _refused(request: web.Request, error: RefusedShareError) -> web.Response:
    words = REFUSALS[error.reason]
    return _later(page(request, "status_refused.html", status=words.status, words=words, link=error.link), error)


def _refused_in_text(error: RefusedShareError) -> web.Response:
    words = REFUSALS[error.reason]
    return _later(web.Response(text=f"{words.heading}. {words.text}\n", status=words.status), error)


def _later(response: web.Response, error: RefusedShareError) -> web.Response:
    if error.reason is ShareRefusal.TOO_MANY:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response
