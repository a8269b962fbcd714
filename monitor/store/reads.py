"""Queries of probes, verdicts and facts. The statements are fixed; a test shows which index each of them uses."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    column,
    func,
    literal,
    literal_column,
    select,
    union,
    union_all,
    values,
)

from monitor.incidents.signal import Signal
from monitor.store.columns import EPOCH, Instant, Number
from monitor.store.database import dialect_of
from monitor.store.packing import Packer
from monitor.store.prepared import compiled_once
from monitor.store.records import ListedProbe, Present, ProbeRecord
from monitor.store.tables import VERDICT, current_verdicts, evidence, facts, launch_number, probes, verdicts
from monitor.store.tables import signals as signals_table
from probes.check import Check
from probes.evidence import Evidence, decode
from probes.probe import Probe
from probes.sender import Role
from probes.sentences import sentence
from probes.verdict import Verdict

LAST = "\U0010ffff"  # sorts after every other character
CHECKS_AT_ONCE = 100  # whose past one statement reads
PROBES_AT_ONCE = 500  # whose evidence one statement reads
LOOK_BACK = 1000  # probes of a path, of all kinds and roles, among which the last of one line are looked for

Wanted = Callable[[str, str], bool]
"""Tests if a probe is wanted, by its id and the key of its mailbox; of its path, where its route needs none."""

_latest = select(func.max(verdicts.c.id)).where(verdicts.c.probe_id == probes.c.id).correlate(probes).scalar_subquery()
_probe = [column for column in probes.c if column is not probes.c.outcome]  # the verdict's own is asked for
JUDGED: Select[Any] = select(
    *_probe, verdicts.c.at.label("judged_at"), *(verdicts.c[name] for name in VERDICT)
).select_from(probes.outerjoin(verdicts, verdicts.c.id == _latest))

IN_FLIGHT = JUDGED.where(probes.c.closed_at.is_(None)).order_by(probes.c.created_at)
SEEN_IN_FLIGHT = (
    select(evidence.c.probe_id, evidence.c.data)
    .where(evidence.c.probe_id.in_(bindparam("probes", expanding=True)))
    .order_by(evidence.c.id)
)
ONE = JUDGED.where(probes.c.id == bindparam("probe"))
SEEN = select(evidence.c.data).where(evidence.c.probe_id == bindparam("probe")).order_by(evidence.c.id)
FIND = (
    select(probes.c.id)
    .where(probes.c.id >= bindparam("prefix"), probes.c.id <= bindparam("last"))
    .order_by(probes.c.id)
    .limit(10)
)
_end = bindparam("end", type_=Text)
FIND_BY_END = (  # walks the index of ids; asked by hand only
    select(probes.c.id)
    .where(func.substr(probes.c.id, func.length(probes.c.id) - func.length(_end) + 1) == _end)
    .order_by(probes.c.id)
    .limit(10)
)
CURRENT = select(current_verdicts)
RECENT = (
    JUDGED.where(probes.c.company == bindparam("company"), probes.c.path == bindparam("path"))
    .order_by(probes.c.created_at.desc())
    .limit(bindparam("most", type_=Number))
)
_watched = union(
    select(current_verdicts.c.company, current_verdicts.c.path),
    select(probes.c.company, probes.c.path).where(probes.c.closed_at.is_(None)),
).subquery("watched")
_launches = (
    select(func.count())
    .where(
        probes.c.company == _watched.c.company,
        probes.c.path == _watched.c.path,
        probes.c.created_at >= bindparam("since", type_=Instant()),
    )
    .correlate(_watched)
    .scalar_subquery()
)
LAUNCHED = select(_watched.c.company, _watched.c.path, _launches)  # path by path, from the index alone
_lately = union_all(
    *(
        select(probes.c.id).where(still)
        for still in (probes.c.closed_at.is_(None), probes.c.closed_at >= bindparam("since", type_=Instant()))
    )
)
ATTEMPTS = (
    select(probes.c.company, probes.c.path, evidence.c.at)
    .join(probes, probes.c.id == evidence.c.probe_id)
    .where(
        evidence.c.probe_id.in_(_lately),
        evidence.c.type == "attempt",
        evidence.c.at.between(bindparam("since"), bindparam("until")),
    )
)
_earlier = verdicts.alias("earlier")


def _before(column: str) -> ScalarSelect[Any]:
    """A column of the verdict that the probe had before."""
    before = select(_earlier.c[column]).where(_earlier.c.probe_id == verdicts.c.probe_id, _earlier.c.id < verdicts.c.id)
    return before.order_by(_earlier.c.id.desc()).limit(1).scalar_subquery()


_SIGNAL = (
    signals_table.c.id.label("number"),
    signals_table.c.source,
    *(probes.c[name] for name in ("id", "company", "path", "kind", "role", "created_at")),
    verdicts.c.at,
    *(verdicts.c[name] for name in VERDICT),
    *(_before(name).label(f"before_{name}") for name in ("outcome", "cause")),
)
SIGNALS = (
    select(*_SIGNAL)
    .join_from(signals_table, verdicts, verdicts.c.id == signals_table.c.verdict)
    .join(probes, probes.c.id == verdicts.c.probe_id)
    .where(signals_table.c.id > bindparam("after", type_=Number))
    .order_by(signals_table.c.id)
    .limit(bindparam("most", type_=Number))
)
LAST_SIGNAL = select(func.max(signals_table.c.id))
SIGNAL_BEFORE = (
    select(signals_table.c.id)
    .where(signals_table.c.id > literal(0, Number))
    .order_by(signals_table.c.id.desc())
    .offset(bindparam("many", type_=Number))
    .limit(bindparam("one", 1, type_=Number))
)


def _far_back(company: ColumnElement[str], path: ColumnElement[str]) -> ScalarSelect[Any]:
    """Time of the launch before which no probe of the path is examined; None if it has fewer than that."""
    of_path = probes.alias()
    launched = select(of_path.c.created_at).where(of_path.c.company == company, of_path.c.path == path)
    # of the innermost query only its own table: what is compared with is of the query around it
    newest_first = launched.order_by(of_path.c.created_at.desc()).limit(1).offset(LOOK_BACK)
    return newest_first.correlate_except(of_path).scalar_subquery()


def _by_then(probe_id: ColumnElement[str]) -> ScalarSelect[int]:
    """Number of the last signal of the probe up to that one; None if there was none."""
    of_probe, then = verdicts.alias(), signals_table.alias()
    last = select(func.max(then.c.id)).join_from(of_probe, then, then.c.verdict == of_probe.c.id)
    wanted = last.where(of_probe.c.probe_id == probe_id, then.c.id <= bindparam("upto", type_=Number))
    return wanted.correlate_except(of_probe, then).scalar_subquery()


LINE = (
    select(*_SIGNAL)
    .join_from(probes, signals_table, signals_table.c.id == _by_then(probes.c.id))
    .join(verdicts, verdicts.c.id == signals_table.c.verdict)
    .where(
        probes.c.company == bindparam("company"),
        probes.c.path == bindparam("path"),
        probes.c.created_at
        >= func.coalesce(_far_back(bindparam("company"), bindparam("path")), literal(EPOCH, Instant())),
        probes.c.kind == bindparam("kind"),
        probes.c.role == bindparam("role"),
    )
    .order_by(launch_number(probes.c.id).desc(), probes.c.created_at.desc())
    .limit(bindparam("most", type_=Number))
)
_check = [probes.c[name] for name in ("company", "path", "kind")]
_asked = (
    values(*(column(each.name, each.type) for each in _check))
    .data(
        [
            tuple(bindparam(f"{each.name}_{number}", type_=each.type) for each in _check)
            for number in range(CHECKS_AT_ONCE)
        ]
    )
    .cte("asked")
)
_of_check = probes.alias("of_check")
_newest_of_check = (  # as in LINE; a subquery with a limit for each check is LATERAL for databases that have none
    select(_of_check.c.id)
    .where(
        _of_check.c.company == _asked.c.company,
        _of_check.c.path == _asked.c.path,
        _of_check.c.created_at >= func.coalesce(_far_back(_asked.c.company, _asked.c.path), literal(EPOCH, Instant())),
        _of_check.c.kind == _asked.c.kind,
        _of_check.c.role == bindparam("role"),
        _by_then(_of_check.c.id).is_not(None),
    )
    .order_by(launch_number(_of_check.c.id).desc(), _of_check.c.created_at.desc())
    .limit(bindparam("most", type_=Number))
    .correlate(_asked)
)
LINES: Select[Any] = (
    select(*_SIGNAL, launch_number(probes.c.id).label("launch"))
    .join_from(_asked, probes, probes.c.id.in_(_newest_of_check))
    .join(signals_table, signals_table.c.id == _by_then(probes.c.id))
    .join(verdicts, verdicts.c.id == signals_table.c.verdict)
)
FACT = select(facts.c.value).where(facts.c.name == bindparam("fact"))

STATEMENTS: dict[str, Select[Any]] = {
    "in_flight": IN_FLIGHT,
    "seen_in_flight": SEEN_IN_FLIGHT,
    "one": ONE,
    "seen": SEEN,
    "find": FIND,
    "find_by_end": FIND_BY_END,
    "current": CURRENT,
    "recent": RECENT,
    "launched": LAUNCHED,
    "attempts": ATTEMPTS,
    "signals": SIGNALS,
    "last_signal": LAST_SIGNAL,
    "signal_before": SIGNAL_BEFORE,
    "line": LINE,
    "lines": LINES,
    "fact": FACT,
}


def in_flight(
    connection: Connection, packer: Packer, wanted: Wanted, before: datetime | None = None
) -> list[ProbeRecord]:
    """Return the probes in flight that are wanted, and launched before a time, oldest first."""
    rows = [
        row
        for row in connection.execute(IN_FLIGHT)
        if (before is None or row.created_at < before) and wanted(row.id, row.mailbox or f"{row.company}/{row.path}")
    ]
    seen: defaultdict[str, list[Evidence]] = defaultdict(list)
    for start in range(0, len(rows), PROBES_AT_ONCE):
        some = [row.id for row in rows[start : start + PROBES_AT_ONCE]]
        for probe_id, data in connection.execute(SEEN_IN_FLIGHT, {"probes": some}):
            seen[probe_id].append(decode(packer.unpack(connection, data)))
    return [_record(row, tuple(seen[row.id])) for row in rows]


def record(connection: Connection, packer: Packer, probe_id: str) -> ProbeRecord | None:
    """Return one probe with all its data."""
    row = connection.execute(ONE, {"probe": probe_id}).one_or_none()
    if row is None:
        return None
    stored = connection.scalars(SEEN, {"probe": probe_id}).all()
    return _record(row, tuple(decode(packer.unpack(connection, data)) for data in stored))


def find(connection: Connection, part: str) -> list[str]:
    """Return ids of probes that begin with this, or else those that end with it, at most 10."""
    found = list(connection.scalars(FIND, {"prefix": part, "last": part + LAST}))
    return found or (list(connection.scalars(FIND_BY_END, {"end": part})) if part else [])


def all_present(connection: Connection) -> list[Present]:
    """Return all current verdicts."""
    return [
        Present(
            *(intern(row.company), intern(row.path), row.kind, row.role, row.probe_id, row.launched_at),
            *(_verdict(row), row.judged_at, row.delivery),
        )
        for row in connection.execute(CURRENT)
    ]


def recent(connection: Connection, company: str, path: str, limit: int) -> list[ListedProbe]:
    """Return the newest probes of a path, newest first."""
    return [
        ListedProbe(
            row.id,
            row.kind,
            row.role,
            row.created_at,
            row.closed_at,
            row.outcome and _verdict(row),
            row.judged_at,
            row.delivery,
        )
        for row in connection.execute(RECENT, {"company": company, "path": path, "most": limit})
    ]


def launched_since(connection: Connection, since: datetime) -> dict[tuple[str, str], int]:
    """Return the number of probes per (company, path)."""
    counted = connection.execute(LAUNCHED, {"since": since})
    return {(company, path): count for company, path, count in counted if count}


def attempts(connection: Connection, since: datetime, until: datetime) -> list[tuple[str, str, datetime]]:
    """Return company, path and time of each attempt."""
    found = connection.execute(ATTEMPTS, {"since": since, "until": until})
    return [(company, path, at) for company, path, at in found]


def signals(connection: Connection, after: int, most: int) -> list[Signal]:
    """Signals in the order of their numbers, up to the first that may be preceded by one that is not seen yet."""
    followed = _settled(SIGNALS, dialect_of(connection.engine).settled)
    return [_signal(row) for row in connection.execute(followed, {"after": after, "most": most})]


def last_signal(connection: Connection) -> int:
    """The number of the newest of these, 0 if there is none."""
    return connection.scalar(_settled(LAST_SIGNAL, dialect_of(connection.engine).settled)) or 0


def signal_before(connection: Connection, many: int) -> int:
    """The number after which there are so many signals; 0 if there are not so many."""
    return connection.scalar(SIGNAL_BEFORE, {"many": many}) or 0


@lru_cache
def _settled(question: Select[Any], number: str) -> Select[Any]:
    """Ask only for signals below this number, given as SQL; "" for all."""
    return question.where(signals_table.c.id < literal_column(number, Number)) if number else question


def check(connection: Connection, check: Check, role: Role, upto: int, most: int) -> list[Signal]:
    """Return the state of a check's newest probes at the signal `upto`, oldest probe first."""
    company, path, kind = check
    asked = {"company": company, "path": path, "kind": kind, "role": role}
    newest = connection.execute(LINE, {**asked, "upto": upto, "most": most}).all()
    return [_signal(row) for row in reversed(newest)]


