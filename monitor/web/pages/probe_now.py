"""Probe now: choose, send, watch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from monitor.actions.names import UnknownNameError, place_named
from monitor.actions.probes import CannotSendError, send
from monitor.actions.rate_limit import TooManyError
from monitor.config import WatchedPath
from monitor.people.caller import NotThereError
from monitor.people.person import Rights
from monitor.store import ProbeRecord
from monitor.web.auth.needs import needs
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.pages.probe import now_of
from monitor.web.pages.probe_view import waits_for
from monitor.web.pages.suggestions import SuggestedName, suggestions
from monitor.web.rendering import page
from probes.display import roughly
from probes.kinds import Kind
from probes.sender import Role

MAX_INPUT_CHARS = 200  # characters of what is typed
MAX_TOGETHER = 50  # probes on one page


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [
        web.get("/probe-now", show_form),
        web.post("/probe-now", send_probes),
        web.get("/probe-now/sent", show_sent),
    ]


@dataclass(frozen=True, slots=True)
class ProbeForm:
    """The form as typed. `wrong` gives the error of each invalid field."""

    where: str = ""
    kinds: tuple[str, ...] = ()
    role: str = Role.SENDER
    wrong: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """The probes to send. `path` "" is every path of the company."""

    company: str
    path: str
    kinds: tuple[Kind, ...]
    role: Role


def wish_of(form: "MultiMapping[Any]") -> ProbeForm:
    """Return the form as typed, cut to a sensible length."""
    kinds = tuple(str(kind)[:MAX_INPUT_CHARS] for kind in form.getall("kind", [])[: 2 * len(Kind)])
    return ProbeForm(
        str(form.get("where", "")).strip()[:MAX_INPUT_CHARS], kinds, str(form.get("as", Role.SENDER))[:MAX_INPUT_CHARS]
    )


def order_of(wish: ProbeForm, paths: Sequence[WatchedPath]) -> ProbeRequest | dict[str, str]:
    """Resolve the form with these paths; else return the errors by field."""
    wrong: dict[str, str] = {}
    found = place_of(wish.where, paths)
    if isinstance(found, str):
        wrong["where"] = found
    kinds = [Kind(kind) for kind in dict.fromkeys(wish.kinds) if kind in list(Kind)]
    if not kinds or len(kinds) < len(set(wish.kinds)):
        wrong["kind"] = "choose at least one message type"
    if wish.role not in list(Role):
        wrong["as"] = f"choose one of {', '.join(Role)}"
    if wrong or isinstance(found, str):
        return wrong
    return ProbeRequest(*found, tuple(kinds), Role(wish.role))


def place_of(text: str, paths: Sequence[WatchedPath]) -> tuple[str, str] | str:
    """The company and path that are meant by COMPANY, COMPANY/PATH or a company's name; else why none."""
    if not text:
        return "choose a company, or a path of one"
    try:
        return place_named(text, paths)
    except UnknownNameError as error:
        return str(error)


@needs(Rights.OPERATOR)
async def show_form(request: web.Request) -> web.Response:
    """The form; an address may choose in advance."""
    wish = wish_of(request.query)
    return await _form(
        request, wish if wish.kinds else ProbeForm(wish.where, _first(caller_view_of(request), wish.where), wish.role)
    )


def _first(view: CallerView, where: str) -> tuple[str, ...]:
    """The kind that is chosen before anybody chooses: the first that the path watches."""
    found = place_of(where, view.paths()) if where else ""
    chosen = [path for path in view.paths() if isinstance(found, tuple) and path.company == found[0]]
    return tuple(chosen[0].kinds[:1]) if chosen else (Kind.VERIFICATION,)


async def _form(request: web.Request, wish: ProbeForm, status: int = 200, retry_after: int = 0) -> web.Response:
    view = caller_view_of(request)
    response = page(
        request,
        "probe_now.html",
        status=status,
        wish=wish,
        watched=bool(view.paths()),
        offered=await suggestions(view, SuggestedName.PLACE, wish.where),
        kinds=list(Kind),
        roles=list(Role),
        speaking=view.backend.config().identities(),
        limits=view.backend.config().web.manual,
        now=now_of(view),
    )
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


@needs(Rights.OPERATOR)
async def send_probes(request: web.Request) -> web.Response:
    """Send what the form says, and lead to where it can be watched."""
    view, wish = caller_view_of(request), wish_of(await request.post())
    order = order_of(wish, view.paths())
    if isinstance(order, dict):
        return await _form(request, ProbeForm(wish.where, wish.kinds, wish.role, order), 422)
    try:
        sent = await send(view, order.company, order.path, order.kinds, order.role)
    except CannotSendError as error:
        return await _form(request, ProbeForm(wish.where, wish.kinds, wish.role, {error.field: str(error)}), 422)
    except TooManyError as error:
        seconds = max(round(error.retry_after.total_seconds()), 1)
        wrong = {"all": f"{error}; try again in {roughly(seconds)}"}
        return await _form(request, ProbeForm(wish.where, wish.kinds, wish.role, wrong), 429, seconds)
    ids = [probe.id for probe in sent]
    raise web.HTTPSeeOther(f"/probes/{ids[0]}" if len(ids) == 1 else f"/probe-now/sent?probes={'.'.join(ids)}")


@dataclass(frozen=True, slots=True)
class Sent:
    """One of several probes that were sent together."""

    record: ProbeRecord
    company_name: str
    waits_for: str
    delivery: float | None


async def show_sent(request: web.Request) -> web.Response:
    """Several probes that were sent together, and how each fares. Viewers may be shown what an operator did."""
    view = caller_view_of(request)
    ids = request.query.get("probes", "").split(".")[:MAX_TOGETHER]
    sent = [found for probe_id in dict.fromkeys(ids) if (found := await _sent(view, probe_id))]
    if not sent:
        raise NotThereError("probes with these ids")
    waiting = sum(each.record.verdict is None for each in sent)
    return page(request, "probes_sent.html", sent=sent, waiting=waiting, now=now_of(view))


async def _sent(view: CallerView, probe_id: str) -> Sent | None:
    try:
        record = await view.record(probe_id)
    except NotThereError:
        return None
    names = {path.company: path.company_name for path in view.paths()}
    taken = record.delivery
    return Sent(
        record,
        names.get(record.probe.company, record.probe.company),
        "" if record.verdict else waits_for(record, now_of(view)),
        taken.total_seconds() if taken is not None else None,
    )
