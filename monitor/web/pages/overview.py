"""The overview: tiles, and one list of incidents and companies, the worst first."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from aiohttp import web
from aiohttp.web import json_response
from markupsafe import Markup

from monitor.actions.triage import entries_of
from monitor.config import WatchedPath
from monitor.incidents.incident import Incident, Severity
from monitor.output.service_level import CodeLevels
from monitor.triage.directory import companies_of
from monitor.web.backend import BACKEND, CALLER
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.company_summaries import SeenCompanies
from monitor.web.overview_figures import IN_TIME, MISSED, MIXED, NOTHING, UNTOLD, DeliveryTile
from monitor.web.pages.overview_filter import ORDERS, STATES, OverviewFilter, overview_filter
from monitor.web.pages.overview_list import Line, OverviewFacts, OverviewList, overview_list
from monitor.web.rendering import environment, page_off_the_loop
from probes.display import counted
from probes.labels import CAUSES, OUTCOMES
from probes.mailsystems.table import system_label
from probes.verdict import Outcome

MAX_KEPT_ROWS = 8192  # of HTML; a kilobyte each
MAX_KNOWN = 200  # rows that a browser says it has
TAG_OCTETS = 9


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """One line of the list as HTML; another `version` if anything in it is different."""

    id: str
    version: str
    html: Markup


@dataclass(frozen=True, slots=True)
class StripPaths:
    """A strip of 24 hours as paths in a box of 24 by 10: in time above a line, what was not in time below it, and
    `untold` around it. `said`: the same in words."""

    good: str
    bad: str
    untold: str
    said: str


@dataclass(frozen=True, slots=True)
class Tiles:
    """The figures above the list. `codes` and `deliveries` have a part for each grade; None while they cannot be read.
    `open`: incidents that are not muted, `pages` those among them that wake somebody."""

    ok: int
    failing: int
    unknown: int
    waiting: int
    codes: tuple[CodeLevels, ...] | None
    deliveries: tuple[DeliveryTile, ...]
    open: int
    pages: int
    muted: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The page. `systems`: mail systems to choose from, by key and name; `meant`: the company by key and name that was
    probably meant by words that match nothing."""

    ask: OverviewFilter
    tiles: Tiles
    watched: int
    list: OverviewList
    rows: tuple[OverviewRow, ...]
    systems: tuple[tuple[str, str], ...]
    meant: tuple[str, str] | None

    @property
    def headline(self) -> str:
        """Return the state of all companies in a few words."""
        tiles = self.tiles
        if not self.watched:
            return "No companies are monitored yet"
        said = "All mail is being delivered"
        if tiles.failing:
            has = "company has" if self.watched == 1 else "companies have"
            said = f"{tiles.failing} of {self.watched} {has} delivery problems"
        elif tiles.unknown:
            said = "No known delivery problems"
        elif tiles.waiting:
            said = "Waiting for the first results"
        return f"{said} · {tiles.unknown} could not be checked" if tiles.unknown else said

    @property
    def title(self) -> str:
        """Return the title of the page."""
        return f"{self.tiles.failing} with problems" if self.tiles.failing else "Overview"


def routes() -> list[web.RouteDef]:
    """The page, and what has changed on it."""
    return [web.get("/", show), web.get("/overview/changes", show_changes)]


async def show(request: web.Request) -> web.Response:
    """The page."""
    view, backend = await _overview(request), request.app[BACKEND]
    codes = view.tiles.codes
    return await page_off_the_loop(
        request, "overview.html", view=view, now=backend.now(), codes_in_time=codes, **_around(request)
    )


