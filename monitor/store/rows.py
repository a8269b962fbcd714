"""Values to store as rows: the statements that write a value, and their parameters."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from monitor.incidents.incident import HistoryEntry, Incident
from monitor.incidents.mute import Mute
from monitor.incidents.signal import SignalSource
from monitor.incidents.work import IncidentAction
from monitor.notices.notice import Notice
from monitor.people.person import AuditEntry
from monitor.store.columns import encoded
from monitor.store.ownership_tables import Turn
from monitor.store.records import LinkUse
from monitor.store.statements import SIGNALS_SEEN, Row, SqlStatement
from probes.answer import encode as encode_answer
from probes.details import encode as encode_detail
from probes.evidence import Attempt, Evidence, encode
from probes.probe import Probe
from probes.verdict import Verdict

Rows = Iterator[tuple[SqlStatement, Row]]


def launched(probe: Probe, mailbox: str, first: Attempt) -> Rows:
    """A new probe with its first attempt."""
    yield SqlStatement.LAUNCH, {**fields_of(probe), "mailbox": mailbox}
    yield from seen(probe.id, [first])


def claimed(turn: Turn, probe: Probe) -> Rows:
    """The turn of the probe's check."""
    check = {"company": probe.company, "path": probe.path, "kind": probe.kind}
    yield SqlStatement.CLAIM, {**check, "slot": turn.slot, **fields_of(turn.hold)}


def ordered(order_id: str, probe: Probe) -> Rows:
    """The order of the probe."""
    yield SqlStatement.CLAIM_ORDER, {"ordered": order_id, "probe": probe.id}


def seen(probe_id: str, evidence: Sequence[Evidence]) -> Rows:
    """Evidence of a probe."""
    for each in evidence:
        row = {"at": each.at, "type": each.type, "once": each.once, "data": encoded(encode, each)}
        yield SqlStatement.SEE, {"probe_id": probe_id, **row}


def without_evidence(probe_ids: Sequence[str], at: datetime) -> Rows:
    """Routine probes, whose evidence is deleted."""
    for probe_id in probe_ids:
        for step in (SqlStatement.SAY_DELETED, SqlStatement.DELETE_EVIDENCE):
            yield step, {"probe": probe_id, "deleted": at}


def judged(probe_id: str, verdict: Verdict, at: datetime, delivery: timedelta | None) -> Rows:
    """A verdict, its counts, that whoever follows sees it, and that it is the current one."""
    said = {
        "outcome": verdict.outcome,
        "cause": verdict.cause,
        "grade": verdict.grade,
        "because": verdict.because,
        "answer": verdict.answer and encoded(encode_answer, verdict.answer),
        "detail": verdict.detail and encoded(encode_detail, verdict.detail),
        "delivery": delivery,
    }
    yield SqlStatement.UNCOUNT, {"probe": probe_id, "by": -1}
    yield SqlStatement.UNCOUNT_DAY, {"probe": probe_id, "by": -1}
    yield SqlStatement.JUDGE, {"probe_id": probe_id, "at": at, **said}
    yield SqlStatement.COUNT, {"probe": probe_id, "by": 1}
    yield SqlStatement.COUNT_DAY, {"probe": probe_id, "by": 1}
    yield SqlStatement.SIGNAL, {"probe": probe_id, "at": at, "source": SignalSource.PROBE}
    yield SqlStatement.SHOW, {"probe": probe_id, "judged_at": at, **said}
    yield SqlStatement.RESULT, {"probe": probe_id, "result": verdict.outcome}


def advanced(
    upto: int, incidents: Sequence[Incident], entries: Sequence[HistoryEntry], notices: Sequence[Notice]
) -> Rows:
    """The position of the incident rules, and everything that resulted."""
    yield SqlStatement.MARK, {"name": SIGNALS_SEEN, "value": str(upto)}
    for each in incidents:
        yield (
            SqlStatement.TRACK,
            {"id": each.id, "opened_at": each.opened_at, "closed_at": each.closed_at, "data": each},
        )
    yield from entered(*entries)
    for notice in notices:
        yield SqlStatement.NOTIFY, fields_of(notice)


def acted(action: IncidentAction, said: str) -> Rows:
    """An action of a person on an incident, and its line in the history."""
    yield SqlStatement.ACT, fields_of(action)
    yield SqlStatement.ENTER, fields_of(HistoryEntry(action.incident, action.at, action.event, said))


def entered(*entries: HistoryEntry) -> Rows:
    """Lines of the history of incidents."""
    for entry in entries:
        yield SqlStatement.ENTER, fields_of(entry)


def used(link: LinkUse) -> Rows:
    """The first use of a link."""
    yield SqlStatement.USE_LINK, fields_of(link)


def muted(mute: Mute) -> Rows:
    """A new mute."""
    yield SqlStatement.MUTE, fields_of(mute)


def kept(step: SqlStatement, value: Any) -> Rows:
    """A person, token, session, invitation, audit entry or answer, by the statement that stores it."""
    yield step, fields_of(value)


def noted(*audit: AuditEntry) -> Rows:
    """Lines of the audit log."""
    for entry in audit:
        yield SqlStatement.NOTE, fields_of(entry)


def fields_of(value: Any) -> Row:
    """The fields of a value, as its statement takes them."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
