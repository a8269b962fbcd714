"""The pages by which people get in: sign in, sign out, choose a password."""

import math
import re
from http import HTTPStatus

from aiohttp import web

from monitor.people.passwords import MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, BusyError
from monitor.people.person import SignInSession
from monitor.web.auth.authenticator import GATE, VOID, TooSoonError, cookie_name
from monitor.web.auth.client import HttpClient
from monitor.web.auth.forms import field_of
from monitor.web.auth.guard import INVITATION, SIGN_IN, SIGN_OUT
from monitor.web.backend import BACKEND, CALLER
from monitor.web.rendering import page

HOME = "/"
MAX_PATH_CHARS = 2000
DIFFERENT = "The passwords do not match. Type the password again."
NOT_THEIRS = "Wrong name or password, or this account is disabled."
NO_HEADERS: dict[str, str] = {}
BUSY = 3  # seconds until fewer come at once


def routes() -> list[web.RouteDef]:
    """The routes of these pages."""
    return [
        web.get(SIGN_IN, show_sign_in),
        web.post(SIGN_IN, sign_in),
        web.post(SIGN_OUT, sign_out),
        web.get(INVITATION, show_invitation),
        web.post(INVITATION, accept),
    ]


async def show_sign_in(request: web.Request) -> web.Response:
    """The form. Whoever is signed in goes where they wanted."""
    to, caller = local(request.query.get("to", "")), request.get(CALLER)
    if caller and caller.way != "open":
        raise web.HTTPSeeOther(to)
    return page(request, "sign_in.html", to=to, who="", fault="")


async def sign_in(request: web.Request) -> web.Response:
    """A new session for whoever knows the password, whatever session there was."""
    to, name = local(await field_of(request, "to")), await field_of(request, "name")
    password = await field_of(request, "password")
    status, fault, headers = HTTPStatus.FORBIDDEN, NOT_THEIRS, NO_HEADERS
    try:
        if session := await request.app[GATE].sign_in(name, password, request):
            return await _enter(request, session, to)
    except (TooSoonError, BusyError) as error:
        status, fault, headers = put_off(error)
    answer = page(request, "sign_in.html", status=status, to=to, who=name[:MAX_PASSWORD_CHARS], fault=fault)
    answer.headers.update(headers)
    return answer


async def sign_out(request: web.Request) -> web.Response:
    """The session is over, here and for whoever has a copy of its cookie."""
    await request.app[GATE].end(request)
    answer, client = _see(SIGN_IN), HttpClient(request)
    answer.del_cookie(cookie_name(client), path="/", secure=client.by_https, httponly=True, samesite="Lax")
    return answer


async def show_invitation(request: web.Request) -> web.Response:
    """The form. It changes nothing: programs that look at the links in messages come here too."""
    return await _invitation(request, request.query.get("key", ""))


async def accept(request: web.Request) -> web.Response:
    """Set the password, once, and sign in."""
    key, password = await field_of(request, "key"), await field_of(request, "password")
    if password != await field_of(request, "again"):
        return await _invitation(request, key, DIFFERENT, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        entered = await request.app[GATE].accept(key, password, HttpClient(request))
    except (TooSoonError, BusyError) as error:
        status, fault, headers = put_off(error)
        answer = await _invitation(request, key, fault, status)
        answer.headers.update(headers)
        return answer
    if isinstance(entered, SignInSession):
        return await _enter(request, entered, HOME)
    return await _invitation(request, key, entered, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _invitation(
    request: web.Request, key: str, fault: str = "", status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    """The form, for whom it is; without one where the link is not good."""
    person = await request.app[GATE].invited(key)
    who, fault = (person.name, fault) if person else ("", fault or VOID)
    return page(
        request,
        "invitation.html",
        status=status,
        key=key if who else "",
        who=who,
        fault=fault,
        least=MIN_PASSWORD_CHARS,
    )


def local(to: str) -> str:
    """Return a safe redirect target: one of our paths, or else home. Nothing that a browser, or a program that resolves
    "." itself, could take for another host."""
    return to if len(to) <= MAX_PATH_CHARS and re.fullmatch(r"/(?![^?#]*//)(?![/\\])[!-\[\]-~]*", to) else HOME


async def _enter(request: web.Request, session: SignInSession, to: str) -> web.Response:
    """Hand over the cookie of a new session. The one there was is over: nobody goes on with what they were given."""
    await request.app[GATE].end(request)
    answer, client = _see(to), HttpClient(request)
    answer.set_cookie(
        cookie_name(client),
        session.digest,
        path="/",
        secure=client.by_https,
        httponly=True,
        samesite="Lax",
        max_age=int((session.expires_at - request.app[BACKEND].now()).total_seconds()),
    )
    await request.app[GATE].remember_device(request, answer, session.person)
    return answer


def put_off(error: TooSoonError | BusyError) -> tuple[HTTPStatus, str, dict[str, str]]:
    """Return the status, the sentence and the headers for somebody who must wait."""
    if isinstance(error, BusyError):
        return HTTPStatus.SERVICE_UNAVAILABLE, "Too many sign-ins at the moment. Try again.", {"Retry-After": str(BUSY)}
    seconds = math.ceil(error.wait.total_seconds())
    said = f"Too many attempts. Try again in {seconds} second{'s' * (seconds > 1)}."
    return HTTPStatus.TOO_MANY_REQUESTS, said, {"Retry-After": str(seconds)}


def _see(to: str) -> web.Response:
    """Go on there, by GET."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": to})
