"""Your account: who you are here, your password, and where you are signed in."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from aiohttp import web

from monitor.people.passwords import MIN_PASSWORD_CHARS, BusyError
from monitor.people.person import SignInSession
from monitor.web.auth.authenticator import GATE, TooSoonError
from monitor.web.auth.client import HttpClient
from monitor.web.auth.forms import field_of
from monitor.web.auth.pages import DIFFERENT, put_off
from monitor.web.backend import CALLER
from monitor.web.caller_view import caller_view_of
from monitor.web.pages.probe import now_of
from monitor.web.rendering import page

PAGE = "/account"
OTHERS = "others"
SHOWN_CHARS = 16  # of a session's digest: enough to tell the sessions of one person apart


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [
        web.get(PAGE, show),
        web.post(f"{PAGE}/password", change_password),
        web.post(f"{PAGE}/sessions/end", end_sessions),
    ]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session on the page. `here`: it is that of this browser."""

    id: str
    began: datetime
    seen: datetime
    ends: datetime
    here: bool


async def show(request: web.Request) -> web.Response:
    """Show the account."""
    return await _page(request)


async def change_password(request: web.Request) -> web.Response:
    """Change the caller's own password. This browser stays signed in; all others are signed out."""
    gate, session = request.app[GATE], await _own(request)
    now, new = await field_of(request, "now"), await field_of(request, "password")
    if new != await field_of(request, "again"):
        return await _page(request, wrong={"again": DIFFERENT}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        fault = await gate.change_password(session, now, new, request)
    except (TooSoonError, BusyError) as error:
        status, said, headers = put_off(error)
        answer = await _page(request, wrong={"now": said}, status=status)
        answer.headers.update(headers)
        return answer
    if fault:
        return await _page(request, wrong={fault.field: fault.said}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return await _page(request, done="Your password is changed. Every other browser was signed out.")


async def end_sessions(request: web.Request) -> web.Response:
    """Sign out another browser, or all others."""
    gate, session = request.app[GATE], await _own(request)
    wanted = await field_of(request, "session")
    for each in await gate.sessions(session.person):
        if each.digest != session.digest and wanted in (OTHERS, each.digest[:SHOWN_CHARS]):
            await gate.end_other(each, HttpClient(request))
    raise web.HTTPSeeOther(f"{PAGE}#sessions")


async def _own(request: web.Request) -> SignInSession:
    """Return the session of this browser. Raises HTTPConflict where there is none: nobody else has a password here."""
    session = await request.app[GATE].session(request) if request[CALLER].way == "session" else None
    if session is None:
        raise web.HTTPConflict(text="You have no password here: you were signed in by a proxy or a token.")
    return session


async def _page(
    request: web.Request,
    *,
    wrong: dict[str, str] | None = None,
    done: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:
    gate, caller, view = request.app[GATE], request[CALLER], caller_view_of(request)
    own = await gate.session(request) if caller.way == "session" else None
    sessions = await gate.sessions(own.person) if own else []
    return page(
        request,
        "account.html",
        status=status,
        own=own is not None,
        sessions=[_row(each, own) for each in sessions],
        companies=view.caller.companies,
        least=MIN_PASSWORD_CHARS,
        wrong=wrong or {},
        done=done,
        now=now_of(view),
    )


def _row(session: SignInSession, own: SignInSession | None) -> SessionRow:
    here = own is not None and session.digest == own.digest
    return SessionRow(session.digest[:SHOWN_CHARS], session.created_at, session.seen_at, session.expires_at, here)
