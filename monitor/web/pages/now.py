"""Now: how every company fares, the worst first, and the open incidents on top."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from monitor.config import WatchedPath
from monitor.incidents.advice import incident_runbook
from monitor.incidents.incident import Incident, Severity, worst_first
from monitor.incidents.summary import problem_label, problem_means, scope_label
from monitor.output.symbols import WORST_FIRST, look_of
from monitor.probing.current import CurrentVerdict
from monitor.web.backend import BACKEND
from monitor.web.caller_view import caller_view_of
from monitor.web.company_summaries import CompanySummary, SeenCompanies, badness, overdue_from
from monitor.web.rendering import page_off_the_loop
from probes.check import Check
from probes.kinds import Kind
from probes.labels import OUTCOMES, reason_of
from probes.mailsystems.words import chain_label
from probes.verdict import Cause, Grade, Outcome, Verdict

MAX_COMPANIES = 80  # in the table of one page
MAX_HEALTHY = 100  # in the list of those where all is well
MAX_PATHS = 40  # that are in the page while they are folded away
MAX_INCIDENTS = 12  # that are not muted
MAX_MUTED = 5  # after these; the number of all is always shown
MAX_NAMED = 3  # companies of an incident
MAX_QUERY_CHARS = 100
UNFOLDED = "all"  # unfolded
NO_VERDICT = "none"  # in place of an outcome

HEALTHY_FROM = (badness(Outcome.INBOX), True)  # rank of the first of those where all is well and nothing is overdue

LABELS = {outcome: row.title for outcome, row in OUTCOMES.items()}


@dataclass(frozen=True, slots=True)
class Ask:
    """The reader's filter: words in company names, an outcome; and the unfolded companies."""

    words: str = ""
    outcome: str = ""
    unfolded: frozenset[str] = frozenset()
    page: int = 1

    @property
    def everything(self) -> bool:
        """True if nothing is filtered out."""
        return not self.words and not self.outcome

    def link(self, **changes: str | int | frozenset[str]) -> str:
        """The address of the page with these changes. Another filter begins at the first page again."""
        asked = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        values = {"q": asked.words, "outcome": asked.outcome, "open": ",".join(sorted(asked.unfolded))}
        if asked.page > 1:
            values["page"] = str(asked.page)
        query = urlencode({name: value for name, value in values.items() if value})
        return f"/?{query}" if query else "/"

    def fold(self, company: str) -> str:
        """The address of the page where this company is unfolded, if it was not, else folded."""
        return self.link(unfolded=self.unfolded ^ {company}, page=self.page)


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind. Without a verdict yet, `outcome` is None and `probe_id` is ""."""

    kind: Kind
    outcome: Outcome | None
    cause: Cause | None
    probe_id: str


@dataclass(frozen=True, slots=True)
class PathRow:
    """One path. `cells` has a place for each kind of the table, None where it is not probed. `why` is the sentence of
    its worst verdict; `last` when the newest was given; `overdue`: there should have been one since."""

    key: str
    name: str
    via: str
    to: str
    cells: tuple[Cell | None, ...]
    worst: Outcome | None
    why: str
    grade: Grade | None
    probe_id: str
    last: datetime | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """One company; `cells` are the worst of its paths. `mail_system` is for people. `shown`: its paths are in the page;
    `unfolded`: to be seen."""

    key: str
    name: str
    mail_system: str
    cells: tuple[Cell | None, ...]
    worst: Outcome | None
    why: str
    grade: Grade | None
    probe_id: str
    last: datetime | None
    overdue: bool
    paths: tuple[PathRow, ...]
    shown: bool = False
    unfolded: bool = False


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An open incident. `muted`: no notices are sent for it."""

    id: str
    severity: Severity
    scope: str
    companies: tuple[tuple[str, str], ...]  # key, name
    many: int  # how many they are, where they are too many to name
    problem: str  # the label of its badge
    look: Outcome  # whose colour and sign it has
    why: str
    since: datetime
    muted: bool
    runbook: str


