"""The page behind a link in a notice: one button, no sign-in, no script.

A request that only reads changes nothing, however often it comes: mail scanners, chat previews and browsers follow
links by themselves. Only the button acts.
"""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from aiohttp import web

from monitor.actions.incident_links import (
    MAX_NAME_CHARS,
    acknowledge_by_link,
    link_caller,
    mute_by_link,
    planned_mutes,
    visible_companies,
)
from monitor.incidents.incident import Incident
from monitor.incidents.work import IncidentWork, work_of
from monitor.people.action_links import MUTE_FOR, PATH, ActionLink, LinkAction, LinkSigner
from monitor.store import LinkUse
from monitor.web.auth.client import HttpClient
from monitor.web.auth.forms import field_of
from monitor.web.backend import BACKEND
from monitor.web.caller_view import CallerView
from monitor.web.pages.incident_view import title_of
from monitor.web.pages.incidents_view import PageContext, row_of
from monitor.web.rendering import page

TOO_MANY = "Too many requests for links from this address. Try again in a minute."
RETRY_SECONDS = 60


class LinkState(StrEnum):
    """The states of a link, as its page shows them."""

    READY = "ready"
    DONE = "done"  # just now, by this request
    USED = "used"
    RESOLVED = "resolved"
    WIDER = "wider"  # it affects companies that the channel may not see
    EXPIRED = "expired"
    GONE = "gone"  # the incident, or the channel
    FORGED = "forged"


STATUS = {
    LinkState.EXPIRED: HTTPStatus.GONE,
    LinkState.GONE: HTTPStatus.GONE,
    LinkState.FORGED: HTTPStatus.NOT_FOUND,
}
"""Where there is no incident to show. Others are answered with 200; with 409 where the button could not act."""


@dataclass(frozen=True, slots=True)
class LinkedIncident:
    """The incident of a good link: `own` is what the channel may see of `incident`, through `view`."""

    link: ActionLink
    view: CallerView
    incident: Incident
    own: Incident
    work: IncidentWork
    use: LinkUse | None

    @property
    def partly(self) -> bool:
        """True if it affects companies that the channel may not see."""
        return self.own is not self.incident

    @property
    def state(self) -> LinkState:
        """The state of the link."""
        if self.use:
            return LinkState.USED
        if not self.incident.open or not self._has_an_effect():
            return LinkState.RESOLVED
        return LinkState.WIDER if self.partly and self.link.action is LinkAction.ACK else LinkState.READY

    def _has_an_effect(self) -> bool:
        """Test if there is something left for it to do: a part of an incident may be over before the whole is."""
        if self.link.action is LinkAction.ACK:
            return True
        now = self.view.backend.now()
        return any(True for _ in planned_mutes(self.incident, self.view.caller, self.view.paths(), now))


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [web.get(PATH + "{token}", show_link), web.post(PATH + "{token}", use_link)]


async def show_link(request: web.Request) -> web.Response:
    """The state, and the button. Changes nothing."""
    _refuse_too_many(request)
    found = await _found(request)
    return await _page(request, found if isinstance(found, LinkState) else found.state, found)


async def use_link(request: web.Request) -> web.Response:
    """The button was pressed."""
    _refuse_too_many(request)
    name = await field_of(request, "name")
    found = await _found(request, name)
    if isinstance(found, LinkState):
        return await _page(request, found, found)
    if found.state is LinkState.READY and await _act(found):
        return await _page(request, LinkState.DONE, await _found(request, name))
    now = await _found(request, name)  # somebody else may have been quicker
    return await _page(request, now if isinstance(now, LinkState) else now.state, now, HTTPStatus.CONFLICT)


async def _act(found: LinkedIncident) -> bool:
    if found.link.action is LinkAction.ACK:
        return await acknowledge_by_link(found.view, found.link, found.incident)
    return bool(await mute_by_link(found.view, found.link, found.incident))


def _refuse_too_many(request: web.Request) -> None:
    if not request.app[BACKEND].link_limits.allows(HttpClient(request).own_address):
        raise web.HTTPTooManyRequests(text=TOO_MANY, headers={"Retry-After": str(RETRY_SECONDS)})


async def _found(request: web.Request, name: str = "") -> LinkedIncident | LinkState:
    """The incident that the link is about, or why there is none. `name`: as the visitor calls themselves."""
    backend = request.app[BACKEND]
    link = LinkSigner(await backend.store.key()).read(request.match_info["token"])
    if link is None:
        return LinkState.FORGED
    if link.expired(backend.now()):
        return LinkState.EXPIRED
    similar = await backend.store.incidents.find(link.incident)
    incident = next((each for each in similar if each.id == link.incident), None)
    if incident is None:
        return LinkState.GONE
    visible = visible_companies(incident, link.channel, backend.config(), backend.now())
    view = CallerView(backend, link_caller(link, visible, name))
    own = view.own(incident)
    if own is None:
        return LinkState.GONE
    work = view.visible_work(incident, work_of(incident, await backend.store.incidents.actions(incident.id)))
    use = await backend.store.incidents.link_use(link.notice, link.action)
    return LinkedIncident(link, view, incident, own, work, use)


async def _page(
    request: web.Request, state: LinkState, found: LinkedIncident | LinkState, status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    """The page of this state; without the incident where the link does not lead to one."""
    now = request.app[BACKEND].now()
    if isinstance(found, LinkState):
        return page(request, "link.html", status=STATUS[state], state=state, found=None, now=now)
    around = PageContext(found.view.paths(), await found.view.mutes(), now)
    return page(
        request,
        "link.html",
        status=status,
        state=state,
        found=found,
        title=title_of(found.own, around, found.view.backend.config()),
        row=row_of(found.own, around),
        muted=bool(around.muted_by(found.incident)),
        most=MAX_NAME_CHARS,
        mute_for=MUTE_FOR,
        now=now,
    )
