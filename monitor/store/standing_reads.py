"""The statements of standing: what is written, read and deleted of it. Fixed statements, as in `reads`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, Row, Select, bindparam, delete, select, true

from monitor.standing.arrivals import SeenName
from monitor.standing.record import Doubt, FactRecord
from monitor.standing.spans import StateSpan
from monitor.store.columns import Instant
from monitor.store.standing_tables import standing_changes, standing_facts, standing_names
from probes.standing.profile import Change

_since = bindparam("since", type_=Instant())
_CHANGE = ("item", "name", "old", "new", "at")
_SPAN = ("question", "subject", "since", "seen_at", "state", "suspected")
_FACT_KEY = ("question", "subject", "since")

CURRENT_FACTS = (
    select(standing_facts)
    .where(standing_facts.c.current == true())
    .order_by(standing_facts.c.question, standing_facts.c.subject)
)
FACT_HISTORY = (
    select(standing_facts)
    .where(standing_facts.c.seen_at >= _since)
    .order_by(standing_facts.c.seen_at)  # by another order the whole table would be read
)
MAX_SPANS = 20_000  # a fact that flaps has a row each hour
SPANS = (
    select(*(standing_facts.c[name] for name in _SPAN))
    .where(standing_facts.c.seen_at >= _since)
    .order_by(standing_facts.c.seen_at.desc())
    .limit(MAX_SPANS)
)
CHANGES = (
    select(*(standing_changes.c[name] for name in _CHANGE))
    .where(standing_changes.c.at >= _since)
    .order_by(standing_changes.c.at, standing_changes.c.id)
)
NAMES = (
    select(standing_names)
    .where(standing_names.c.last_at >= _since)
    .order_by(standing_names.c.last_at, standing_names.c.kind, standing_names.c.name)
)

STATEMENTS: dict[str, Select[Any]] = {
    "current_facts": CURRENT_FACTS,
    "fact_history": FACT_HISTORY,
    "standing_spans": SPANS,
    "standing_changes": CHANGES,
    "standing_names": NAMES,
}


def keep_fact(upsert: Callable[..., Any]) -> Executable:
    """Store a row of facts, in the place of the same one before."""
    into = upsert(standing_facts)
    columns = [column.name for column in standing_facts.c if column.name not in _FACT_KEY]
    kept: Executable = into.on_conflict_do_update(
        index_elements=[*_FACT_KEY], set_={name: into.excluded[name] for name in columns}
    )
    return kept


def keep_name(upsert: Callable[..., Any]) -> Executable:
    """Count a name once more, in one more mail."""
    into = upsert(standing_names)
    kept: Executable = into.on_conflict_do_update(
        index_elements=["kind", "name"],
        set_={"last_at": into.excluded["last_at"], "count": standing_names.c.count + into.excluded["count"]},
    )
    return kept


def forget_facts() -> Executable:
    """Delete rows that ended before this time."""
    return delete(standing_facts).where(
        standing_facts.c.seen_at < bindparam("before", type_=Instant()), standing_facts.c.current != true()
    )


def forget_changes() -> Executable:
    """Delete changes of before this time."""
    return delete(standing_changes).where(standing_changes.c.at < bindparam("before", type_=Instant()))


def forget_names() -> Executable:
    """Delete names that no mail had since this time."""
    return delete(standing_names).where(standing_names.c.last_at < bindparam("before", type_=Instant()))


def fact_row(record: FactRecord) -> dict[str, Any]:
    """Return the row of a fact."""
    doubt = record.doubt
    return {
        "question": record.reading.question,
        "subject": record.reading.subject,
        "since": record.since,
        "seen_at": record.reading.at,
        "state": record.state,
        "suspected": record.suspected,
        "zone": record.zone,
        "reading": record.reading,
        "settled": record.settled,
        "doubt_state": doubt and doubt.state,
        "doubt_since": doubt and doubt.since,
        "doubt_at": doubt and doubt.at,
        "current": record.current,
    }


def current_facts(connection: Connection) -> list[FactRecord]:
    """Return what is known of everything that is asked about."""
    return [_record(row) for row in connection.execute(CURRENT_FACTS)]


def fact_history(connection: Connection, since: datetime) -> list[FactRecord]:
    """Return the rows that lasted until this time or longer, by question, subject and time."""
    found = [_record(row) for row in connection.execute(FACT_HISTORY, {"since": since})]
    return sorted(found, key=lambda record: (*record.key, record.since))


def spans(connection: Connection, since: datetime) -> list[StateSpan]:
    """Return the states since then, the newest last; of very many, the newest."""
    found = [StateSpan(*row) for row in connection.execute(SPANS, {"since": since})]
    return found[::-1]


def changes(connection: Connection, since: datetime) -> list[Change]:
    """Return the changes since then, oldest first."""
    return [Change(**row) for row in connection.execute(CHANGES, {"since": since}).mappings()]


def names(connection: Connection, since: datetime) -> list[SeenName]:
    """Return the names in mail since then."""
    return [SeenName(**row) for row in connection.execute(NAMES, {"since": since}).mappings()]


def _record(row: Row[Any]) -> FactRecord:
    doubt = Doubt(row.doubt_state, row.doubt_since, row.doubt_at) if row.doubt_state else None
    return FactRecord(
        *(row.reading, row.since, row.state, row.suspected, row.zone, row.settled, doubt, row.current),
    )