def checks(
    connection: Connection, wanted: Sequence[Check], role: Role, upto: int, most: int
) -> dict[Check, list[Signal]]:
    """Return the same as `check` for each of these, which are at most CHECKS_AT_ONCE, in one statement."""
    asked: dict[str, Any] = {"role": role, "upto": upto, "most": most}
    for number in range(CHECKS_AT_ONCE):  # the statement is always the same: nothing equals None
        company, path, kind = wanted[number] if number < len(wanted) else (None, None, None)
        asked |= {f"company_{number}": company, f"path_{number}": path, f"kind_{number}": kind}
    found: dict[Check, list[Signal]] = {check: [] for check in wanted}
    question = compiled_once(LINES, connection.dialect)
    for row in sorted(connection.execute(question, asked), key=_launch_order):
        found[Check(row.company, row.path, row.kind)].append(_signal(row))
    return found


def _launch_order(row: Row[Any]) -> tuple[int, datetime]:
    """The order of LINE. A probe whose evidence is deleted has no number, and is older than those that have one."""
    return row.launch or 0, row.created_at


def fact(connection: Connection, name: str) -> str | None:
    """Return the value of a fact."""
    return connection.scalar(FACT, {"fact": name})


def _record(row: Row[Any], seen: tuple[Evidence, ...]) -> ProbeRecord:
    probe = Probe(
        id=row.id,
        company=row.company,
        path=row.path,
        kind=row.kind,
        role=row.role,
        via=row.via,
        recipient=row.recipient,
        source_ip=row.source_ip,
        created_at=row.created_at,
        code_dead_at=row.code_dead_at,
        give_up_at=row.give_up_at,
        retry=row.retry,
        purpose=row.purpose,
        arm=row.arm,
    )
    verdict = row.outcome and _verdict(row)
    times = (row.judged_at, row.closed_at, row.delivery, row.evidence_deleted_at)
    return ProbeRecord(probe, row.mailbox, seen, verdict, *times)


def _signal(row: Row[Any]) -> Signal:
    return Signal(
        *(row.number, row.id, intern(row.company), intern(row.path), row.kind, row.role, row.created_at, row.at),
        *(_verdict(row), row.before_outcome and (row.before_outcome, row.before_cause), row.delivery, row.source),
    )


def _verdict(row: Row[Any]) -> Verdict:
    """Return the verdict with its sentence rendered from its detail. The stored one holds for a verdict of an older
    release, which has no detail, and where this release does not know it."""
    because = row.because if row.detail is None else sentence(row.detail)
    return Verdict(row.outcome, row.cause, row.grade, because, row.answer, row.detail)
