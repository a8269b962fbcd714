"""Companies and paths, with the verdicts that count now."""

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.config import WatchedPath
from monitor.output.json import DeliveryJson, PathJson, Time, VerdictJson, delivery_json, path_json, verdict_json
from monitor.output.real_json import RealMailJson, real_mail_json
from monitor.output.symbols import WORST_FIRST
from monitor.web.api.fields import Key, NoBody, NoQuery
from monitor.web.api.operation import Call, answered
from monitor.web.api.paging import PageOfList, page_of
from monitor.web.caller_view import CallerView
from probes.display import timestamp
from probes.kinds import Kind
from probes.mailsystems.words import MailSystemKey
from probes.verdict import Outcome


class WhichCompanies(PageOfList):
    """The requested companies."""

    mail_system: MailSystemKey | None = Field(None, description="Companies with this mail system.")
    worst: Outcome | None = Field(None, description="Companies whose worst current outcome this is.")


class WhichPaths(PageOfList):
    """The requested paths."""

    company: Key | None = Field(None, description="The key of a company.")
    mail_system: MailSystemKey | None = Field(None, description="Paths at companies with this mail system.")


class PresentFacts(DeliveryJson):
    """The verdict that counts for a kind now, and the probe that it is from."""

    kind: Kind
    verdict: VerdictJson
    at: Time
    probe: str


class WatchedFacts(PathJson):
    """A path and how it fares: `present` has the kinds with a verdict. `code_life_seconds`: so long a code lives."""

    code_life_seconds: float
    present: list[PresentFacts]


class CompanyJson(TypedDict):
    """A company. `worst` is the worst outcome of all its paths and kinds; null where there is no verdict yet."""

    company: str
    name: str
    mail_system: str
    mail_systems: list[str]
    paths: list[str]
    worst: Outcome | None
    incidents: list[str]


class CompanyWholeFacts(TypedDict):
    """A company with its paths. `real_mail`: the sender's real mail to it; null where that is not counted."""

    company: str
    name: str
    mail_system: str
    mail_systems: list[str]
    worst: Outcome | None
    incidents: list[str]
    paths: list[WatchedFacts]
    real_mail: RealMailJson | None


class CompaniesFacts(TypedDict):
    """Those of the caller, in the order of the configuration.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    companies: list[CompanyJson]
    next: str | None


class PathsFacts(TypedDict):
    """Those of the caller, in the order of the configuration.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    paths: list[WatchedFacts]
    next: str | None


async def show_companies(call: Call[WhichCompanies, NoBody]) -> web.Response:
    """The caller's companies."""
    query = call.query
    found = list(dict.fromkeys(path.company for path in _with(call.view.paths(), query.mail_system)))
    if query.worst:
        found = [company for company in found if _worst_at(call.view, call.view.paths(company)) is query.worst]
    companies, following = page_of(found, str, query)
    open_in = _open_in(call.view)
    facts = [_company(call.view, call.view.paths(company), open_in) for company in companies]
    return answered({"companies": facts, "next": following})


async def show_company(call: Call[NoQuery, NoBody]) -> web.Response:
    """One with its paths."""
    paths = call.view.paths(call.part("company"))
    real = await call.view.real_mail(paths[0].company)
    facts = {
        **_company(call.view, paths, _open_in(call.view)),
        "paths": [_watched(call.view, path) for path in paths],
        "real_mail": real_mail_json(real) if real else None,
    }
    return answered(facts)


async def show_paths(call: Call[WhichPaths, NoBody]) -> web.Response:
    """All paths, or one company's."""
    found = _with(call.view.paths(call.query.company or ""), call.query.mail_system)
    paths, following = page_of(found, lambda path: path.key, call.query)
    return answered({"paths": [_watched(call.view, path) for path in paths], "next": following})


async def show_path(call: Call[NoQuery, NoBody]) -> web.Response:
    """One path."""
    return answered(_watched(call.view, call.view.path(call.part("company"), call.part("path"))))


def _company(view: CallerView, paths: list[WatchedPath], open_in: dict[str, list[str]]) -> CompanyJson:
    first = paths[0]
    return {
        "company": first.company,
        "name": first.company_name,
        "mail_system": first.mail_system,
        "mail_systems": list(first.mail_systems),
        "paths": [path.path for path in paths],
        "worst": _worst_at(view, paths),
        "incidents": open_in.get(first.company, []),
    }


def _open_in(view: CallerView) -> dict[str, list[str]]:
    """Ids of the open incidents that touch each company."""
    found: dict[str, list[str]] = {}
    for incident in view.open_incidents():
        for company in incident.touches:
            found.setdefault(company, []).append(incident.id)
    return found


def _with(paths: list[WatchedPath], mail_system: str | None) -> list[WatchedPath]:
    """Return the paths at companies with this mail system, all if none is asked for."""
    return [path for path in paths if mail_system is None or mail_system in path.mail_systems]


def _worst_at(view: CallerView, paths: list[WatchedPath]) -> Outcome | None:
    outcomes = (current.verdict.outcome for current in view.current_verdicts(paths).values())
    return min(outcomes, key=WORST_FIRST.index, default=None)


def _watched(view: CallerView, path: WatchedPath) -> WatchedFacts:
    return {
        **path_json(path),
        "code_life_seconds": path.code_life.total_seconds(),
        "present": [
            {
                "kind": kind,
                "verdict": verdict_json(current.verdict),
                "at": timestamp(current.at),
                "probe": current.probe_id,
                **delivery_json(current.delivery),
            }
            for (_, _, kind), current in view.current_verdicts([path]).items()
        ],
    }
