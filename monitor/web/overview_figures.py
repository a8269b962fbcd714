"""Figures of the overview: how each company's mail fared in the last 24 hours, its availability, and delivery times.

They are read once a minute for all who ask. Hours that are over hardly change any more: they are read again every ten
minutes only, since all hours of thousands of companies are many rows.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from monitor.config import WatchedPath
from monitor.measures.quantiles import quantile
from monitor.measures.time_slots import HOUR, TimeSlots, slots_until
from monitor.output.service_level import ServiceLevel, level_of
from monitor.people.person import Companies
from monitor.probing.code_counts import in_time
from monitor.store import DayCount, DeliveryTimes, HourCount, Store, StoreError, window_start
from monitor.web.codes_in_time import FRESH_SECONDS, MAX_SUMS, Levels, RecentLevels
from probes.verdict import Grade

RANGE = "24h"
WEEK = 1  # the place of seven days among the windows of service levels
ALL_HOURS_SECONDS = 600.0
NEW_HOURS = 2  # in which results still come
IN_TIME, MISSED, MIXED, UNTOLD, NOTHING = "+", "-", "~", "?", "."
"""States of an hour. Shares are not drawn: they would add up results of different grades."""

DaysKey = tuple[datetime, Companies, bool]
HourStates = dict[datetime, dict[str, str]]
"""By hour and company."""


@dataclass(frozen=True, slots=True)
class DeliveryTile:
    """Seconds within which 95 % of the codes of one grade were delivered, of so many."""

    grade: Grade
    p95: float
    codes: int


@dataclass(frozen=True, slots=True)
class OverviewFigures:
    """The figures of all companies. `strips` has 24 states for each; `weeks` the levels of seven days, of its codes, or
    of its mail where none has a code, the best grade first; `times` counts the delivery times of codes."""

    slots: TimeSlots
    strips: Mapping[str, str]
    weeks: Mapping[str, tuple[ServiceLevel, ...]]
    times: Mapping[str, Mapping[Grade, Counter[float]]]
    _sums: dict[frozenset[str], tuple[DeliveryTile, ...]] = field(default_factory=dict)

    def strip(self, company: str) -> str:
        """Return the states of its last 24 hours."""
        return self.strips.get(company) or NOTHING * self.slots.number

    def week(self, company: str) -> tuple[ServiceLevel, ...]:
        """Return its levels of seven days."""
        return self.weeks.get(company, ())

    async def deliveries(self, companies: Iterable[str]) -> tuple[DeliveryTile, ...]:
        """Return the delivery times of these companies' codes, each grade by itself."""
        wanted = frozenset(companies)
        if wanted not in self._sums:
            if len(self._sums) >= MAX_SUMS:
                self._sums.clear()
            self._sums[wanted] = await asyncio.to_thread(_tiles, [self.times.get(each, {}) for each in wanted])
        return self._sums[wanted]


