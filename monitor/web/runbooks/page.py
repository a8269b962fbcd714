"""The runbooks as pages. Everybody may read them, signed in or not; only who may see a case is shown the page for it.

`?incident=ID` and `?company=KEY` name the case. A case that does not exist, or not for this caller, gets the general
page with the same status, so that nobody learns from the answer which ids there are.
"""

import re
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from aiohttp import web
from yarl import URL

from monitor.config import Config
from monitor.incidents.advice import incident_runbook
from monitor.notices.reply import reply_of
from monitor.people.caller import Caller
from monitor.people.person import Rights
from monitor.web.auth.guard import SIGN_IN
from monitor.web.backend import BACKEND, CALLER
from monitor.web.caller_view import CallerView
from monitor.web.docs import INDEX, MAX_NAME_CHARS, lead
from monitor.web.pages.suggestions import SuggestedName, suggestions
from monitor.web.rendering import page
from monitor.web.runbooks.case import RunbookCase, case_of
from monitor.web.runbooks.commands import beside, page_link
from monitor.web.runbooks.document import CAUSES, Runbook, runbooks
from monitor.web.runbooks.placeholders import filled, values_of
from monitor.web.runbooks.systems import GroupContext, group_html
from monitor.web.runbooks.texts import contact_texts_of, incident_advice_of
from probes.mailsystems.advice import FilledAdvice
from probes.mailsystems.words import chain_label

ALERTS = "Mailpath"  # with what their names begin
WORD_BEGINS = re.compile(r"(?<=[a-z])(?=[A-Z])")
TO_RUNBOOKS = re.compile(r'href="(/runbooks/[\w-]+)(?=["#])')
MAX_RETURN_CHARS = 300  # of the address to come back to after sign-in
MAX_OFFERED = 30  # companies of one incident that one can choose among


@dataclass(frozen=True, slots=True)
class CaseView:
    """The case, as the page shows it above the runbook. `advice` is the incident's, None without one; `elsewhere` the
    runbook that is about it, "" if this one is. `where` is what to probe; `choices` are the companies of a wide
    incident, with the address of the page for each, `more` how many are not offered."""

    case: RunbookCase
    mail_systems: str
    reply: str
    advice: FilledAdvice | None
    elsewhere: str
    where: str
    choices: tuple[tuple[str, str], ...]
    more: int


def routes() -> list[web.RouteDef]:
    """The routes of the runbooks."""
    return [
        web.get("/runbooks", lead),
        web.get("/runbooks/", show),
        web.get("/runbooks/{name}", show),
    ]


async def show(request: web.Request) -> web.Response:
    """One runbook; the index with a note where there is none of that name. The name of an alert leads to its page."""
    name = request.match_info.get("name", INDEX)
    found = runbooks()
    if name.startswith(ALERTS) and (of_alert := page_of_alert(name)) in found:
        raise web.HTTPFound(URL(f"/runbooks/{of_alert}").with_query(request.query))
    runbook = found.get(name, found[INDEX])
    missing = "" if name in found else name[:MAX_NAME_CHARS]
    caller, config = request.get(CALLER), request.app[BACKEND].config()
    case = await case_of(request, runbook.name)
    view = CallerView(request.app[BACKEND], caller) if caller else None
    return page(
        request,
        "runbook.html",
        status=404 if missing else 200,
        runbook=runbook,
        body=body_of(runbook, config, case, caller),
        at_index=runbook.name == INDEX,
        causes=[each for each in found.values() if each.name.startswith(CAUSES)],
        missing=missing,
        sender=config.sender,
        view=case_view(runbook, case, config) if case else None,
        may_probe=caller is not None and caller.may(Rights.OPERATOR),
        may_choose=bool(view and view.paths()),
        companies=await suggestions(view, SuggestedName.COMPANY) if view else (),
        sign_in=str(URL(SIGN_IN).with_query(to=request.path_qs[:MAX_RETURN_CHARS])),
        texts=contact_texts_of(runbook, case, config),
    )


def page_of_alert(name: str) -> str:
    """Return the name that an alert's page has: "mailpath-down" for "MailpathDown"."""
    return WORD_BEGINS.sub("-", name[:MAX_NAME_CHARS]).lower()


def body_of(runbook: Runbook, config: Config, case: RunbookCase | None, caller: Caller | None) -> str:
    """Return the runbook as HTML, with all values in it."""
    plain = values_of(config, case, sees_all=caller is not None and caller.sees_all)
    values = {name: escape(value) for name, value in plain.items()}
    known = bool(case and case.path)
    for number, commands in enumerate(runbook.commands):
        values[f"commands_{number}"] = beside(commands, plain, caller, known=known)
    for number, command in enumerate(runbook.pages):
        values[f"page_{number}"] = page_link(command, plain, caller, known=known)
    about = GroupContext(runbook.family, case)
    for number, group in enumerate(runbook.groups):
        values[f"systems_{number}"] = group_html(group, about, values)
    body = filled(runbook.body, values)
    return TO_RUNBOOKS.sub(rf'href="\1?{escape(urlencode(case.query))}', body) if case else body


def case_view(runbook: Runbook, case: RunbookCase, config: Config) -> CaseView:
    """Return the case as the page shows it."""
    about = incident_runbook(case.incident) if case.incident else runbook.name
    where = case.path.key if case.path and case.lead else case.company if case.path else ""
    offered = case.companies[:MAX_OFFERED] if case.several else ()
    base = (("incident", case.incident.id),) if case.incident else ()
    return CaseView(
        case=case,
        mail_systems=chain_label(case.mail_systems),
        reply=reply_of(case.lead) if case.lead else "",
        advice=incident_advice_of(case, config),
        elsewhere=about if runbook.family and about != runbook.name else "",
        where=where,
        choices=tuple((name, f"?{urlencode((*base, ('company', key)))}") for key, name in offered),
        more=len(case.companies) - len(offered) if case.several else 0,
    )
