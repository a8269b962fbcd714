"""The drawings of a company's page, for one range of time: each kind of mail on each path, and for each grade the codes
in time, where mail ended, how long it took. Pure: made of counts by hour and day, never of single probes.

What was seen with different certainty is never added up: each grade has drawings of its own. The grade is that of the
path's route, as for the tiles.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.config import WatchedPath
from monitor.measures.time_slots import RANGES, TimeSlots, slots_until
from monitor.probing.code_counts import grade_of
from monitor.store import CompanySeries, SlotCount, SlotTimes
from monitor.store.result_counts import DAY
from monitor.web.charts import (
    DeliveryChart,
    DeliveryFigures,
    InTimeBars,
    OutcomeRow,
    SlotNames,
    SlotTally,
    Tick,
    bars_of,
    delivery_chart,
    delivery_figures,
    delivery_said,
    figures_by_slot,
    outcome_rows,
    tallies,
    times_of,
)
from monitor.web.legible import spelled
from probes.kinds import Kind
from probes.verdict import Grade

SHORTEST, USUAL = "24h", "7d"


@dataclass(frozen=True, slots=True)
class KindCells:
    """One kind on one path over time, and in all of it: `said` in words."""

    bars: InTimeBars
    said: str


@dataclass(frozen=True, slots=True)
class KindFigures:
    """One kind of mail: its delivery times, and how long its codes live: "no code" where it has none. `over`: too
    many came after that."""

    kind: Kind
    figures: DeliveryFigures
    life: str
    over: bool


@dataclass(frozen=True, slots=True)
class SlotLine:
    """One slot in words, for those who do not see the drawings."""

    of: int
    when: str
    results: str
    delivery: str


@dataclass(frozen=True, slots=True)
class GradeCharts:
    """Drawings of results of one grade. `codes` is None where no mail has a code."""

    grade: Grade
    codes: InTimeBars | None
    said: str
    outcomes: tuple[OutcomeRow, ...]
    delivery: DeliveryChart | None
    kinds: tuple[KindFigures, ...]
    lines: tuple[SlotLine, ...]


@dataclass(frozen=True, slots=True)
class CompanyCharts:
    """All drawings. `stretch` names the range; `width` is that of a mark, in percent; `links` has for each slot the
    part of an address that finds its probes, "" where they are deleted."""

    stretch: str
    width: float
    times: tuple[Tick, ...]
    cells: dict[tuple[str, Kind], KindCells]
    grades: tuple[GradeCharts, ...]
    links: tuple[str, ...]


def stretch_of(asked: str, first_day: datetime | None, now: datetime) -> str:
    """Return the range to draw: the requested one, else a week; the shortest for a company that is new."""
    if asked in RANGES:
        return asked
    return SHORTEST if first_day is None or now - first_day < 2 * DAY else USUAL


def company_charts(
    paths: Sequence[WatchedPath], series: CompanySeries, stretch: str, now: datetime, kept_since: datetime
) -> CompanyCharts:
    """Draw these results of a company's paths. Probes launched before `kept_since` are deleted."""
    slots = slots_until(now, stretch)
    names = SlotNames(slots)
    by_check: dict[tuple[str, Kind], list[SlotCount]] = defaultdict(list)
    by_grade: dict[Grade, list[SlotCount]] = defaultdict(list)
    times: dict[Grade, list[SlotTimes]] = defaultdict(list)
    routes = {path.path: grade_of(path) for path in paths}
    for row in series.results:
        by_check[row.path, row.kind].append(row)
        by_grade[routes.get(row.path, row.grade)].append(row)
    for each in series.times:
        times[routes.get(each.path, each.grade)].append(each)
    return CompanyCharts(
        stretch=stretch,
        width=names.width,
        times=times_of(slots),
        cells={check: _cells(rows, names) for check, rows in by_check.items()},
        grades=tuple(
            _of_grade(grade, by_grade[grade], times[grade], paths, names) for grade in Grade if grade in by_grade
        ),
        links=tuple(_link(slots, slot, kept_since) for slot in range(slots.number)),
    )


def _cells(rows: Sequence[SlotCount], slots: SlotNames) -> KindCells:
    return KindCells(bars_of(tallies(rows), slots), _total(rows).said)


def _total(rows: Sequence[SlotCount]) -> SlotTally:
    total = SlotTally()
    for row in rows:
        total.add(row)
    return total


def _of_grade(
    grade: Grade,
    rows: Sequence[SlotCount],
    times: Sequence[SlotTimes],
    paths: Sequence[WatchedPath],
    slots: SlotNames,
) -> GradeCharts:
    codes = [row for row in rows if row.kind.facts.needs_code]
    mine = [path for path in paths if grade_of(path) is grade]
    lives = {path.code_life for path in mine for kind in path.kinds if kind.facts.needs_code}
    figures = figures_by_slot(times)
    return GradeCharts(
        grade=grade,
        codes=bars_of(tallies(codes), slots) if codes else None,
        said=_total(codes).said,
        outcomes=outcome_rows(rows, slots),
        delivery=delivery_chart(figures, slots, lives),
        kinds=tuple(_kinds(times, mine)),
        lines=tuple(_lines(rows, figures, slots)),
    )


def _kinds(times: Sequence[SlotTimes], paths: Sequence[WatchedPath]) -> list[KindFigures]:
    counts: dict[Kind, Counter[float]] = defaultdict(Counter)
    for each in times:
        counts[each.kind].update(each.counts)
    found = []
    for kind in Kind:
        figures = delivery_figures(counts[kind]) if kind in counts else None
        if figures is None:
            continue
        lives = sorted({path.code_life for path in paths if kind in path.kinds}) if kind.facts.needs_code else []
        life = " or ".join(spelled(each.total_seconds()) for each in lives) or _without_life(kind)
        found.append(KindFigures(kind, figures, life, bool(lives) and figures.most > lives[0].total_seconds()))
    return found


def _without_life(kind: Kind) -> str:
    return "no longer tested" if kind.facts.needs_code else "no code"


def _lines(rows: Sequence[SlotCount], figures: Mapping[int, DeliveryFigures], slots: SlotNames) -> list[SlotLine]:
    return [
        SlotLine(
            slot, slots.labels[slot], tally.said, delivery_said(figures[slot]) if slot in figures else "none delivered"
        )
        for slot, tally in sorted(tallies(rows).items(), reverse=True)
    ]


def _link(slots: TimeSlots, slot: int, kept_since: datetime) -> str:
    begin = slots.start_of(slot)
    end = begin + slots.step
    return "" if end <= kept_since else f"as=sender&since={begin:%Y-%m-%dT%H:%M}&until={end:%Y-%m-%dT%H:%M}"
