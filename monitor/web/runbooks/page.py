"""The runbooks as pages. Everybody may read them, signed in or not; only who may see a case is shown the page for it.

`?incident=ID` and `?company=KEY` name the case. A case that does not exist, or not for this caller, gets the general
page with the same status, so that nobody learns from the answer which ids there are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from aiohttp import web
from yarl import URL

from monitor.config import Config
from monitor.incidents.advice import incident_runbook
from monitor.notices.context import SenderInfo
from monitor.notices.reply import reply_of
from monitor.people.caller import Caller
from monitor.people.person import Rights
from monitor.web.auth.guard import SIGN_IN
from monitor.web.backend import BACKEND, CALLER
from monitor.web.caller_view import CallerView
from monitor.web.docs import INDEX, MAX_NAME_CHARS, lead
from monitor.web.pages.advice_card import card_at_company, card_of_incident
from monitor.web.pages.suggestions import SuggestedName, suggestions
from monitor.web.rendering import page
from monitor.web.runbooks.case import RunbookCase, case_of
from monitor.web.runbooks.commands import beside, page_link
from monitor.web.runbooks.contact_texts import ContactFacts, ContactText, contact_texts
from monitor.web.runbooks.document import CAUSES, Runbook, runbooks
from monitor.web.runbooks.placeholders import filled, values_of
from monitor.web.runbooks.systems import GroupContext, group_html
from probes.mailsystems.advice import FilledAdvice, with_steps
from probes.mailsystems.causes import BY_FAMILY
from probes.mailsystems.choose import steps_for
from probes.mailsystems.family import family_of
from probes.mailsystems.table import is_shared, system_label
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
        advice=_incident_advice(case, config),
        elsewhere=about if runbook.family and about != runbook.name else "",
        where=where,
        choices=tuple((name, f"?{urlencode((*base, ('company', key)))}") for key, name in offered),
        more=len(case.companies) - len(offered) if case.several else 0,
    )


def contact_texts_of(runbook: Runbook, case: RunbookCase | None, config: Config) -> Sequence[ContactText]:
    """Return the texts to send. A page about an alert has some only for an incident."""
    incident, family = case.incident if case else None, runbook.family
    if incident and family and incident_runbook(incident) != runbook.name:
        incident = None  # the page was reached from the incident's own, and is about something else
    if incident is None and family is None:
        return ()
    system = _first(case)
    sender, lead = config.sender, case.lead if case and incident else None
    advice = _incident_advice(case, config) if case and incident else None
    if advice is None and family is not None:
        advised = with_steps(BY_FAMILY[family], steps_for(system, None, family), system)
        advice = advised.filled(sender.domain, sender.source_ip, system, sender.address)
    if advice is None:
        return ()
    return contact_texts(
        ContactFacts(
            domain=sender.domain,
            address=sender.address,
            ip=sender.source_ip,
            company=case.name if case and not _wide(case) else "",
            system=chain_label(case.mail_systems) if case and not _wide(case) else "",
            vendor=system_label(system) if is_shared(system) else "",
            recipient=case.path.to if case and case.path and not _wide(case) else "",
            since=lead.since if lead else None,
            last=lead.at if lead else None,
            reply=reply_of(lead) if lead else "",
            family=family or (family_of(incident.cause) if incident else None),
            cause=incident.cause if incident else None,
            advice=advice,
            more=f"{config.web.base_url}/runbooks/{advice.runbook or runbook.name}",
        )
    )


def _wide(case: RunbookCase) -> bool:
    """True if no company was chosen of several."""
    return case.several and ("company", case.company) not in case.query


def _first(case: RunbookCase | None) -> str:
    """The mail system that stops the mail; "" if there is no case, or it is about several."""
    if case is None or not case.mail_systems or (_wide(case) and len(case.mail_systems) > 1):
        return ""
    return case.mail_systems[0]


def _incident_advice(case: RunbookCase, config: Config) -> FilledAdvice | None:
    """The same as on the page of the incident, or for one of its companies in terms of its mail system."""
    if case.incident is None:
        return None
    sender = SenderInfo(config.sender.domain, config.sender.source_ip, config.sender.address)
    if case.path and not _wide(case):
        return card_at_company(case.incident, sender, case.company, case.path.mail_systems).advice
    return card_of_incident(case.incident, sender, _first(case)).advice
