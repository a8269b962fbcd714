"""Set up a company: one page, five steps. What was typed is in the address of each step and in no session: going back
and loading again work. Only tests and the end are sent as forms, because they do something.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web
from yarl import URL

from monitor.actions.probes import CannotSendError, send
from monitor.actions.rate_limit import TooManyError
from monitor.company_setup.checking import DraftErrors
from monitor.company_setup.destination import PATTERN, Destination
from monitor.company_setup.draft import draft_diff, draft_text
from monitor.company_setup.fields import MAILBOX_FORMS, ROUTE_FORMS
from monitor.company_setup.form import FIELDS, MAX_CHARS, PATH, CompanyForm
from monitor.company_setup.relays import has_relay
from monitor.company_setup.service import CompanySetup, SecretState
from monitor.doctor.observation import Observation
from monitor.people.person import Rights
from monitor.probing.pipeline import LaunchError
from monitor.web.auth.needs import needs
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.pages.new_company_view import (
    SetupStage,
    field_views,
    lines_of_route,
    mailbox_choices,
    mx_view,
    reached,
    route_choices,
    shown_errors,
    stages_of,
    system_options,
)
from monitor.web.pages.sender_standing import mark_of_state
from monitor.web.rendering import page
from probes.display import roughly
from probes.resolver import is_address
from probes.routes.gateway_setup import route_fits
from probes.routes.wire import has_local_address, local_address_to
from probes.sender import Role

if TYPE_CHECKING:
    from probes.accounts.setup import FilledStep

PAGE = "/settings/companies/new"
DNS_SECONDS = 5.0
OUTSIDE = "192.0.2.1"  # nobody's address (RFC 5737): the way to it is the way to the internet


def routes() -> list[web.RouteDef]:
    """Its routes."""
    return [web.get(PAGE, show), web.post(PAGE, act)]


@dataclass(frozen=True, slots=True)
class SetupContext:
    """One request: the form, where its file belongs, what is wrong with it by itself, and what was submitted."""

    setup: CompanySetup
    view: CallerView
    form: CompanyForm
    place: Destination
    alone: DraftErrors
    submitted: Sequence[str]


@dataclass(frozen=True, slots=True)
class SetupResult:
    """The result of a test or of adding: findings, errors of the whole configuration, and a problem as a sentence."""

    findings: Sequence[Observation] = ()
    errors: DraftErrors = field(default_factory=DraftErrors)
    problem: str = ""
    status: int = 200


@needs(Rights.ADMIN)
async def show(request: web.Request) -> web.Response:
    """Show a step; where something before it is wrong, the first step that is."""
    context = await _context(request, request.query)
    if context is None:
        return _not_here(request)
    stage = reached(context.form, request.query.get("step", "")[:MAX_CHARS], context.alone)
    return await _page(request, context, stage, SetupResult())


@needs(Rights.ADMIN)
async def act(request: web.Request) -> web.Response:
    """Test the draft, or add the company and send its first probe."""
    typed = await request.post()
    context = await _context(request, typed)
    if context is None:
        return _not_here(request)
    stage = reached(context.form, "review", context.alone)
    if stage.name != "review":
        return await _page(request, context, stage, SetupResult(status=422))
    result = await (_test(context) if typed.get("do") == "test" else _add(context))
    if isinstance(result, str):
        raise web.HTTPSeeOther(result)
    return await _page(request, context, stage, result)


async def _context(request: web.Request, typed: Mapping[str, object]) -> SetupContext | None:
    view = caller_view_of(request)
    setup = view.backend.company_setup
    if setup is None or not view.caller.sees_all:
        return None
    form = await setup.form(typed)
    place = await setup.place(form)
    alone = await setup.errors_alone(form, place)
    return SetupContext(setup, view, form, place, alone, [name for name in FIELDS if name in typed])


async def _test(context: SetupContext) -> SetupResult:
    """Try the route and the mailbox, where the caller could add the company."""
    if not context.place.writable:
        return SetupResult(problem="Nothing is tested that cannot be added here.", status=409)
    config, errors = await context.setup.within(context.form, context.place)
    if config is None:
        return SetupResult(errors=errors, problem="Fix the errors below first.", status=422)
    try:
        return SetupResult(await context.setup.run_tests(context.form, config, context.view.caller))
    except TooManyError as error:
        return SetupResult(problem=f"{error}; try again in {roughly(error.retry_after)}.", status=429)


async def _add(context: SetupContext) -> SetupResult | str:
    """Add it; return where its first probe is shown, or why it was not added."""
    errors = await context.setup.add(context.form, context.place, context.view.caller)
    if errors:
        return SetupResult(errors=errors, problem="The company was not added.", status=422)
    try:
        sent = await send(context.view, context.form.key, PATH, (), Role.SENDER)
    except (CannotSendError, TooManyError, LaunchError):  # the schedule sends one soon
        return f"/companies/{context.form.key}"
    return f"/probes/{sent[0].id}"


def _not_here(request: web.Request) -> web.Response:
    view = caller_view_of(request)
    return page(request, "new_company.html", able=False, sees_all=view.caller.sees_all, stage=None)


async def _page(request: web.Request, context: SetupContext, stage: SetupStage, result: SetupResult) -> web.Response:
    form, stages = context.form, stages_of(context.form)
    wrong = shown_errors(form, stage, context.alone, context.submitted) if stage.name != "review" else DraftErrors()
    at = stages.index(stage)
    parts = {"system": _system_part, "route": _route_part, "mailbox": _mailbox_part, "review": _review_part}
    more = await parts[stage.name](context, result) if stage.name in parts else {}
    asked = {*stage.fields} - {"secret"} | ({"secret"} if more.get("secret") else set())
    return page(
        request,
        "new_company.html",
        status=result.status,
        able=True,
        sees_all=True,
        stage=stage,
        stages=stages,
        at=at,
        following=stages[at + 1].name if at + 1 < len(stages) else "",
        before=stages[at - 1].name if at else "",
        links={each.name: _link(form, each.name) for each in stages},
        form=form,
        hidden=[(name, value) for name, value in form.said.items() if name not in asked],
        wrong=wrong.fields,
        place=context.place,
        **more,
    )


def _link(form: CompanyForm, step: str) -> str:
    return str(URL(PAGE).with_query({**form.said, "step": step}))


async def _system_part(context: SetupContext, _: SetupResult) -> dict[str, Any]:
    """The MX is asked each time that the step is shown: a wrong answer may be right by now."""
    backend, domain = context.view.backend, context.form.said.get("domain", "")
    async with backend.lookups:
        found = await backend.mail_hosts(domain, DNS_SECONDS)
    return {"mx": mx_view(domain, found), "options": system_options()}


async def _route_part(context: SetupContext, _: SetupResult) -> dict[str, Any]:
    form, config = context.form, context.view.backend.config()
    fits = route_fits(
        form.chain,
        has_source_ip=await asyncio.to_thread(has_local_address, config.sender.source_ip),
        has_relay=has_relay(config),
        source_ip=config.sender.source_ip,
    )
    chosen = ROUTE_FORMS.get(form.via)
    fields = [] if form.reuses_relay else field_views("route", chosen, form, config)
    return {
        "choices": route_choices(fits),
        "chosen": chosen,
        "fields": fields,
        "lines": await _lines(context),
        "secret": await _secret(context, "route") if chosen and chosen.secret and not form.reuses_relay else None,
    }


async def _mailbox_part(context: SetupContext, _: SetupResult) -> dict[str, Any]:
    form, config = context.form, context.view.backend.config()
    chosen = MAILBOX_FORMS.get(form.said.get("mailbox", ""))
    return {
        "choices": mailbox_choices(form.chain, config),
        "chosen": chosen,
        "fields": field_views("mailbox", chosen, form, config),
        "secret": await _secret(context, "mailbox") if chosen and chosen.secret else None,
        "account_steps": await _account_steps(context),
    }


async def _review_part(context: SetupContext, result: SetupResult) -> dict[str, Any]:
    form, place = context.form, context.place
    errors = result.errors
    if not errors and not result.findings:
        _, errors = await context.setup.within(form, place, secrets_later=not place.writable)
    stage_of = {name: each for each in stages_of(form) for name in each.fields}
    return {
        "diff": draft_diff(place.name, draft_text(form)),
        "text": draft_text(form),
        "pattern": PATTERN,
        "field_errors": [(stage_of[name], said) for name, said in errors.fields.items() if name in stage_of],
        "other_errors": errors.others,
        "findings": result.findings,
        "problem": result.problem,
        "mark": mark_of_state,
        "lines": await _lines(context),
    }


async def _lines(context: SetupContext) -> list[Any]:
    """Return the lines for the company's side, with our own address as that side sees it unless one of us translates
    it."""
    host = context.form.said.get("route_host", "")
    towards = host if is_address(host) else OUTSIDE
    return lines_of_route(context.form, context.alone, await asyncio.to_thread(local_address_to, towards))


async def _secret(context: SetupContext, purpose: str) -> SecretState:
    return await context.setup.secret(context.form, context.place, purpose)


async def _account_steps(context: SetupContext) -> "list[FilledStep]":
    """Return what the provider's administrator does for the chosen account, with this mailbox among its own."""
    from monitor.config.account_steps import steps_of  # which a service without accounts does not load

    account = context.form.said.get("mailbox_account", "")
    if not account:
        return []
    config, _ = await context.setup.within(context.form, context.place, secrets_later=True)
    return steps_of(config, account) if config else []
