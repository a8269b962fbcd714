"""The heat map: present results by mail system, and the share in time by kind of mail and day.

Each grade is a table of its own: results of different proof are never added up. A cell has its figure and its count as
text, so that nothing depends on its shade.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from monitor.config import WatchedPath
from monitor.output.service_level import TENTHS_OF_PERCENT
from monitor.output.symbols import WORST_FIRST
from monitor.probing.code_counts import grade_of, in_time
from monitor.store import DayCount, StoreError
from monitor.store.result_counts import day_of
from monitor.web.backend import BACKEND
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.rendering import page_off_the_loop
from monitor.web.sender_facts import SystemCounts, counts_by_system
from probes.kinds import Kind
from probes.mailsystems.table import system_label
from probes.verdict import Grade, Outcome

DAYS = 7
SHADES = 5  # of a cell, from 0 to this
FEW = 20  # results; of fewer, a percentage says more than is known


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell. `shade`: how much of what is bad, or of what is shown; `href`: where its results are listed."""

    count: int
    of: int
    shade: int
    href: str

    @property
    def percent(self) -> str:
        """Return the share, rounded down, "" of few."""
        return f"{self.count * TENTHS_OF_PERCENT // self.of // 10} %" if self.of >= FEW else ""


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One row: a mail system, or a kind of mail."""

    name: str
    cells: tuple[HeatCell | None, ...]


@dataclass(frozen=True, slots=True)
class SystemTable:
    """Present results of one grade: mail systems by outcomes."""

    grade: Grade
    outcomes: tuple[Outcome, ...]
    rows: tuple[HeatRow, ...]


@dataclass(frozen=True, slots=True)
class DayTable:
    """Shares in time of one grade: kinds by days."""

    grade: Grade
    rows: tuple[HeatRow, ...]


def routes() -> list[web.RouteDef]:
    """The route of the page."""
    return [web.get("/heat-map", show)]


async def show(request: web.Request) -> web.Response:
    """The page, of what the caller may see."""
    view, now = caller_view_of(request), request.app[BACKEND].now()
    paths = view.paths()
    systems = system_tables(counts_by_system(paths, view.current_verdicts(paths)))
    since = day_of(now) - (DAYS - 1) * timedelta(days=1)
    days = tuple(since + number * timedelta(days=1) for number in range(DAYS))
    try:
        by_day = day_tables(await _counts(view, paths, since), paths, days)
    except StoreError:
        by_day = None
    return await page_off_the_loop(
        request, "heat_map.html", now=now, systems=systems, by_day=by_day, days=days, few=FEW
    )


async def _counts(view: CallerView, paths: Sequence[WatchedPath], since: datetime) -> list[DayCount]:
    """Path by path only where that is needed to tell grades apart: of thousands of companies it is many rows."""
    several = len({grade_of(path) for path in paths}) > 1
    return await view.backend.recent_figures.days(since, view.caller.companies, by_path=several)


def system_tables(counts: Iterable[SystemCounts]) -> tuple[SystemTable, ...]:
    """Return the present results by mail system, one table for each grade, the best grade first."""
    found = list(counts)
    return tuple(
        _system_table(grade, mine) for grade in Grade if (mine := [each for each in found if each.grade is grade])
    )


def _system_table(grade: Grade, counts: Sequence[SystemCounts]) -> SystemTable:
    there = {outcome for each in counts for outcome, _ in each.outcomes}
    outcomes = tuple(outcome for outcome in reversed(WORST_FIRST) if outcome in there and outcome)
    rows = []
    for each in counts:
        numbers, total = dict(each.outcomes), sum(number for _, number in each.outcomes)
        cells = (_present(each.mail_system, outcome, numbers.get(outcome, 0), total) for outcome in outcomes)
        rows.append(HeatRow(system_label(each.mail_system), tuple(cells)))
    return SystemTable(grade, outcomes, tuple(rows))


def _present(system: str, outcome: Outcome, number: int, total: int) -> HeatCell | None:
    if not number:
        return None
    return HeatCell(number, total, _shade(number, total), f"/?system={system}&outcome={outcome}&sort=name")


def day_tables(
    counts: Iterable[DayCount], paths: Iterable[WatchedPath], days: Sequence[datetime]
) -> tuple[DayTable, ...]:
    """Return the shares in time by kind and day, one table for each grade. The grade is that of the path's route; of a
    path that is no longer configured nothing is counted."""
    grades = {(path.company, path.path): grade_of(path) for path in paths}
    usual = next(iter(grades.values()), None)
    sums: dict[Grade, Counter[tuple[Kind, datetime, bool]]] = {}
    for each in counts:
        good = in_time(each.outcome, each.cause)
        grade = grades.get((each.company, each.path)) if each.company else usual
        if good is not None and grade:
            sums.setdefault(grade, Counter())[each.kind, each.day, good] += each.count
    return tuple(DayTable(grade, tuple(_kinds(sums[grade], days))) for grade in Grade if grade in sums)


def _kinds(sums: Mapping[tuple[Kind, datetime, bool], int], days: Sequence[datetime]) -> Iterable[HeatRow]:
    for kind in Kind:
        cells = tuple(_day(kind, day, sums.get((kind, day, True), 0), sums.get((kind, day, False), 0)) for day in days)
        if any(cells):
            yield HeatRow(kind, cells)


def _day(kind: Kind, day: datetime, good: int, bad: int) -> HeatCell | None:
    if not good + bad:
        return None
    until = day + timedelta(days=1)
    href = f"/probes?as=sender&kind={kind}&since={day:%Y-%m-%dT%H:%M}&until={until:%Y-%m-%dT%H:%M}"
    return HeatCell(good, good + bad, _shade(bad, good + bad), href)


def _shade(number: int, total: int) -> int:
    """Return the shade of a share: none of nothing, some of the smallest."""
    return -(-number * SHADES // total)
