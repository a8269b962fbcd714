"""Retention: the time that things are remembered, and deletion in small steps, so that no write waits long."""

from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, exists, select

from monitor.people.person import BY_SESSION, AuditAction
from monitor.store.tables import audit_log, evidence, incidents, notices, probes

FORGET_AT_ONCE = 50  # probes, or incidents, in one write, so that others are not kept waiting
REMEMBERED_FOR = timedelta(days=1)
REFUSALS_KEPT_FOR = timedelta(days=90)


def forgettable_probes() -> Any:
    """The oldest that were closed before then."""
    return (
        select(probes.c.id)
        .where(probes.c.closed_at < bindparam("before", type_=probes.c.closed_at.type))
        .order_by(probes.c.closed_at)
        .limit(bindparam("most", type_=evidence.c.id.type))
    )


def forgettable_incidents() -> Any:
    """The oldest that were closed before then, without those of which a notice waits."""
    waits = exists().where(notices.c.incident == incidents.c.id, notices.c.delivered_at.is_(None))
    return (
        select(incidents.c.id)
        .where(incidents.c.closed_at < bindparam("before", type_=incidents.c.closed_at.type), ~waits)
        .order_by(incidents.c.closed_at)
        .limit(bindparam("most", type_=evidence.c.id.type))
    )


def forgettable_refusals() -> Any:
    """The oldest refused sign-ins before then; nothing else of the audit log."""
    return (
        select(audit_log.c.id)
        .where(
            audit_log.c.what == AuditAction.SIGN_IN_REFUSED,
            audit_log.c.at < bindparam("before", type_=audit_log.c.at.type),
            audit_log.c.way == BY_SESSION,
        )
        .order_by(audit_log.c.at)
        .limit(bindparam("most", type_=audit_log.c.id.type))
    )
