"""The writes about remedies as companies carried them out."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Executable, bindparam, delete, exists, func, or_, update

from monitor.remedying.applied import RemedyState
from monitor.store.columns import Instant
from monitor.store.remedy_tables import applied_remedies

OVER = (RemedyState.NO_EFFECT, RemedyState.NOT_DECIDED, RemedyState.UNDONE)
"""States of remedies that let nothing in: they may be forgotten."""

_this = applied_remedies.c.id == bindparam("remedy_id")
_of_this_test = applied_remedies.c.test == bindparam("was")
_not_undone = applied_remedies.c.undone_at.is_(None)


def apply_remedy(upsert: Callable[..., Any]) -> Executable:
    """One more, unless another one of the company is awaited."""
    stored: Executable = upsert(applied_remedies).on_conflict_do_nothing()
    return stored


def test_remedy() -> Executable:
    """Another test in place of the last one."""
    other = applied_remedies.alias()
    tested = exists().where(
        other.c.company == bindparam("of_company"), other.c.decided_at.is_(None), other.c.id != bindparam("remedy_id")
    )
    return (
        update(applied_remedies)
        .where(_this, _of_this_test, _not_undone, ~tested)
        .values(
            test=bindparam("again"),
            test_at=bindparam("at"),
            setup=bindparam("said"),
            proofs=bindparam("found"),
            decided_at=None,
            state=None,
        )
    )


def decide_remedy() -> Executable:
    """The result of the test that is awaited."""
    seen = bindparam("seen", type_=Instant())
    return (
        update(applied_remedies)
        .where(_this, _of_this_test, _not_undone, applied_remedies.c.decided_at.is_(None))
        .values(
            decided_at=bindparam("at"),
            proofs=bindparam("said"),
            state=bindparam("found"),
            proven_at=func.coalesce(seen, applied_remedies.c.proven_at),
        )
    )


def renew_remedy() -> Executable:
    """Somebody prolonged it."""
    return (
        update(applied_remedies)
        .where(_this, _not_undone)
        .values(renewed_at=bindparam("at"), renewed_by=bindparam("who"))
    )


def undo_remedy() -> Executable:
    """Somebody took it back: nothing is awaited any more."""
    at = bindparam("at", type_=Instant())
    return (
        update(applied_remedies)
        .where(_this, _not_undone)
        .values(
            undone_at=at,
            undone_by=bindparam("who"),
            decided_at=func.coalesce(applied_remedies.c.decided_at, at),
            state=RemedyState.UNDONE,
        )
    )


def forget_remedies() -> Executable:
    """Those that let nothing in, and ended before a time."""
    before = bindparam("before", type_=Instant())
    return delete(applied_remedies).where(
        applied_remedies.c.decided_at < before, or_(*(applied_remedies.c.state == state for state in OVER))
    )
