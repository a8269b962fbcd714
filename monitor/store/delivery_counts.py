"""Histograms of delivery times by hour and by day, beside the counts of results: in one column of their rows.

It has the number of probes by the upper bound of their bucket, in seconds, as JSON: `{"15":3,"60":1}`. Empty buckets
are left out, and the bounds are in the data, so that other bounds may come. What was delivered later than the last
bound is `more`. Null: nothing was delivered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from monitor.measures.delivery_bounds import DELIVERY_BOUNDS_SECONDS
from monitor.store.columns import Instant, SafeText
from monitor.store.tables import daily_results, hourly_results, verdicts
from probes.kinds import Kind
from probes.outcome import Grade, Outcome

BEYOND = "more"
DELIVERED = (Outcome.INBOX, Outcome.LATE)  # as in metrics: time to the inbox
LABELS = ("company", "path", "kind", "grade")


@dataclass(frozen=True, slots=True)
class DeliveryTimes:
    """The times of a path and kind from sending to the inbox, proven by this grade: numbers of probes by the upper
    bound of their bucket in seconds, `inf` for the last."""

    company: str
    path: str
    kind: Kind
    grade: Grade
    counts: dict[float, int]


def one_count(by: ColumnElement[int]) -> ColumnElement[str | None]:
    """Return the histogram with the delivery of a row of `verdicts`, counted so often."""
    delivery = type_coerce(verdicts.c.delivery, BigInteger)
    bounds = ((delivery <= _sql(round(bound * 1e6)), _sql(f"'{bound:g}'")) for bound in DELIVERY_BOUNDS_SECONDS)
    bucket = case(*bounds, else_=_sql(f"'{BEYOND}'"))
    text = _sql("'{\"'") + bucket + _sql("'\":'") + cast(by, Text) + _sql("'}'")
    return case((verdicts.c.delivery.is_(None), null()), else_=text)


def _sql(text: object) -> ColumnElement[Any]:
    """Return a constant, which is no parameter: there are dozens in a statement that is executed all day."""
    return literal_column(str(text), None if isinstance(text, int) else Text())


def delivered_in(table: Table) -> ColumnElement[bool]:
    """Test if mail of this result reached the inbox."""
    return or_(*(table.c.outcome == outcome for outcome in DELIVERED))


class CountsByName(FunctionElement[Any]):
    """The names and numbers of a column of JSON, as a table of `key` and `value`; without rows for NULL."""

    inherit_cache = True


@compiles(CountsByName)
def _of_sqlite(element: CountsByName, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(CountsByName, "postgresql")
def _of_postgresql(element: CountsByName, compiler: SQLCompiler, **options: Any) -> str:
    return f"jsonb_each(CAST({compiler.process(element.clauses, **options)} AS jsonb))"


def _times(*conditions: Callable[[Table], ColumnElement[bool]]) -> Select[Any]:
    """Add up days, and hours with their sign, as for the counts of results."""
    days, hours = daily_results.c, hourly_results.c
    in_days, in_hours = (
        CountsByName(column).table_valued("key", "value", name=name, joins_implicitly=True)
        for name, column in (("in_days", days.delivery_counts), ("in_hours", hours.delivery_counts))
    )
    by_day = select(
        *(days[name] for name in LABELS), in_days.c.key, cast(in_days.c.value, BigInteger).label("number")
    ).where(
        days.day >= bindparam("first_day", type_=Instant()),
        delivered_in(daily_results),
        *(condition(daily_results) for condition in conditions),
    )
    signed = bindparam("sign", type_=BigInteger) * cast(in_hours.c.value, BigInteger)
    by_hour = select(*(hours[name] for name in LABELS), in_hours.c.key, signed).where(
        hours.hour >= bindparam("first_hour", type_=Instant()),
        hours.hour < bindparam("end_of_hours", type_=Instant()),
        delivered_in(hourly_results),
        *(condition(hourly_results) for condition in conditions),
    )
    parts = union_all(by_day, by_hour).subquery("parts").c
    total = func.sum(parts.number)
    return (
        select(*(parts[name] for name in LABELS), parts.key.label("bound"), total.label("total"))
        .group_by(*(parts[name] for name in LABELS), parts.key)
        .having(total > 0)
        .order_by(*(parts[name] for name in LABELS))
    )


_some = bindparam("companies", type_=SafeText(), expanding=True)
STATEMENTS: dict[str, Select[Any]] = {
    "delivery_times": _times(),
    "delivery_times_of": _times(lambda table: table.c.company.in_(_some)),
}


def delivery_times(
    connection: Connection, window: dict[str, Any], companies: Sequence[str] | None
) -> list[DeliveryTimes]:
    """Return the histograms of the sender's probes in a window of `result_counts.parts_of`. None: of all companies."""
    question = STATEMENTS["delivery_times" if companies is None else "delivery_times_of"]
    asked: dict[str, Any] = {} if companies is None else {"companies": list(companies)}
    found: dict[tuple[str, str, Kind, Grade], dict[float, int]] = {}
    for row in connection.execute(question, window | asked):
        bound = inf if row.bound == BEYOND else float(row.bound)
        number = int(row.total)  # PostgreSQL adds up to decimals
        found.setdefault((row.company, row.path, row.kind, row.grade), {})[bound] = number
    return [DeliveryTimes(*labels, counts) for labels, counts in found.items()]