class RecentFigures:
    """Keeps the figures of all companies, and reads them when they are a minute old."""

    def __init__(
        self,
        store: Store,
        paths: Callable[[], Iterable[WatchedPath]],
        levels: RecentLevels,
        now: Callable[[], datetime],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._store, self._paths, self._levels, self._now, self._clock = store, paths, levels, now, clock
        self._hours: HourStates = {}
        self._whole_at = -ALL_HOURS_SECONDS
        self._read: asyncio.Task[OverviewFigures | None] | None = None
        self._until = 0.0
        self._days: dict[DaysKey, tuple[float, asyncio.Task[list[DayCount]]]] = {}

    async def days(self, since: datetime, companies: Companies, *, by_path: bool) -> list[DayCount]:
        """Return the counts by day since a midnight, as `ProbeStore.days`; they are at most a minute old. Raises
        StoreError."""
        key, now = (since, companies, by_path), self._clock()
        kept = self._days.get(key)
        if kept is None or now >= kept[0]:
            self._days = {each: found for each, found in self._days.items() if now < found[0]}
            task = asyncio.create_task(self._store.probes.days(since, companies, by_path=by_path))
            kept = self._days[key] = now + FRESH_SECONDS, task
        try:
            return await asyncio.shield(kept[1])
        except StoreError:
            self._days.pop(key, None)
            raise

    async def read(self) -> OverviewFigures | None:
        """Return the figures, the same object as long as they are; None as long as the store cannot be read."""
        if self._read is None or (self._read.done() and self._clock() >= self._until):
            self._until = self._clock() + FRESH_SECONDS
            self._read = asyncio.create_task(self._figures())
        return await asyncio.shield(self._read)

    async def _figures(self) -> OverviewFigures | None:
        now, clock = self._now(), self._clock()
        slots = slots_until(now, RANGE)
        whole = clock - self._whole_at >= ALL_HOURS_SECONDS
        since = slots.begin if whole else slots.end - NEW_HOURS * HOUR
        try:
            levels = await self._levels.of_each()
            rows = await self._store.probes.hours(since)
            times = await self._store.probes.delivery_times(window_start(now - timedelta(days=1), now), None)
        except StoreError:
            levels = None
        if levels is None:
            self._until = 0.0
            return None
        kept = {hour: here for hour, here in self._hours.items() if slots.begin <= hour < since}
        self._hours, figures = await asyncio.to_thread(_made, slots, kept, rows, levels, times, [*self._paths()])
        self._whole_at = clock if whole else self._whole_at
        return figures


def _made(
    slots: TimeSlots,
    kept: HourStates,
    rows: Iterable[HourCount],
    levels: Levels,
    times: Iterable[DeliveryTimes],
    paths: Sequence[WatchedPath],
) -> tuple[HourStates, OverviewFigures]:
    hours = kept | hour_states(rows)
    figures = OverviewFigures(slots, strips_of(hours, slots), _weeks(levels[WEEK]), _times(times, paths))
    return hours, figures


def hour_states(rows: Iterable[HourCount]) -> HourStates:
    """Return the state of each hour that had a result. What does not tell hides nothing that does."""
    found: HourStates = {}
    for row in rows:
        good = in_time(row.outcome, row.cause)
        new = UNTOLD if good is None else IN_TIME if good else MISSED
        here = found.setdefault(row.hour, {})
        old = here.get(row.company, UNTOLD)
        here[row.company] = new if old in (UNTOLD, new) else old if new is UNTOLD else MIXED
    return found


def strips_of(hours: HourStates, slots: TimeSlots) -> dict[str, str]:
    """Return the states of each company, hour by hour."""
    columns = [hours.get(slots.start_of(slot), {}) for slot in range(slots.number)]
    companies = set[str]().union(*columns)
    return {company: "".join(column.get(company, NOTHING) for column in columns) for company in companies}


def _weeks(levels: Iterable[ServiceLevel]) -> dict[str, tuple[ServiceLevel, ...]]:
    codes, others = dict[str, list[ServiceLevel]](), dict[str, list[ServiceLevel]]()
    for level in levels:
        (codes if level.needs_code else others).setdefault(level.of, []).append(level)
    return {company: tuple(each) for company, each in (others | codes).items()}


def _times(times: Iterable[DeliveryTimes], paths: Iterable[WatchedPath]) -> dict[str, dict[Grade, Counter[float]]]:
    key_of, found = level_of(lambda company: company, paths), dict[str, dict[Grade, Counter[float]]]()
    for each in times:
        key = key_of(each)
        if key and key[1]:
            found.setdefault(each.company, {}).setdefault(key[2], Counter()).update(each.counts)
    return found


def _tiles(counts: Iterable[Mapping[Grade, Counter[float]]]) -> tuple[DeliveryTile, ...]:
    sums: dict[Grade, Counter[float]] = {}
    for by_grade in counts:
        for grade, times in by_grade.items():
            sums.setdefault(grade, Counter()).update(times)
    return tuple(
        DeliveryTile(grade, most, sums[grade].total())
        for grade in Grade
        if grade in sums and (most := quantile(sums[grade], 0.95)) is not None
    )
