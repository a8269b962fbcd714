"""Results and delivery times of one company over time, from the counts by hour and day: what its drawings are made of.

Slots of full days are read from days, all others from hours. A slot without a row had no result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, Table, bindparam, cast, func, select, type_coerce

from monitor.measures.time_slots import DAY, TimeSlots
from monitor.store.columns import RESOLUTION, Instant, SafeText, instant
from monitor.store.delivery_counts import BEYOND, CountsByName, delivered_in
from monitor.store.result_counts import ResultCount, results
from monitor.store.tables import daily_results, hourly_results
from probes.kinds import Kind
from probes.outcome import Cause, Grade, Outcome


@dataclass(frozen=True, slots=True)
class SlotCount:
    """The number of a path's probes of a kind with one result that were launched in a slot, which is numbered."""

    slot: int
    path: str
    kind: Kind
    grade: Grade
    outcome: Outcome
    cause: Cause | None
    count: int


@dataclass(frozen=True, slots=True)
class SlotTimes:
    """The times to the inbox of a path's probes that were launched in a slot, as `DeliveryTimes` has them."""

    slot: int
    path: str
    kind: Kind
    grade: Grade
    counts: dict[float, int]


@dataclass(frozen=True, slots=True)
class CompanySeries:
    """Results and delivery times of a company, slot by slot."""

    results: tuple[SlotCount, ...]
    times: tuple[SlotTimes, ...]


@dataclass(frozen=True, slots=True)
class CompanyWindows:
    """The results of one company since each of several times; `first_day`: when its first day began of which any result
    is known."""

    results: tuple[list[ResultCount], ...]
    first_day: datetime | None


_begin, _step = (bindparam(name, type_=BigInteger) for name in ("begin", "step"))
_company = bindparam("company", type_=SafeText())


def _place(table: Table, span: str) -> Any:
    return ((type_coerce(table.c[span], BigInteger) - _begin) // _step).label("slot")


def _within(table: Table, span: str) -> tuple[Any, ...]:
    at = table.c[span]
    return (
        table.c.company == _company,
        at >= bindparam("first", type_=Instant()),
        at < bindparam("end", type_=Instant()),
    )


def _counts(table: Table, span: str) -> Select[Any]:
    slot, of = _place(table, span), table.c
    labels = (of.path, of.kind, of.grade, of.outcome, of.cause)
    total = func.sum(of["count"])
    return (
        select(slot, *labels, total.label("total"))
        .where(*_within(table, span))
        .group_by("slot", *labels)
        .having(total > 0)
    )


def _times(table: Table, span: str) -> Select[Any]:
    slot, of = _place(table, span), table.c
    each = CountsByName(of.delivery_counts).table_valued("key", "value", name="in_slots", joins_implicitly=True)
    labels = (of.path, of.kind, of.grade)
    total = func.sum(cast(each.c.value, BigInteger))
    return (
        select(slot, *labels, each.c.key.label("bound"), total.label("total"))
        .where(*_within(table, span), delivered_in(table))
        .group_by("slot", *labels, each.c.key)
        .having(total > 0)
    )


_first_day = select(func.min(daily_results.c.day)).where(daily_results.c.company == _company)
STATEMENTS: dict[str, Select[Any]] = {
    "counts by hour": _counts(hourly_results, "hour"),
    "counts by day": _counts(daily_results, "day"),
    "times by hour": _times(hourly_results, "hour"),
    "times by day": _times(daily_results, "day"),
    "first day": _first_day,
}


def series(connection: Connection, company: str, slots: TimeSlots) -> CompanySeries:
    """Return the results of a company in these slots, and its delivery times."""
    span = "day" if not slots.step % DAY else "hour"
    asked = {
        "company": company,
        "first": slots.begin,
        "end": slots.end,
        "begin": instant(slots.begin),
        "step": slots.step // RESOLUTION,
    }
    counts = tuple(
        SlotCount(
            row.slot,
            row.path,
            row.kind,
            row.grade,
            row.outcome,
            Cause(row.cause) if row.cause else None,
            int(row.total),
        )
        for row in connection.execute(STATEMENTS[f"counts by {span}"], asked)
    )
    found: dict[tuple[int, str, Kind, Grade], dict[float, int]] = {}
    for row in connection.execute(STATEMENTS[f"times by {span}"], asked):
        bound = inf if row.bound == BEYOND else float(row.bound)
        found.setdefault((row.slot, row.path, row.kind, row.grade), {})[bound] = int(row.total)
    return CompanySeries(counts, tuple(SlotTimes(*labels, times) for labels, times in found.items()))


def windows(connection: Connection, company: str, starts: Sequence[datetime]) -> CompanyWindows:
    """Return the results of a company since each `window_start`."""
    found = tuple(results(connection, start, (company,)) for start in starts)
    return CompanyWindows(found, connection.execute(STATEMENTS["first day"], {"company": company}).scalar())
