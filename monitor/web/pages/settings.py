"""Settings: people, tokens, the audit log, and the configuration as it was loaded."""

import platform
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import version

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from monitor.actions.names import UnknownNameError, companies_named, company_named, names_of
from monitor.actions.people import Access, AccessError, good, link_to
from monitor.people.caller import NotThereError
from monitor.people.person import Companies, Rights
from monitor.web.auth.needs import needs
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.pages.config_view import company_tables, tables
from monitor.web.pages.probe import now_of
from monitor.web.pages.suggestions import SuggestedName, suggestions
from monitor.web.rendering import page
from probes.settings import Duration

AUDIT_PAGE_LINES = 100  # lines of the audit log on one page
MAX_INPUT_CHARS = 2000  # characters of what is typed
LASTS: TypeAdapter[timedelta] = TypeAdapter(Duration)
WAYS = {"session": "web page", "header": "web page", "command": "command line", "start": "first start"}
"""How an action reached the service, for people; a token goes by its name."""

FOR_EVER = "for ever"
LENGTHS = (("30d", "30 days"), ("90d", "90 days"), ("365d", "1 year"), (FOR_EVER, "until revoked"))


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [
        web.get("/settings", show_settings),
        web.get("/settings/people", show_people),
        web.post("/settings/people", add_person),
        web.post("/settings/people/change", change_person),
        web.get("/settings/tokens", show_tokens),
        web.post("/settings/tokens", add_token),
        web.post("/settings/tokens/revoke", revoke_token),
        web.get("/settings/audit", show_audit),
    ]


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it was filled in, and what is wrong with it, by field."""

    said: Mapping[str, str] = field(default_factory=dict)
    companies: tuple[str, ...] = ()
    wrong: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that is shown once: to whom or what it belongs, and the secret."""

    name: str
    secret: str


def access_of(view: CallerView) -> Access:
    """Return the caller's actions on people and tokens."""
    caller = view.caller
    return Access(view.backend.store, view.backend.now, caller.name, caller.way, caller.companies)


@needs(Rights.ADMIN)
async def show_settings(request: web.Request) -> web.Response:
    """The version, and the configuration as it was loaded."""
    view = caller_view_of(request)
    config = view.backend.config()
    company, names = request.query.get("company", "").strip()[:MAX_INPUT_CHARS], names_of(view.paths())
    with suppress(UnknownNameError):
        company = company_named(company, names) if company else ""
    seen = company if view.caller.sees(company) else ""
    return page(
        request,
        "settings.html",
        version=version("mailpath"),
        python=platform.python_version(),
        tables=tables(config, view.caller.companies),
        offered=await suggestions(view, SuggestedName.COMPANY, company),
        companies=len(names),
        company=company,
        company_tables=company_tables(config, seen) if seen else [],
        now=now_of(view),
    )


@needs(Rights.ADMIN)
async def show_people(request: web.Request) -> web.Response:
    """Show all people, and a form to add one."""
    return await _people(request, Typed())


async def _people(request: web.Request, typed: Typed, once: NewSecret | None = None, status: int = 200) -> web.Response:
    view = caller_view_of(request)
    return page(
        request,
        "people.html",
        status=status,
        people=await access_of(view).people(),
        rights=list(Rights),
        names=names_of(view.paths()),
        typed=typed,
        once=once,
        now=now_of(view),
    )


@needs(Rights.ADMIN)
async def add_person(request: web.Request) -> web.Response:
    """Make a person, and show their link this once: so there is no redirect, which would have to carry it."""
    view, typed = caller_view_of(request), await _typed(request)
    try:
        access, companies = access_of(view), _companies(view, typed)
        name = access.full_name(typed.said.get("name", ""), companies)
        secret = await access.add(name, _rights(typed), companies)
    except AccessError as error:
        return await _people(request, _wrong(typed, str(error), error.field), status=422)
    return await _people(request, Typed(), NewSecret(name, _link(view, secret)))


