"""Retention: the statements that delete what is old, and the question which probes are routine.

A probe is routine if it was scheduled, its mail reached the inbox at once, and that of the one before it did too.
Its evidence, mostly the headers of the mail, is deleted first; its verdict later. Everything else stays for longest:
failures, the first good probe after one, controls, probes by hand, whatever was deferred, amended or bounced, and the
newest of each check.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    select,
    tuple_,
    update,
)

from monitor.people.person import BY_SESSION, AuditAction
from monitor.store.columns import EPOCH, Instant, Name, Number
from monitor.store.people_tables import audit_log
from monitor.store.tables import current_verdicts, evidence, incidents, notices, probes, verdicts
from probes.evidence import Attempt
from probes.outcome import Outcome
from probes.probe import ProbePurpose
from probes.sender import Role

FORGET_AT_ONCE = 50  # probes, or incidents, in one write, so that others are not kept waiting
LOOK_AT_ONCE = 50  # closed probes, in one write
REMEMBERED_FOR = timedelta(days=1)
REFUSALS_KEPT_FOR = timedelta(days=90)
STANDING_KEPT_FOR = timedelta(days=400)  # a whole year can be compared with the one before
NAMES_KEPT_FOR = timedelta(days=30)
SHARES_KEPT_FOR = timedelta(days=90)  # since they expired; until then their page says so

FIRST_ATTEMPT = Attempt(EPOCH, 1).once
"""The evidence that always stays with its probe: its number is the order of launch, see `tables.launch_number`."""

SECOND_ATTEMPT = Attempt(EPOCH, 2).once


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order in which probes were closed."""

    closed_at: datetime
    probe_id: str

    def __str__(self) -> str:
        return f"{self.closed_at.isoformat()} {self.probe_id}"

    @classmethod
    def of(cls, text: str | None) -> "Place":
        """Return the place that `str` made, or the first one."""
        closed_at, _, probe_id = (text or "").partition(" ")
        return cls(datetime.fromisoformat(closed_at) if closed_at else EPOCH, probe_id)


@dataclass(frozen=True, slots=True)
class ClosedProbes:
    """Some probes in the order in which they were closed: the routine ones, and the place of the last of all. None:
    there are no more."""

    routine: tuple[str, ...]
    last: Place | None


_before = probes.alias("before")
_outcome_before = (
    select(_before.c.outcome)
    .where(
        *(_before.c[name] == probes.c[name] for name in ("company", "path", "kind", "role")),
        _before.c.created_at < probes.c.created_at,
        _before.c.outcome.is_not(None),
    )
    .correlate(probes)
    .order_by(_before.c.created_at.desc())
    .limit(1)
    .scalar_subquery()
)
_verdicts = select(func.count()).where(verdicts.c.probe_id == probes.c.id).correlate(probes).scalar_subquery()
_reported = exists().where(evidence.c.probe_id == probes.c.id, evidence.c.type == "bounce").correlate(probes)
_retried = exists().where(evidence.c.probe_id == probes.c.id, evidence.c.once == SECOND_ATTEMPT).correlate(probes)
_newest = exists().where(
    *(current_verdicts.c[name] == probes.c[name] for name in ("company", "path", "kind", "role")),
    current_verdicts.c.probe_id == probes.c.id,
)
_plain: ColumnElement[bool] = and_(
    probes.c.purpose == ProbePurpose.SCHEDULED,
    probes.c.role == Role.SENDER,
    probes.c.outcome == Outcome.INBOX,
    probes.c.evidence_deleted_at.is_(None),
)
CLOSED: Select[Any] = (
    select(
        probes.c.id,
        probes.c.closed_at,
        and_(_plain, _outcome_before == Outcome.INBOX, _verdicts == 1, ~_retried, ~_reported, ~_newest).label(
            "routine"
        ),
    )
    .where(
        probes.c.closed_at >= bindparam("after", type_=Instant()),
        probes.c.closed_at < bindparam("before", type_=Instant()),
        tuple_(probes.c.closed_at, probes.c.id)
        > tuple_(bindparam("after", type_=Instant()), bindparam("after_id", type_=Name)),
    )
    .order_by(probes.c.closed_at, probes.c.id)
    .limit(bindparam("most", type_=Number))
)


def closed(connection: Connection, after: Place, before: datetime, most: int) -> ClosedProbes:
    """Return at most so many probes that were closed after this place and before this time."""
    asked = {"after": after.closed_at, "after_id": after.probe_id, "before": before, "most": most}
    found = connection.execute(CLOSED, asked).all()
    last = Place(found[-1].closed_at, found[-1].id) if found else None
    return ClosedProbes(tuple(row.id for row in found if row.routine), last)


def delete_evidence() -> Sequence[Executable]:
    """Say of a probe that its evidence is deleted, then delete it. Whatever became news meanwhile keeps it."""
    at = bindparam("deleted", type_=Instant())
    said = exists().where(probes.c.id == bindparam("probe"), probes.c.evidence_deleted_at == at)
    return (
        update(probes).where(probes.c.id == bindparam("probe"), _plain, _verdicts == 1).values(evidence_deleted_at=at),
        delete(evidence).where(
            evidence.c.probe_id == bindparam("probe"), evidence.c.once.is_distinct_from(FIRST_ATTEMPT), said
        ),
    )


def delete_probes() -> Executable:
    """Delete the oldest closed probes before a time."""
    return delete(probes).where(probes.c.id.in_(_oldest(probes, probes.c.closed_at)))


def delete_routine_probes() -> Executable:
    """Delete those of them whose evidence is deleted already."""
    return delete(probes).where(
        probes.c.id.in_(_oldest(probes, probes.c.closed_at, probes.c.evidence_deleted_at.is_not(None)))
    )


def delete_incidents() -> Executable:
    """Delete the oldest closed incidents before a time, unless a notice of one waits."""
    waits = exists().where(notices.c.incident == incidents.c.id, notices.c.delivered_at.is_(None))
    return delete(incidents).where(incidents.c.id.in_(_oldest(incidents, incidents.c.closed_at, ~waits)))


def delete_refusals() -> Executable:
    """Delete the oldest refused sign-ins before a time; nothing else of the audit log."""
    refused = (audit_log.c.what == AuditAction.SIGN_IN_REFUSED, audit_log.c.way == BY_SESSION)
    return delete(audit_log).where(audit_log.c.id.in_(_oldest(audit_log, audit_log.c.at, *refused)))


def _oldest(table: Any, at: Any, *others: ColumnElement[bool]) -> Select[Any]:
    return (
        select(table.c.id)
        .where(at < bindparam("before", type_=at.type), *others)
        .order_by(at)
        .limit(bindparam("most", type_=Number))
    )
