"""The middleware that lets requests in: first who it is, then whether they may."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from yarl import URL

from monitor.people.action_links import PATH as LINKS
from monitor.people.caller import Caller
from monitor.people.labels import ROLES
from monitor.people.share_links import PATH as SHARES
from monitor.web.auth.authenticator import GATE, only_simulated, unauthorized
from monitor.web.auth.client import HttpClient, config_of
from monitor.web.auth.forms import SAFE, refuse_forgeries
from monitor.web.auth.needs import needed
from monitor.web.backend import CALLER

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SIGN_IN, SIGN_OUT, INVITATION = "/sign-in", "/sign-out", "/invitation"
METRICS = "/metrics"
FOR_ALL = frozenset({SIGN_IN, INVITATION, "/healthz", "/readyz"})
FILES = "/static/"
HOOKS = "/hooks/"  # which are signed
READING = ("/docs", "/runbooks")  # an on-call engineer may have no account here; these pages name no company
API = "/api/"
DESCRIPTION = frozenset({"/api", "/api/", "/api/v1/openapi.json"})  # of the API: the same for all installations
WHO_ARE_YOU = "Authentication is required: send Authorization: Bearer TOKEN. An admin creates tokens"
OR_METRICS_LISTEN = ". Or scrape the address of web.metrics_listen, which needs none"


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Sets request[CALLER]; nobody gets further whose rights do not reach to this handler."""
    if is_for_all(request.path) and request.method in SAFE and not _knows_people(request.path):
        return await handler(request)
    caller = await request.app[GATE].caller(request)
    if caller:
        request[CALLER] = caller
    if caller is None and not is_for_all(request.path) and not _are_open_metrics(request):
        raise _first_sign_in(request)
    await refuse_forgeries(request, None if is_for_all(request.path) else caller)
    if caller:
        _refuse_the_weak(request, caller)
    return await handler(request)


def is_for_all(path: str) -> bool:
    """True if it is public."""
    return path in FOR_ALL or path.startswith((FILES, LINKS, SHARES, HOOKS)) or _is_reading(path)


def _is_reading(path: str) -> bool:
    """Whether it is documentation."""
    return path in DESCRIPTION or any(path == each or path.startswith(f"{each}/") for each in READING)


def _knows_people(path: str) -> bool:
    """Whether it is another page for those who have signed in."""
    return path in (SIGN_IN, INVITATION) or _is_reading(path)


def _refuse_the_weak(request: web.Request, caller: Caller) -> None:
    rights = needed(request.match_info.handler, request.method)
    if not caller.may(rights):
        raise web.HTTPForbidden(
            text=f"You need the {ROLES[rights].title} role for this. You are signed in as "
            f"{ROLES[caller.rights].title}. Ask a Mailpath admin for access."
        )


def _are_open_metrics(request: web.Request) -> bool:
    """True for a scrape that needs no sign-in: from this machine, and only if every company is simulated. Otherwise a
    proxy that does not identify itself would expose the metrics to everybody."""
    return request.path == METRICS and only_simulated(config_of(request)) and HttpClient(request).is_here


def _first_sign_in(request: web.Request) -> web.HTTPException:
    if request.path.startswith(API) or request.path == METRICS:
        return unauthorized(WHO_ARE_YOU + (OR_METRICS_LISTEN if request.path == METRICS else ""))
    wanted = {"to": request.path_qs} if request.method in SAFE and request.path_qs != "/" else {}
    return web.HTTPSeeOther(URL(SIGN_IN).with_query(wanted))