@needs(Rights.ADMIN)
async def change_person(request: web.Request) -> web.Response:
    """Apply the pressed button to the person that the form names."""
    view, typed = caller_view_of(request), await _typed(request)
    access, name, wanted = access_of(view), typed.said.get("name", ""), typed.said.get("do", "")
    try:
        if wanted == "link":
            return await _people(request, Typed(), NewSecret(name, _link(view, await access.link(name))))
        actions: dict[str, Callable[[], Awaitable[None]]] = {
            "disable": lambda: access.disable(name),
            "enable": lambda: access.enable(name),
            "rights": lambda: access.change(name, _rights(typed), _companies(view, typed)),
        }
        if wanted not in actions:
            raise AccessError("the form names no action; use the buttons of the page")
        await actions[wanted]()
    except AccessError as error:
        return await _people(request, Typed(wrong={"person": str(error)}), status=422)
    raise web.HTTPSeeOther("/settings/people")


@needs(Rights.ADMIN)
async def show_tokens(request: web.Request) -> web.Response:
    """Keys of programs, and a form to make one."""
    return await _tokens(request, Typed())


async def _tokens(request: web.Request, typed: Typed, once: NewSecret | None = None, status: int = 200) -> web.Response:
    view = caller_view_of(request)
    now = now_of(view)
    newest_first = sorted(await access_of(view).tokens(), key=lambda token: token.created_at, reverse=True)
    return page(
        request,
        "tokens.html",
        status=status,
        tokens=sorted(((token, good(token, now)) for token in newest_first), key=lambda each: not each[1]),
        rights=list(Rights),
        lengths=LENGTHS,
        names=names_of(view.paths()),
        typed=typed,
        once=once,
        now=now,
    )


@needs(Rights.ADMIN)
async def add_token(request: web.Request) -> web.Response:
    """Make a token, and show it this once."""
    view, typed = caller_view_of(request), await _typed(request)
    lasts = typed.said.get("lasts", "90d")
    try:
        length = None if lasts == FOR_EVER else LASTS.validate_python(lasts)
    except ValidationError:
        return await _tokens(request, _wrong(typed, 'must be a duration such as "90d"', "lasts"), status=422)
    try:
        name, rights = typed.said.get("name", ""), _rights(typed)
        token, secret = await access_of(view).add_token(name, rights, _companies(view, typed), length)
    except AccessError as error:
        return await _tokens(request, _wrong(typed, str(error), error.field), status=422)
    return await _tokens(request, Typed(), NewSecret(token.name, secret))


@needs(Rights.ADMIN)
async def revoke_token(request: web.Request) -> web.Response:
    """End a token."""
    view, typed = caller_view_of(request), await _typed(request)
    try:
        await access_of(view).revoke(typed.said.get("token", ""))
    except AccessError as error:
        return await _tokens(request, Typed(wrong={"token": str(error)}), status=422)
    raise web.HTTPSeeOther("/settings/tokens")


@needs(Rights.ADMIN)
async def show_audit(request: web.Request) -> web.Response:
    """Show the audit log, newest first."""
    view = caller_view_of(request)
    before = request.query.get("cursor", "")
    try:
        entries, older = await view.audit_entries(before, AUDIT_PAGE_LINES)
    except NotThereError:
        entries, older = await view.audit_entries(before := "", AUDIT_PAGE_LINES)
    return page(request, "audit.html", entries=entries, older=older, later=bool(before), ways=WAYS, now=now_of(view))


async def _typed(request: web.Request) -> Typed:
    """What was filled in; a file is nothing."""
    form = await request.post()
    said = {
        name: each.strip()[:MAX_INPUT_CHARS] for name, each in form.items() if isinstance(each, str) and name != "form"
    }
    return Typed(said, tuple(filter(None, (each.strip() for each in said.get("companies", "").split(",")))))


def _rights(typed: Typed) -> Rights:
    try:
        return Rights(typed.said.get("rights", ""))
    except ValueError:
        raise AccessError(f"choose a role: {', '.join(Rights)}", "rights") from None


def _companies(view: CallerView, typed: Typed) -> Companies:
    """The companies that the form names; None where it says all. Nothing chosen is not all, and a misspelt one would
    show nothing for ever."""
    if typed.said.get("reach") == "all":
        return None
    try:
        return companies_named(typed.said.get("companies", ""), names_of(view.paths()))
    except UnknownNameError as error:
        raise AccessError(str(error), "companies") from None


def _wrong(typed: Typed, said: str, where: str) -> Typed:
    """It with the complaint at the field that it is about."""
    return Typed(typed.said, typed.companies, {where: said})


def _link(view: CallerView, secret: str) -> str:
    return link_to(view.backend.config().web.base_url, secret)
