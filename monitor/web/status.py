"""What the status page shows, as plain values. Pure: the board and the time come in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.board import Board, Standing
from monitor.config import WatchedPath
from monitor.incidents.advising import runbook_on
from monitor.incidents.incident import Incident, worst_first
from monitor.signs import SIGNS
from probes.kinds import Kind
from probes.verdict import Outcome

WORST_FIRST: tuple[Outcome | None, ...] = (
    Outcome.BLOCKED,
    Outcome.MISSING,
    Outcome.QUARANTINED,
    Outcome.SPAM,
    Outcome.DEFERRED,
    Outcome.LATE,
    Outcome.UNKNOWN,
    None,
    Outcome.INBOX,
)


MOST_NAMED = 3  # companies of an incident


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind on one path. Without a verdict yet, `outcome` is "" and `because` says so."""

    kind: str
    outcome: str
    sign: str
    cause: str
    grade: str
    because: str
    age: str
    probe_id: str


@dataclass(frozen=True, slots=True)
class Row:
    """One path: its cells, and the worst of them, which speaks for the path."""

    company: str
    path: str
    mail_system: str
    to: str
    via: str
    worst: Cell
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """An open incident. `muted`: nobody is told of it now. `runbook` names the page that says what to do."""

    id: str
    severity: str
    scope: str
    who: str
    outcome: str
    sign: str
    cause: str
    because: str
    since: str
    muted: bool
    runbook: str


@dataclass(frozen=True, slots=True)
class Status:
    """The page."""

    incidents: tuple[Open, ...]
    rows: tuple[Row, ...]
    totals: tuple[tuple[str, str, int], ...]  # outcome, sign, how many paths
    in_flight: int
    at: datetime
    sandbox: bool


def status(board: Board, incidents: Iterable[Incident], in_flight: int, now: datetime, *, sandbox: bool) -> Status:
    """The page as it is now, worst incidents and paths first."""
    names = {path.company: path.company_name for path in board.paths.values()}
    opened = tuple(_open(incident, names, now) for incident in sorted(incidents, key=worst_first))
    ranked = sorted((_row(board, path, now) for path in board.paths.values()), key=lambda ranked: ranked[0])
    rows = tuple(row for _, row in ranked)
    counted = [(outcome, sum(row.worst.outcome == (outcome or "") for row in rows)) for outcome in WORST_FIRST]
    totals = tuple((outcome or "no verdict yet", SIGNS[outcome], count) for outcome, count in counted if count)
    return Status(opened, rows, totals, in_flight, now, sandbox)


def _open(incident: Incident, names: Mapping[str, str], now: datetime) -> Open:
    who = [names.get(company, company) for company in incident.touches]
    return Open(
        id=incident.id,
        severity=incident.severity,
        scope=incident.scope.replace("_", " "),
        who=", ".join(who) if len(who) <= MOST_NAMED else f"{len(who)} companies",
        outcome=incident.outcome,
        sign=SIGNS[incident.outcome],
        cause=(incident.cause or "").replace("_", " "),
        because=incident.failures[0].because if incident.failures else "",
        since=age((now - incident.began_at).total_seconds()).replace(" ago", ""),
        muted=bool(incident.muted_by),
        runbook=runbook_on(incident),
    )


def _row(board: Board, path: WatchedPath, now: datetime) -> tuple[int, Row]:
    standings = [(kind, board.standings.get((path.company, path.path, kind))) for kind in path.kinds]
    cells = tuple(_cell(kind, standing, now) for kind, standing in standings)
    rank, worst = min(((_rank(standing), i) for i, (_, standing) in enumerate(standings)), default=(0, 0))
    row = Row(path.company_name, path.path, path.mail_system, path.to, path.route.via, cells[worst], cells)
    return rank, row


def _rank(standing: Standing | None) -> int:
    """How bad; no verdict yet does not hide another kind's verdict."""
    return WORST_FIRST.index(standing.verdict.outcome) if standing else len(WORST_FIRST)


def _cell(kind: Kind, standing: Standing | None, now: datetime) -> Cell:
    name = kind.replace("_", " ")
    if standing is None:
        return Cell(name, "", SIGNS[None], "", "", "no verdict yet", "", "")
    verdict = standing.verdict
    return Cell(
        name,
        verdict.outcome,
        SIGNS[verdict.outcome],
        (verdict.cause or "").replace("_", " "),
        verdict.grade,
        verdict.because,
        age((now - standing.at).total_seconds()),
        standing.probe_id,
    )


def age(seconds: float) -> str:
    """A time ago, as people say it."""
    steps: Iterable[tuple[float, str]] = ((86400, "d"), (3600, "h"), (60, "min"))
    for size, unit in steps:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"
