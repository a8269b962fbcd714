"""The time at which a remedy lapses by itself, and its state at a time. Pure.

Some mail systems count from the last use of an entry. Which mail needed it, only they know: mail that would have been
let in anyway is no use. So the time is counted from the last moment at which the entry is known to have been looked at
by somebody: the test that proved it, or the day on which a person prolonged it. Later mail may have prolonged it too;
the words say so. A warning that comes too early costs a look, one that does not come costs the mail.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.remedying.applied import WORKS, AppliedRemedy, RemedyState, joint_state
from probes.mailsystems.remedy import CountedFrom

WARNED_BEFORE = timedelta(days=7)
REVIEW_AFTER = timedelta(days=180)


def lapses_at(applied: AppliedRemedy) -> datetime | None:
    """Return the earliest time at which it can have lapsed by itself; None if it does not lapse, or is undone."""
    expires = applied.known.expires if applied.known else None
    if expires is None or applied.undone_at:
        return None
    began = max(applied.changed_at, applied.renewed_at or applied.changed_at)
    if expires.counted_from is CountedFrom.LAST_USE:
        began = max(began, applied.proven_at or began)
    return began + expires.after


def state_at(applied: AppliedRemedy, now: datetime) -> RemedyState:
    """Return its state at this time."""
    if applied.undone_at:
        return RemedyState.UNDONE
    if applied.awaited:
        return RemedyState.WAITING if now < applied.test_at else RemedyState.TESTING
    found = joint_state(applied.proofs)
    end = lapses_at(applied)
    worked = found in WORKS or (found is RemedyState.NOT_DECIDED and applied.proven_at is not None)
    if end is None or not worked:  # a later test without a result takes no warning back
        return found
    if end <= now:
        return RemedyState.LAPSED
    return RemedyState.LAPSES_SOON if end - now <= WARNED_BEFORE else found


def by_last_result(applied: AppliedRemedy) -> AppliedRemedy:
    """Return it as its last result left it: a new test that is awaited does not take that back."""
    return replace(applied, decided_at=applied.test_at) if applied.awaited and applied.proofs else applied


def last_result(applied: AppliedRemedy, now: datetime) -> RemedyState:
    """Return its state by its last result."""
    return state_at(by_last_result(applied), now)


def counted_by_state(records: Iterable[AppliedRemedy], now: datetime) -> dict[tuple[str, RemedyState], int]:
    """Return how many remedies of each company are in each state. All states of a company that has any are there, so
    that a series does not end when the last one leaves a state."""
    found = Counter((applied.company, state_at(applied, now)) for applied in records)
    companies = dict.fromkeys(company for company, _ in found)
    return {(company, state): found[company, state] for company in companies for state in RemedyState}
