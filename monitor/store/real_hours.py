"""The table of the sender's real mail by hour, with its statements. The rules of `tables` hold here too.

A row counts mail to one company of which the log says the same. Nothing in it is of anybody: neither address nor text.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Executable,
    Index,
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
)

from monitor.store.columns import EnumText, Instant, Name
from monitor.store.tables import metadata
from probes.outcome import Cause
from probes.traced import TraceFate

KEY = ("company", "hour", "outcome", "cause")

real_hourly = Table(
    "real_hourly",
    metadata,
    Column("company", Name, nullable=False),
    Column("hour", Instant, nullable=False),
    Column("outcome", EnumText(TraceFate), nullable=False),
    Column("cause", Text, nullable=False),  # "" where it was taken
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint(*KEY),
    Index(None, "hour"),  # what may be forgotten
)


@dataclass(frozen=True, slots=True)
class RealCount:
    """The number of real mails to a company of which the log of the sender's service says this in an hour. Deferred
    mail counts once for each attempt."""

    hour: datetime
    outcome: TraceFate
    cause: Cause | None
    count: int


def add_real(upsert: Callable[..., Any]) -> Executable:
    """Add to the count of an hour."""
    into = upsert(real_hourly)
    added: Executable = into.on_conflict_do_update(
        index_elements=[*KEY], set_={"count": real_hourly.c.count + into.excluded["count"]}
    )
    return added


def forget_real_hour() -> Executable:
    """Delete the oldest hour that is older than this."""
    oldest = (
        select(func.min(real_hourly.c.hour))
        .where(real_hourly.c.hour < bindparam("before", type_=Instant()))
        .scalar_subquery()
    )
    return delete(real_hourly).where(real_hourly.c.hour == oldest)


STATEMENTS: dict[str, Select[Any]] = {
    "real_mail": select(*(real_hourly.c[name] for name in ("hour", "outcome", "cause", "count")))
    .where(
        real_hourly.c.company == bindparam("of_company", type_=Name),
        real_hourly.c.hour >= bindparam("since", type_=Instant()),
    )
    .order_by(*(real_hourly.c[name] for name in ("hour", "outcome", "cause")))
}


def real_mail(connection: Connection, company: str, since: datetime) -> list[RealCount]:
    """Count the real mail to a company since this full hour, the earliest first."""
    found = connection.execute(STATEMENTS["real_mail"], {"of_company": company, "since": since})
    return [RealCount(row.hour, row.outcome, Cause(row.cause) if row.cause else None, row[3]) for row in found]
