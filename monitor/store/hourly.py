"""Results by hour of launch: counts that outlive the probes, so that the service level of past years is known.

A count is written with the verdict, in the same transaction, and follows it: when a later verdict amends one, the probe
moves from the one count to the other. So each probe counts once, by its latest verdict.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Executable, Select, bindparam, func, select, type_coerce

from monitor.store.columns import RESOLUTION, Instant, SafeText
from monitor.store.tables import hourly_results, probes, verdicts
from probes.kinds import Kind
from probes.outcome import Cause, Grade, Outcome
from probes.sender import Role

HOUR = timedelta(hours=1)
KEPT_FOR = timedelta(days=5 * 366)
NO_CAUSE = ""
_earlier = verdicts.alias("earlier")
LABELS = ("company", "path", "kind", "grade", "outcome", "cause")


@dataclass(frozen=True, slots=True)
class ResultCount:
    """The number of the sender's probes of a company and kind with one result."""

    company: str
    kind: Kind
    grade: Grade
    outcome: Outcome
    cause: Cause | None
    count: int


def hour_of(at: datetime) -> datetime:
    """The full hour before this time."""
    return at.replace(minute=0, second=0, microsecond=0)


def add_result(upsert: Callable[..., Any], counts: ColumnElement[bool]) -> Executable:
    """Add `by` to the count of the latest verdict of a probe, if it has one. `counts`: of which probes."""
    launched = type_coerce(probes.c.created_at, BigInteger)
    newest = (
        select(func.max(_earlier.c.id)).where(_earlier.c.probe_id == probes.c.id).correlate(probes).scalar_subquery()
    )
    of_probe = (
        select(
            launched - launched % (HOUR // RESOLUTION),
            *(probes.c[name] for name in ("company", "path", "kind")),
            *(verdicts.c[name] for name in ("grade", "outcome")),
            func.coalesce(verdicts.c.cause, NO_CAUSE),
            bindparam("by", type_=BigInteger),
        )
        .join_from(probes, verdicts, verdicts.c.id == newest)
        .where(probes.c.id == bindparam("probe"), probes.c.role == Role.SENDER, counts)
    )
    into = upsert(hourly_results).from_select(["hour", *LABELS, "count"], of_probe)
    added: Executable = into.on_conflict_do_update(
        index_elements=["hour", *LABELS], set_={"count": hourly_results.c.count + into.excluded["count"]}
    )
    return added


_total = func.sum(hourly_results.c.count)
_apart = [hourly_results.c[name] for name in LABELS if name != "path"]
_counted = (
    select(*_apart, _total.label("total"))
    .where(hourly_results.c.hour >= bindparam("since", type_=Instant()))
    .group_by(*_apart)
    .having(_total > 0)
)
_some = bindparam("companies", type_=SafeText(), expanding=True)
STATEMENTS: dict[str, Select[Any]] = {
    "results": _counted,
    "results_of": _counted.where(hourly_results.c.company.in_(_some)),
}


def results(connection: Connection, since: datetime, companies: Sequence[str] | None) -> list[ResultCount]:
    """Count the sender's probes launched since the hour of this time. None: of all companies."""
    question = STATEMENTS["results" if companies is None else "results_of"]
    asked: dict[str, Any] = {"since": hour_of(since)} | ({} if companies is None else {"companies": list(companies)})
    return [
        ResultCount(row.company, row.kind, row.grade, row.outcome, Cause(row.cause) if row.cause else None, row.total)
        for row in connection.execute(question, asked)
    ]
