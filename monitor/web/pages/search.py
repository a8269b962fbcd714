"""Search over everything that the caller may see: companies, open incidents, probes by id, runbooks, pages and actions.
The script of the header shows the same results while one types."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice

from aiohttp import web

from monitor.incidents.incident import Incident, worst_first
from monitor.incidents.summary import problem_label
from monitor.people.caller import NotThereError
from monitor.people.person import Rights
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.company_summaries import CompanySummary, SeenCompanies
from monitor.web.pages.overview import companies_with_domain
from monitor.web.pages.overview_filter import domain_only
from monitor.web.rendering import NavigationItem, page, places_of
from monitor.web.runbooks.document import runbooks
from probes.display import one_line
from probes.labels import outcome_label
from probes.mailsystems.words import chain_label

MAX_TYPED_CHARS = 100
MAX_COMPANIES, MAX_INCIDENTS, MAX_OTHERS = 8, 5, 5
MAX_TITLE_CHARS = 100
MAX_NAMED = 3  # companies of an incident
PROBE_ID = re.compile(r"[0-9a-z]{12,32}")
ACTIONS = (
    NavigationItem("Send a test message", "/probe-now", Rights.OPERATOR),
    NavigationItem("Diagnose a path", "/diagnose", Rights.OPERATOR),
    NavigationItem("Mutes: suppress notices", "/mutes", Rights.OPERATOR),
    NavigationItem("Somebody gets no code: help desk", "/triage"),
    NavigationItem("Failing companies", "/?state=failing"),
    NavigationItem("Display: theme, density, time zone", "/display"),
    NavigationItem("Documentation", "/docs/"),
    NavigationItem("People", "/settings/people", Rights.ADMIN),
    NavigationItem("Audit log", "/settings/audit", Rights.ADMIN),
)
"""What one does, beside the pages of the navigation."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One result. `group` is the heading that it stands below; `note` says more about it."""

    group: str
    title: str
    note: str
    href: str


def routes() -> list[web.RouteDef]:
    """The route of the search."""
    return [web.get("/search", show)]


async def show(request: web.Request) -> web.StreamResponse:
    """The results, as a page or as JSON; the page of a probe at once for its id."""
    view, typed = caller_view_of(request), domain_only(request.query.get("q", "")[:MAX_TYPED_CHARS].strip())
    hits = await found(view, typed)
    if "application/json" in request.headers.get("Accept", ""):
        answer = [{"group": hit.group, "title": hit.title, "note": hit.note, "href": hit.href} for hit in hits]
        return web.json_response(answer)
    meant = view.meant_company(typed) if typed and not hits else None
    return page(request, "search.html", typed=typed, hits=hits, meant=meant)


async def found(view: CallerView, typed: str) -> tuple[SearchHit, ...]:
    """Return what matches all of these words; without words the pages and actions."""
    words = typed.casefold().split()
    probe = await _probe(view, typed) if words else ()
    if not words:
        return tuple(_places(view, words, 2 * MAX_OTHERS))
    return (
        *probe,
        *_companies(await view.company_summaries(), words, companies_with_domain(view, typed)),
        *_incidents(view.open_incidents(), words),
        *_places(view, words, MAX_OTHERS),
        *_runbooks(words),
    )


async def _probe(view: CallerView, typed: str) -> tuple[SearchHit, ...]:
    if not PROBE_ID.fullmatch(typed):
        return ()
    try:
        record = await view.record(typed)
    except NotThereError:
        return ()
    outcome = outcome_label(record.verdict.outcome if record.verdict else None).title
    return (SearchHit("Probes", typed, f"{record.probe.company}/{record.probe.path}, {outcome}", f"/probes/{typed}"),)


def _companies(seen: SeenCompanies, words: list[str], by_domain: frozenset[str]) -> Iterator[SearchHit]:
    start = " ".join(words)

    def likely(summary: CompanySummary) -> tuple[bool, int]:
        """Return its place: what begins as typed, then the shorter name."""
        return not (summary.name.casefold().startswith(start) or summary.key.startswith(start)), len(summary.name)

    matches = (each for each in seen.ranked if each.key in by_domain or _fits(words, each.text))
    for each in nsmallest(MAX_COMPANIES, matches, key=likely):
        note = f"{outcome_label(each.worst).title}, {chain_label(each.paths[0].mail_systems)}"
        yield SearchHit("Companies", one_line(each.name, MAX_TITLE_CHARS), note, f"/companies/{each.key}")


def _incidents(opened: Iterable[Incident], words: list[str]) -> Iterator[SearchHit]:
    matches = (each for each in sorted(opened, key=worst_first) if _fits(words, _text(each)))
    for each in islice(matches, MAX_INCIDENTS):
        names = each.named[:MAX_NAMED]
        more = f" and {len(each.named) - MAX_NAMED} more" if len(each.named) > MAX_NAMED else ""
        yield SearchHit(
            "Open incidents", problem_label(each), f"{', '.join(names)}{more}" or each.id, f"/incidents/{each.id}"
        )


def _text(incident: Incident) -> str:
    return f"{incident.id} {problem_label(incident)} {' '.join(incident.named[:MAX_COMPANIES])}"


def _places(view: CallerView, words: list[str], most: int) -> Iterator[SearchHit]:
    offered = (*places_of(view.caller), *(each for each in ACTIONS if view.caller.may(each.rights)))
    matches = (each for each in offered if _fits(words, each.title))
    return (SearchHit("Pages and actions", each.title, "", each.href) for each in islice(matches, most))


def _runbooks(words: list[str]) -> Iterator[SearchHit]:
    matches = (each for each in runbooks().values() if _fits(words, f"{each.title} {each.name}"))
    return (SearchHit("Runbooks", each.title, "", f"/runbooks/{each.name}") for each in islice(matches, MAX_OTHERS))


def _fits(words: Iterable[str], text: str) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)
