"""Now: how every company fares, the worst first, and the open incidents on top."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from monitor.config import WatchedPath
from monitor.incidents.incident import Incident, Scope, Severity, worst_first
from monitor.incidents.remedies import incident_runbook
from monitor.output.symbols import WORST_FIRST
from monitor.probing.current import CurrentVerdict
from monitor.web.backend import BACKEND
from monitor.web.caller_view import caller_view_of
from monitor.web.rendering import page
from probes.check import Check
from probes.kinds import Kind
from probes.labels import OUTCOMES, reason_of
from probes.mailsystems.words import chain_label
from probes.verdict import Cause, Grade, Outcome, Verdict

MAX_COMPANIES = 80  # in the table of one page
MAX_HEALTHY = 300  # in the list of those where all is well
MAX_PATHS = 40  # that are in the page while they are folded away
MAX_INCIDENTS = 12  # that are not muted
MAX_MUTED = 5  # after these; the number of all is always shown
MAX_NAMED = 3  # companies of an incident
MAX_QUERY_CHARS = 100
UNFOLDED = "all"  # unfolded

LABELS = {outcome: row.title for outcome, row in OUTCOMES.items()}
_RANKS = {outcome: rank for rank, outcome in enumerate(WORST_FIRST)}


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
    """One company; `cells` are the worst of its paths. `mail_system` is for people, `search` has the
    words that it is found by beside it. `shown`: its paths are in the page; `unfolded`: to be seen."""

    key: str
    name: str
    mail_system: str
    search: str
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

    @property
    def healthy(self) -> bool:
        """True if all probes arrive in time, and recently did."""
        return self.worst is Outcome.INBOX and not self.overdue


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An open incident. `muted`: no notices are sent for it."""

    id: str
    severity: Severity
    scope: Scope
    companies: tuple[tuple[str, str], ...]  # key, name
    many: int  # how many they are, where they are too many to name
    outcome: Outcome
    cause: Cause | None
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
    healthy: tuple[CompanyRow, ...]
    more_healthy: int
    found: int
    watched: int
    troubled: int
    unseen: int  # where nothing is known to be wrong, and something could not be looked at
    pages: int


