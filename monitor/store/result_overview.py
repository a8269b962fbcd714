"""Results of all companies by hour: what the strips of the overview are made of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from monitor.store.columns import Instant
from monitor.store.tables import hourly_results
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
STATEMENTS: dict[str, Select[Any]] = {
    "hours of all": select(*_labels, _total.label("total"))
    .where(_of.hour >= bindparam("first_hour", type_=Instant()))
    .group_by(*_labels)
    .having(_total > 0),
}


def hours(connection: Connection, since: datetime) -> list[HourCount]:
    """Count the sender's probes launched since this full hour."""
    return [
        HourCount(row.hour, row.company, row.outcome, Cause(row.cause) if row.cause else None, int(row.total))
        for row in connection.execute(STATEMENTS["hours of all"], {"first_hour": since})
    ]
