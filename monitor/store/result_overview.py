"""Results of all companies by hour and by day: what the strips and the heat map of the overview are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Text, bindparam, func, literal_column, select

from monitor.store.columns import Instant, SafeText
from monitor.store.tables import daily_results, hourly_results
from probes.kinds import Kind
from probes.outcome import Cause, Outcome


@dataclass(frozen=True, slots=True)
class HourCount:
    """The number of the sender's probes of a company with one result that were launched in an hour."""

    hour: datetime
    company: str
    outcome: Outcome
    cause: Cause | None
    count: int


_of = hourly_results.c
_labels = (_of.hour, _of.company, _of.outcome, _of.cause)
_total = func.sum(_of["count"])
_days = daily_results.c
_sum = func.sum(_days["count"])
_nothing = literal_column("''", Text())


def _by_day(*, by_path: bool) -> Select[Any]:
    labels = (_days.day, *((_days.company, _days.path) if by_path else ()), _days.kind, _days.outcome, _days.cause)
    places = () if by_path else (_nothing.label("company"), _nothing.label("path"))
    since = _days.day >= bindparam("first_day", type_=Instant())
    return select(*labels, *places, _sum.label("total")).where(since).group_by(*labels).having(_sum > 0)


STATEMENTS: dict[str, Select[Any]] = {
    "hours of all": select(*_labels, _total.label("total"))
    .where(_of.hour >= bindparam("first_hour", type_=Instant()))
    .group_by(*_labels)
    .having(_total > 0),
    "days": _by_day(by_path=False),
    "days of paths": _by_day(by_path=True),
    "days of some": _by_day(by_path=True).where(
        _days.company.in_(bindparam("companies", type_=SafeText(), expanding=True))
    ),
}


def hours(connection: Connection, since: datetime) -> list[HourCount]:
    """Count the sender's probes launched since this full hour."""
    return [
        HourCount(row.hour, row.company, row.outcome, Cause(row.cause) if row.cause else None, int(row.total))
        for row in connection.execute(STATEMENTS["hours of all"], {"first_hour": since})
    ]


@dataclass(frozen=True, slots=True)
class DayCount:
    """The number of the sender's probes of a kind with one result that were launched on a day. `company`, `path`: ""
    where those of all paths are one sum."""

    day: datetime
    company: str
    path: str
    kind: Kind
    outcome: Outcome
    cause: Cause | None
    count: int


def days(connection: Connection, since: datetime, companies: Sequence[str] | None, by_path: bool) -> list[DayCount]:
    """Count the sender's probes launched since this midnight, by day. None: of all companies."""
    question = STATEMENTS["days of paths" if by_path else "days"] if companies is None else STATEMENTS["days of some"]
    asked = {"first_day": since} | ({} if companies is None else {"companies": list(companies)})
    return [
        DayCount(
            *(row.day, row.company, row.path, row.kind, row.outcome),
            Cause(row.cause) if row.cause else None,
            int(row.total),
        )
        for row in connection.execute(question, asked)
    ]