async def show_changes(request: web.Request) -> web.Response:
    """The parts of the page as JSON, for its script; of rows that the browser says to have, only the version. Nothing
    at all if nothing has changed."""
    view, around = await _overview(request), _around(request)
    module = environment().get_template("overview_parts.html").make_module(around)
    parts = {name: str(getattr(module, name)(view)) for name in ("head", "tiles", "found", "pager")}
    known = set(request.query.get("known", "").split(".")[:MAX_KNOWN])
    whole = json.dumps([view.title, parts, [(row.id, row.version) for row in view.rows]])
    tag = hashlib.blake2b(whole.encode(), digest_size=TAG_OCTETS).hexdigest()
    headers = {"ETag": f'W/"{tag}"', "Vary": "Cookie"}
    if any(each.value == tag for each in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    rows = [(row.id, row.version, None if row.version in known else row.html) for row in view.rows]
    return json_response({"title": view.title, "parts": parts, "rows": rows}, headers=headers)


def _around(request: web.Request) -> dict[str, Any]:
    backend = request.app[BACKEND]
    return {
        "sees_all": request[CALLER].sees_all,  # "caller" has another meaning in macros
        "starting": backend.ready(),
        "sandbox": bool(backend.config().sandbox.companies),
        "states": STATES,
        "orders": ORDERS,
        "severities": tuple(Severity),
        "causes": sorted(CAUSES, key=lambda cause: CAUSES[cause].label),
        "outcome_titles": {str(outcome): row.title for outcome, row in OUTCOMES.items()},
    }


async def _overview(request: web.Request) -> Overview:
    view, ask = caller_view_of(request), overview_filter(request.query)
    figures, codes = await view.overview_figures(), await view.all_codes_in_time()
    deliveries = await figures.deliveries(view.caller.seen(view.backend.board.companies)) if figures else ()
    incidents = view.open_incidents()
    works = await view.open_work() if incidents else {}
    seen = await view.company_summaries()  # nothing is awaited after this
    facts = OverviewFacts(
        *(seen, view.backend.board.current_verdicts, incidents, works, figures),
        me=view.caller.name if view.caller.way == "session" else "",
        by_domain=companies_with_domain(view, ask.q),
    )
    found = overview_list(facts, ask)
    return Overview(
        ask=ask,
        tiles=_tiles(seen, incidents, codes, deliveries),
        watched=len(seen.ranked),
        list=found,
        rows=tuple(map(row_of, found.lines)),
        systems=tuple(
            sorted(((key, system_label(key)) for key, count in seen.tally.systems.items() if count), key=_name)
        ),
        meant=view.meant_company(ask.q) if ask.q and not found.lines else None,
    )


def _name(system: tuple[str, str]) -> str:
    return system[1].casefold()


def _tiles(
    seen: SeenCompanies,
    incidents: Iterable[Incident],
    codes: tuple[CodeLevels, ...] | None,
    deliveries: tuple[DeliveryTile, ...],
) -> Tiles:
    companies, opened = seen.tally.companies, list(incidents)
    loud = [each for each in opened if not each.muted_by]
    return Tiles(
        ok=companies[Outcome.INBOX],
        failing=sum(companies[each] for each in Outcome if each not in (Outcome.INBOX, Outcome.UNKNOWN)),
        unknown=companies[Outcome.UNKNOWN],
        waiting=companies[None],
        codes=codes,
        deliveries=deliveries,
        open=len(loud),
        pages=sum(each.severity is Severity.PAGE for each in loud),
        muted=len(opened) - len(loud),
    )


def companies_with_domain(view: CallerView, words: str) -> frozenset[str]:
    """The companies that have the domain that is searched for, as triage finds them."""
    domain = words.casefold()
    if "." not in domain or " " in domain:
        return frozenset()
    paths: list[WatchedPath] = view.paths()
    return frozenset(each.entry.key for each in companies_of(domain, entries_of(paths, view.backend.config())))


@lru_cache(MAX_KEPT_ROWS)
def row_of(line: Line) -> OverviewRow:
    """Return a line as HTML. A line has no ages in it, so that it is the same until something happens."""
    module = environment().get_template("overview_rows.html").module
    html: Markup = getattr(module, line.macro)(line, strip_paths(line.strip) if line.strip else None)
    return OverviewRow(line.id, hashlib.blake2b(html.encode(), digest_size=6).hexdigest(), html)


@lru_cache(MAX_KEPT_ROWS)
def strip_paths(states: str) -> StripPaths:
    """Return the drawing of the states of each hour; neighbours with the same state are one box."""
    boxes: Mapping[str, list[str]] = {"good": [], "bad": [], "untold": []}
    begin = 0
    for hour in range(1, len(states) + 1):
        if hour == len(states) or states[hour] != states[begin]:
            width = hour - begin
            if states[begin] in (IN_TIME, MIXED):
                boxes["good"].append(f"M{begin} 0h{width}v6h-{width}z")
            if states[begin] in (MISSED, MIXED):
                boxes["bad"].append(f"M{begin} 6h{width}v4h-{width}z")
            if states[begin] == UNTOLD:
                boxes["untold"].append(f"M{begin} 4.8h{width}v2.4h-{width}z")
            begin = hour
    words = ((IN_TIME, "in time"), (MIXED, "partly in time"), (MISSED, "not in time"), (UNTOLD, "unknown"))
    said = [f"{counted(number, 'hour')} {word}" for state, word in words if (number := states.count(state))]
    if empty := states.count(NOTHING):
        said.append(f"{counted(empty, 'hour')} without a test")
    return StripPaths("".join(boxes["good"]), "".join(boxes["bad"]), "".join(boxes["untold"]), ", ".join(said))