@dataclass(frozen=True, slots=True)
class Now:
    """The page. `incidents` are the first that are not muted, then the first that are; `muted`: how many are in all.
    `companies` are those of this page of the table, `healthy` the names where all is well."""

    ask: Ask
    kinds: tuple[Kind, ...]
    incidents: tuple[OpenRow, ...]
    more_incidents: int  # not muted
    muted: int
    more_muted: int
    totals: tuple[tuple[Outcome | None, int], ...]  # how many paths have this as their worst
    companies: tuple[CompanyRow, ...]
    healthy: tuple[CompanySummary, ...]
    more_healthy: int
    found: int
    watched: int
    troubled: int
    unseen: int  # where nothing is known to be wrong, and something could not be looked at
    pages: int


def now_view(
    seen: SeenCompanies,
    current_verdicts: Mapping[Check, CurrentVerdict],
    incidents: Iterable[Incident],
    ask: Ask,
    now: datetime,
) -> Now:
    """The page as it is now."""
    kinds = tuple(kind for kind in Kind if seen.tally.kinds[kind])
    found = seen.ranked if ask.everything else _found(seen.ranked, ask)
    unhealthy = bisect_left(found, HEALTHY_FROM, key=attrgetter("rank")) if ask.everything else len(found)
    table, healthy = found[:unhealthy], found[unhealthy:]
    pages = max(1, -(-len(table) // MAX_COMPANIES))
    number = min(max(ask.page, 1), pages)
    opened = sorted(incidents, key=worst_first)
    loud = [incident for incident in opened if not incident.muted_by]
    muted = [incident for incident in opened if incident.muted_by]
    shown = table[(number - 1) * MAX_COMPANIES : number * MAX_COMPANIES]
    totals, companies = seen.tally.paths, seen.tally.companies
    return Now(
        ask=ask,
        kinds=kinds,
        incidents=tuple(_open(incident, seen.name_of) for incident in (*loud[:MAX_INCIDENTS], *muted[:MAX_MUTED])),
        more_incidents=max(0, len(loud) - MAX_INCIDENTS),
        muted=len(muted),
        more_muted=max(0, len(muted) - MAX_MUTED),
        totals=tuple((outcome, totals[outcome]) for outcome in WORST_FIRST if totals[outcome]),
        companies=_folded([_company(each.paths, current_verdicts, kinds, now) for each in shown], ask),
        healthy=tuple(healthy[:MAX_HEALTHY]),
        more_healthy=max(0, len(healthy) - MAX_HEALTHY),
        found=len(found),
        watched=len(seen.ranked),
        troubled=sum(companies[each] for each in Outcome if each not in (Outcome.INBOX, Outcome.UNKNOWN)),
        unseen=companies[Outcome.UNKNOWN],
        pages=pages,
    )


def asked(query: Mapping[str, str]) -> Ask:
    """Parse the address. Invalid conditions are ignored."""
    outcome = query.get("outcome", "")
    number = query.get("page", "")
    return Ask(
        words=query.get("q", "")[:MAX_QUERY_CHARS].strip(),
        outcome=outcome if outcome in {*Outcome, NO_VERDICT} else "",
        unfolded=frozenset(query.get("open", "").split(",")) - {""},
        page=int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
    )


def routes() -> list[web.RouteDef]:
    """The route of the page."""
    return [web.get("/", show)]


async def show(request: web.Request) -> web.Response:
    """The page."""
    view, backend = caller_view_of(request), request.app[BACKEND]
    now, codes = backend.now(), await view.all_codes_in_time()
    seen = await view.company_summaries()
    shown = now_view(seen, backend.board.current_verdicts, view.open_incidents(), asked(request.query), now)
    sandbox = bool(backend.config().sandbox.companies)
    said: dict[str, Any] = {
        "sandbox": sandbox,
        "starting": backend.ready(),
        "outcome_labels": LABELS,
        "codes_in_time": codes,
    }
    return await page_off_the_loop(request, "now.html", view=shown, now=now, **said)


def _company(
    members: Sequence[WatchedPath],
    current_verdicts: Mapping[Check, CurrentVerdict],
    kinds: Sequence[Kind],
    now: datetime,
) -> CompanyRow:
    rows = sorted((_path(path, current_verdicts, kinds, now) for path in members), key=lambda row: badness(row.worst))
    worst, first = rows[0], members[0]
    return CompanyRow(
        key=first.company,
        name=first.company_name,
        mail_system=chain_label(first.mail_systems),
        cells=rows[0].cells if len(rows) == 1 else tuple(map(_worst, zip(*(row.cells for row in rows), strict=True))),
        worst=worst.worst,
        why=worst.why,
        grade=worst.grade,
        probe_id=worst.probe_id,
        last=max((row.last for row in rows if row.last), default=None),
        overdue=any(row.overdue for row in rows),
        paths=tuple(rows),
    )


def _path(
    path: WatchedPath, current_verdicts: Mapping[Check, CurrentVerdict], kinds: Sequence[Kind], now: datetime
) -> PathRow:
    known = {kind: current_verdicts.get(path.check(kind)) for kind in path.kinds}
    cells = tuple(_cell(kind, known[kind]) if kind in known else None for kind in kinds)
    worst = min(known.values(), key=lambda each: badness(each.verdict.outcome if each else None), default=None)
    last = max((current.at for current in known.values() if current), default=None)
    return PathRow(
        key=path.key,
        name=path.path,
        via=path.route.via,
        to=path.to,
        cells=cells,
        worst=worst.verdict.outcome if worst else None,
        why=_why(worst.verdict) if worst else "",
        grade=worst.verdict.grade if worst else None,
        probe_id=worst.probe_id if worst else "",
        last=last,
        overdue=overdue_from(path, last) < now,
    )


def _why(verdict: Verdict) -> str:
    """The reason in plain words; the server's reply is on the probe's page."""
    return verdict.because if verdict.outcome is Outcome.INBOX else reason_of(verdict.outcome, verdict.cause)


def _cell(kind: Kind, current: CurrentVerdict | None) -> Cell:
    if current is None:
        return Cell(kind, None, None, "")
    return Cell(kind, current.verdict.outcome, current.verdict.cause, current.probe_id)


def _worst(cells: Iterable[Cell | None]) -> Cell | None:
    return min((cell for cell in cells if cell), key=lambda cell: badness(cell.outcome), default=None)


def _found(ranked: Iterable[CompanySummary], ask: Ask) -> list[CompanySummary]:
    """The companies that fit the filter: every word is found, and some path and kind has the outcome."""
    found = list(ranked)
    if ask.outcome:
        wanted = None if ask.outcome == NO_VERDICT else Outcome(ask.outcome)
        found = [each for each in found if wanted in each.outcomes]
    for word in ask.words.casefold().split():
        found = [each for each in found if word in each.text]
    return found


def _folded(rows: Iterable[CompanyRow], ask: Ask) -> tuple[CompanyRow, ...]:
    """The rows, and which of their paths the page has: those unfolded, and others as long as there is room."""
    room, folded = MAX_PATHS, []
    for row in rows:
        unfolded = len(row.paths) > 1 and (row.key in ask.unfolded or UNFOLDED in ask.unfolded)
        shown = unfolded or 1 < len(row.paths) <= room
        room -= len(row.paths) if shown else 0
        folded.append(replace(row, shown=shown, unfolded=unfolded))
    return tuple(folded)


def _open(incident: Incident, name_of: Callable[[str], str]) -> OpenRow:
    companies = incident.touches or incident.companies
    few = tuple((key, name_of(key)) for key in companies) if len(companies) <= MAX_NAMED else ()
    return OpenRow(
        id=incident.id,
        severity=incident.severity,
        scope=scope_label(incident),
        companies=few,
        many=0 if few else len(companies),
        problem=problem_label(incident),
        look=look_of(incident),
        why=problem_means(incident),
        since=incident.began_at,
        muted=bool(incident.muted_by),
        runbook=incident_runbook(incident),
    )
