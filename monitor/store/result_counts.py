"""Results by hour and by day of launch: counts that outlive the probes, so that the service level of years is known.

A count is written with the verdict, in the same transaction, and follows it: when a later verdict amends one, the probe
moves from the one count to the other. So each probe counts once, by its latest verdict.

Hours and days are both complete, and neither is made of the other: of a window, each part is read from one of them.
Days are kept for ever, hours for a year; a window that begins before that begins with a day. All of it is in UTC.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    Select,
    Table,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    type_coerce,
    union_all,
)

from monitor.store.columns import RESOLUTION, Instant, SafeText
from monitor.store.delivery_counts import one_count
from monitor.store.dialect import Dialect
from monitor.store.tables import daily_results, hourly_results, probes, verdicts
from probes.kinds import Kind
from probes.outcome import Cause, Grade, Outcome
from probes.sender import Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS_READ_FOR = timedelta(days=365)
HOURS_KEPT_FOR = HOURS_READ_FOR + DAY  # so that none of a window is deleted while it is read
NO_CAUSE = ""
_earlier = verdicts.alias("earlier")
LABELS = ("company", "path", "kind", "grade", "outcome", "cause")


@dataclass(frozen=True, slots=True)
class ResultCount:
    """The number of the sender's probes of a path and kind with one result."""

    company: str
    path: str
    kind: Kind
    grade: Grade
    outcome: Outcome
    cause: Cause | None
    count: int


def hour_of(at: datetime) -> datetime:
    """The full hour before this time."""
    return at.replace(minute=0, second=0, microsecond=0)


def day_of(at: datetime) -> datetime:
    """The midnight before this time, which is in UTC."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def window_start(since: datetime, now: datetime) -> datetime:
    """The begin of the shortest window with this time in it whose results are known: an hour, or long ago a day."""
    return hour_of(since) if since >= now - HOURS_READ_FOR else day_of(since)


def add_by_hour(dialect: Dialect, counts: ColumnElement[bool]) -> Executable:
    """Add `by` to the count of the latest verdict of a probe, if it has one. `counts`: of which probes."""
    return _add(dialect, counts, hourly_results, "hour", HOUR)


def add_by_day(dialect: Dialect, counts: ColumnElement[bool]) -> Executable:
    """Do the same for its day."""
    return _add(dialect, counts, daily_results, "day", DAY)


def _add(dialect: Dialect, counts: ColumnElement[bool], table: Table, column: str, span: timedelta) -> Executable:
    launched = type_coerce(probes.c.created_at, BigInteger)
    newest = (
        select(func.max(_earlier.c.id)).where(_earlier.c.probe_id == probes.c.id).correlate(probes).scalar_subquery()
    )
    of_probe = (
        select(
            launched - launched % (span // RESOLUTION),
            *(probes.c[name] for name in ("company", "path", "kind")),
            *(verdicts.c[name] for name in ("grade", "outcome")),
            func.coalesce(verdicts.c.cause, NO_CAUSE),
            by := bindparam("by", type_=BigInteger),
            one_count(by),
        )
        .join_from(probes, verdicts, verdicts.c.id == newest)
        .where(probes.c.id == bindparam("probe"), probes.c.role == Role.SENDER, counts)
    )
    into = dialect.insert(table).from_select([column, *LABELS, "count", "delivery_counts"], of_probe)
    times: ColumnElement[str | None] = literal_column(
        dialect.counts_added(f"{table.name}.delivery_counts", "excluded.delivery_counts")
    )
    added: Executable = into.on_conflict_do_update(
        index_elements=[column, *LABELS],
        set_={"count": table.c.count + into.excluded["count"], "delivery_counts": times},
    )
    return added


def forget_hour() -> Executable:
    """Delete the oldest hour that is older than this: thousands of rows at the most."""
    oldest = (
        select(func.min(hourly_results.c.hour))
        .where(hourly_results.c.hour < bindparam("before", type_=Instant()))
        .scalar_subquery()
    )
    return delete(hourly_results).where(hourly_results.c.hour == oldest)


def _window(*conditions: Callable[[Table], ColumnElement[bool]]) -> Select[Any]:
    """Add up days, and hours with their sign. Each is grouped first: their groups are few, their rows are many."""
    days, hours = daily_results.c, hourly_results.c
    by_day = (
        select(*(days[name] for name in LABELS), func.sum(days.count).label("count"))
        .where(
            days.day >= bindparam("first_day", type_=Instant()), *(condition(daily_results) for condition in conditions)
        )
        .group_by(*(days[name] for name in LABELS))
    )
    by_hour = (
        select(*(hours[name] for name in LABELS), bindparam("sign", type_=BigInteger) * func.sum(hours.count))
        .where(
            hours.hour >= bindparam("first_hour", type_=Instant()),
            hours.hour < bindparam("end_of_hours", type_=Instant()),
            *(condition(hourly_results) for condition in conditions),
        )
        .group_by(*(hours[name] for name in LABELS))
    )
    parts = union_all(by_day, by_hour).subquery("parts").c
    total = func.sum(parts.count)
    return (
        select(*(parts[name] for name in LABELS), total.label("total"))
        .group_by(*(parts[name] for name in LABELS))
        .having(total > 0)
    )


_some = bindparam("companies", type_=SafeText(), expanding=True)
STATEMENTS: dict[str, Select[Any]] = {
    "results": _window(),
    "results_of": _window(lambda table: table.c.company.in_(_some)),
}


def results(connection: Connection, since: datetime, companies: Sequence[str] | None) -> list[ResultCount]:
    """Count the sender's probes launched since a `window_start`. None: of all companies."""
    question = STATEMENTS["results" if companies is None else "results_of"]
    asked = parts_of(since) | ({} if companies is None else {"companies": list(companies)})
    return [
        ResultCount(
            *(row.company, row.path, row.kind, row.grade, row.outcome),
            Cause(row.cause) if row.cause else None,
            int(row.total),  # PostgreSQL adds up to decimals
        )
        for row in connection.execute(question, asked)
    ]


def parts_of(since: datetime) -> dict[str, Any]:
    """All days from the first, and hours: those before the first day, or those of it to be taken away, the fewer."""
    midnight = day_of(since)
    if since - midnight < DAY / 2:
        return {"first_day": midnight, "first_hour": midnight, "end_of_hours": since, "sign": -1}
    return {"first_day": midnight + DAY, "first_hour": since, "end_of_hours": midnight + DAY, "sign": 1}
