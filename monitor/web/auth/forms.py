"""That a request which changes something was really sent by a page of ours: a browser sends cookies for everybody."""

import asyncio

from aiohttp import web

from monitor.people.caller import Caller
from monitor.people.secrets import same, unmasked
from monitor.web.auth.client import HttpClient
from monitor.web.backend import CALLER
from monitor.web.errors import BODY_TOO_SLOW
from monitor.web.uploads import MULTIPART, parts_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD = "form"
HEADER = "X-Form"  # for scripts of ours that send JSON
STRANGERS_PATIENCE = 10.0  # seconds for the body of a request of nobody known; others have safety.PATIENCE
FORM_TYPE = "application/x-www-form-urlencoded"


async def refuse_forgeries(request: web.Request, caller: Caller | None) -> None:
    """Raises HTTPForbidden where a page of somebody else could have sent this in the name of the caller; without one,
    where it could have signed somebody in as somebody else."""
    if request.method in SAFE or (caller and caller.way.startswith("token ")):
        return
    if not from_here(request):
        raise web.HTTPForbidden(text="This form was sent from another site. Send it from a page of Mailpath.")
    if caller and caller.way != "open" and not _belongs(await _shown(request), caller):
        raise web.HTTPForbidden(text="This form belongs to another session. Reload the page and send it again.")


def _belongs(shown: str, caller: Caller) -> bool:
    """Whether it is the secret of the caller's forms, masked as pages show it or as it is."""
    return same(unmasked(shown), caller.form) or same(shown, caller.form)


def from_here(request: web.Request) -> bool:
    """Test if the browser states that one of our pages sent it. True without a statement: then it is no browser, or one
    so old that only the form's secret can prove it."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in ("same-origin", "none")
    if (origin := request.headers.get("Origin")) is None:
        return True
    client, (scheme, _, host) = HttpClient(request), origin.lower().partition("://")
    return host in client.hosts and scheme in (("https",) if client.by_https else ("https", "http"))


async def _shown(request: web.Request) -> str:
    """The secret that came with it, "" if none did."""
    if HEADER in request.headers:
        return request.headers[HEADER]
    return await field_of(request, FIELD)


async def field_of(request: web.Request, name: str) -> str:
    """Return a form field, "" if empty. Raises HTTPRequestEntityTooLarge, HTTPRequestTimeout."""
    if request.content_type == MULTIPART and CALLER in request:
        return (await parts_of(request)).get(name, b"").decode("utf-8", "replace")
    if request.content_type != FORM_TYPE:
        return ""
    try:
        async with asyncio.timeout(None if CALLER in request else STRANGERS_PATIENCE):
            value = (await request.post()).get(name, "")
    except TimeoutError:
        raise web.HTTPRequestTimeout(text=BODY_TOO_SLOW) from None
    except (ValueError, LookupError):  # not in the charset that it names, or none that there is
        raise web.HTTPBadRequest(text="The form cannot be read. Send it as UTF-8.") from None
    return value if isinstance(value, str) else ""