def now_view(
    paths: Sequence[WatchedPath],
    current_verdicts: Mapping[Check, CurrentVerdict],
    incidents: Iterable[Incident],
    ask: Ask,
    now: datetime,
) -> Now:
    """The page as it is now."""
    kinds = tuple(kind for kind in Kind if any(kind in path.kinds for path in paths))
    rows = sorted(_companies(paths, current_verdicts, kinds, now), key=_rank)
    found = [row for row in rows if _fits(row, ask)]
    table = [row for row in found if not (ask.everything and row.healthy)]
    healthy = [row for row in found if row.healthy] if ask.everything else []
    pages = max(1, -(-len(table) // MAX_COMPANIES))
    number = min(max(ask.page, 1), pages)
    opened = sorted(incidents, key=worst_first)
    loud = [incident for incident in opened if not incident.muted_by]
    muted = [incident for incident in opened if incident.muted_by]
    names = {path.company: path.company_name for path in paths}
    totals = Counter(row.worst for company in rows for row in company.paths)
    return Now(
        ask=ask,
        kinds=kinds,
        incidents=tuple(_open(incident, names) for incident in (*loud[:MAX_INCIDENTS], *muted[:MAX_MUTED])),
        more_incidents=max(0, len(loud) - MAX_INCIDENTS),
        muted=len(muted),
        more_muted=max(0, len(muted) - MAX_MUTED),
        totals=tuple((outcome, totals[outcome]) for outcome in WORST_FIRST if totals[outcome]),
        companies=_folded(table[(number - 1) * MAX_COMPANIES : number * MAX_COMPANIES], ask),
        healthy=tuple(sorted(healthy[:MAX_HEALTHY], key=lambda row: row.name.casefold())),
        more_healthy=max(0, len(healthy) - MAX_HEALTHY),
        found=len(found),
        watched=len(rows),
        troubled=sum(row.worst not in (Outcome.INBOX, Outcome.UNKNOWN, None) for row in rows),
        unseen=sum(row.worst is Outcome.UNKNOWN for row in rows),
        pages=pages,
    )


def asked(query: Mapping[str, str]) -> Ask:
    """Parse the address. Invalid conditions are ignored."""
    outcome = query.get("outcome", "")
    number = query.get("page", "")
    return Ask(
        words=query.get("q", "")[:MAX_QUERY_CHARS].strip(),
        outcome=outcome if outcome in {*Outcome, "none"} else "",
        unfolded=frozenset(query.get("open", "").split(",")) - {""},
        page=int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
    )


def routes() -> list[web.RouteDef]:
    """The route of the page."""
    return [web.get("/", show)]


async def show(request: web.Request) -> web.Response:
    """The page."""
    view, backend = caller_view_of(request), request.app[BACKEND]
    paths, now = view.paths(), backend.now()
    shown = now_view(paths, view.current_verdicts(paths), view.open_incidents(), asked(request.query), now)
    sandbox = bool(backend.config().sandbox.companies)
    codes = await view.all_codes_in_time()
    said: dict[str, Any] = {
        "sandbox": sandbox,
        "starting": backend.ready(),
        "outcome_labels": LABELS,
        "codes_in_time": codes,
    }
    return page(request, "now.html", view=shown, now=now, **said)


def _companies(
    paths: Iterable[WatchedPath], current_verdicts: Mapping[Check, CurrentVerdict], kinds: Sequence[Kind], now: datetime
) -> Iterable[CompanyRow]:
    companies: dict[str, list[WatchedPath]] = {}
    for path in paths:
        companies.setdefault(path.company, []).append(path)
    return (_company(members, current_verdicts, kinds, now) for members in companies.values())


def _company(
    members: Sequence[WatchedPath],
    current_verdicts: Mapping[Check, CurrentVerdict],
    kinds: Sequence[Kind],
    now: datetime,
) -> CompanyRow:
    rows = sorted((_path(path, current_verdicts, kinds, now) for path in members), key=lambda row: _badness(row.worst))
    worst, first = rows[0], members[0]
    return CompanyRow(
        key=first.company,
        name=first.company_name,
        mail_system=chain_label(first.mail_systems),
        search=" ".join(first.mail_systems),
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
    worst = min(known.values(), key=lambda each: _badness(each.verdict.outcome if each else None), default=None)
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
        overdue=_overdue(path, last, now),
    )


def _why(verdict: Verdict) -> str:
    """The reason in plain words; the server's reply is on the probe's page."""
    return verdict.because if verdict.outcome is Outcome.INBOX else reason_of(verdict.outcome, verdict.cause)


def _cell(kind: Kind, current: CurrentVerdict | None) -> Cell:
    if current is None:
        return Cell(kind, None, None, "")
    return Cell(kind, current.verdict.outcome, current.verdict.cause, current.probe_id)


def _worst(cells: Iterable[Cell | None]) -> Cell | None:
    return min((cell for cell in cells if cell), key=lambda cell: _badness(cell.outcome), default=None)


def _badness(outcome: Outcome | None) -> int:
    """The worst is least. No verdict yet does not hide another's trouble."""
    return _RANKS[outcome]


def _overdue(path: WatchedPath, last: datetime | None, now: datetime) -> bool:
    """Whether no verdict came for so long that something is wrong with the watching. A crontab may pause for days."""
    return bool(last and path.every and now - last > 2 * path.every + path.give_up)


def _rank(row: CompanyRow) -> tuple[int, bool, int, str]:
    bad = sum(cell is not None and cell.outcome not in (Outcome.INBOX, None) for cell in row.cells)
    return _badness(row.worst), not row.overdue, -bad, row.name.casefold()


def _fits(row: CompanyRow, ask: Ask) -> bool:
    if ask.outcome:
        wanted = None if ask.outcome == "none" else Outcome(ask.outcome)
        if not any(cell and cell.outcome is wanted for path in row.paths for cell in path.cells):
            return False
    paths = (f"{path.name} {path.via} {path.to}" for path in row.paths)
    said = " ".join((row.key, row.name, row.mail_system, row.search, *paths))
    return all(word in said.casefold() for word in ask.words.casefold().split())


def _folded(rows: Iterable[CompanyRow], ask: Ask) -> tuple[CompanyRow, ...]:
    """The rows, and which of their paths the page has: those unfolded, and others as long as there is room."""
    room, folded = MAX_PATHS, []
    for row in rows:
        unfolded = len(row.paths) > 1 and (row.key in ask.unfolded or UNFOLDED in ask.unfolded)
        shown = unfolded or 1 < len(row.paths) <= room
        room -= len(row.paths) if shown else 0
        folded.append(replace(row, shown=shown, unfolded=unfolded))
    return tuple(folded)


def _open(incident: Incident, names: Mapping[str, str]) -> OpenRow:
    companies = tuple((key, names.get(key, key)) for key in incident.touches or incident.companies)
    few = companies if len(companies) <= MAX_NAMED else ()
    return OpenRow(
        id=incident.id,
        severity=incident.severity,
        scope=incident.scope,
        companies=few,
        many=0 if few else len(companies),
        outcome=incident.outcome,
        cause=incident.cause,
        why=reason_of(incident.outcome, incident.cause),
        since=incident.began_at,
        muted=bool(incident.muted_by),
        runbook=incident_runbook(incident),
    )
