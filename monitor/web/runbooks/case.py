"""The case that a runbook is shown for: an incident, or a company. Only what the caller may see is a case; anything
else is shown the general page, exactly as if it did not exist."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiohttp import web

from monitor.config import WatchedPath
from monitor.incidents.advice import incident_runbook, system_at_company, system_of_incident
from monitor.incidents.incident import Failure, Incident, leading, worst_first
from monitor.people.caller import NotThereError
from monitor.web.backend import CALLER
from monitor.web.caller_view import CallerView, caller_view_of
from probes.mailsystems.table import UNKNOWN
from probes.mailsystems.words import Chain

MAX_ID_CHARS = 64  # of an incident or a company, in a query


@dataclass(frozen=True, slots=True)
class RunbookCase:
    """One case. `company` is the one that commands are written for, and `path` its path that fails, None if neither is
    configured any more; `mail_systems` are in the order to look at: the one that stops the mail first. `companies` are
    all that the incident affects, by key, as far as the caller sees them. `query` leads to other runbooks with the same
    case."""

    company: str
    name: str
    path: WatchedPath | None
    mail_systems: Chain
    incident: Incident | None
    lead: Failure | None
    companies: tuple[tuple[str, str], ...]
    query: tuple[tuple[str, str], ...]

    @property
    def several(self) -> bool:
        """True if it is an incident of several companies."""
        return len(self.companies) > 1


async def case_of(request: web.Request, runbook: str) -> RunbookCase | None:
    """Return the case that the query names; None without one, or if it does not exist for this caller."""
    if CALLER not in request or not {"incident", "company"} & request.query.keys():
        return None
    view = caller_view_of(request)
    wanted = request.query.get("incident", ""), request.query.get("company", "")
    if any(len(each) > MAX_ID_CHARS for each in wanted):
        return None
    incident_id, company = wanted
    if incident_id:
        return await _of_incident(view, incident_id, company)
    return _of_company(view, company, runbook)


async def _of_incident(view: CallerView, incident_id: str, company: str) -> RunbookCase | None:
    try:
        incident = (await view.incident(incident_id)).incident
    except NotThereError:
        return None
    return incident_case(incident, view.paths(), company)


def _of_company(view: CallerView, company: str, runbook: str) -> RunbookCase | None:
    """One that has an open incident with this runbook is shown that."""
    paths = view.paths()
    if company not in {path.company for path in paths}:
        return None
    opened = sorted((each for each in view.open_incidents() if company in each.touches), key=worst_first)
    incident = next((each for each in opened if incident_runbook(each) == runbook), None)
    return incident_case(incident, paths, company) if incident else company_case(company, paths)


def company_case(company: str, paths: Sequence[WatchedPath]) -> RunbookCase:
    """The case of a company without an incident. `paths` has at least one of it."""
    path = next(each for each in paths if each.company == company)
    return RunbookCase(
        company=company,
        name=path.company_name,
        path=path,
        mail_systems=_known(path.mail_systems),
        incident=None,
        lead=None,
        companies=((company, path.company_name),),
        query=(("company", company),),
    )


def incident_case(incident: Incident, paths: Sequence[WatchedPath], wanted: str = "") -> RunbookCase:
    """The case of an incident, seen at the wanted company if it is one of those affected, else at the one whose failure
    represents it. `paths` are those that the caller sees."""
    named = incident.named
    chosen = wanted if wanted in named else ""
    lead = leading(incident, [each for each in incident.failures if chosen in ("", each.company)])
    company = chosen or (lead.company if lead else next(iter(named), ""))
    own = [path for path in paths if path.company == company]
    path = next((each for each in own if lead and each.path == lead.path), own[0] if own else None)
    names = {each.company: each.company_name for each in paths}
    query = [("incident", incident.id), *([("company", chosen)] if chosen else [])]
    return RunbookCase(
        company=company,
        name=names.get(company, company),
        path=path,
        mail_systems=_order(incident, company, path, paths, chosen),
        incident=incident,
        lead=lead,
        companies=tuple((each, names.get(each, each)) for each in named),
        query=tuple(query),
    )


def _order(
    incident: Incident, company: str, path: WatchedPath | None, paths: Iterable[WatchedPath], chosen: str
) -> Chain:
    """The mail systems of the case, the one that stops the mail first."""
    if len(incident.named) > 1 and not chosen:
        chains = {each.company: each.mail_systems for each in paths if each.company in incident.named}
        system = system_of_incident(incident, chains.values())
        return (system,) if system else _known(dict.fromkeys(each for chain in chains.values() for each in chain))
    chain = path.mail_systems if path else ()
    first = system_at_company(incident, company, chain) if chain else ""
    return _known(dict.fromkeys((*([first] if first else []), *chain)))


def _known(systems: Iterable[str]) -> Chain:
    return tuple(each for each in systems if each != UNKNOWN)
