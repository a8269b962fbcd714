"""A budget: never more than so many requests in any five minutes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from probes.accounts.budget import PERIOD, Budget

START = datetime(2026, 12, 1, tzinfo=UTC)


@given(st.lists(st.integers(0, 200), max_size=80), st.integers(1, 5))
def test_never_more_than_so_many_in_a_period(steps: list[int], limit: int) -> None:
    budget, now, sent = Budget(limit), START, list[datetime]()
    for step in steps:
        now += timedelta(seconds=step)
        again_at = budget.spend(now)
        if again_at is None:
            sent.append(now)
        else:
            assert now < again_at <= now + PERIOD
            assert len([at for at in sent if at > again_at - PERIOD]) < limit or sent[-limit] + PERIOD == again_at
        assert len([at for at in sent if at > now - PERIOD]) <= limit


def test_a_clock_that_is_set_back_does_not_close_it_for_long() -> None:
    budget = Budget(1)
    assert budget.spend(START + timedelta(days=1)) is None
    again_at = budget.spend(START)
    assert again_at == START + PERIOD
    assert budget.spend(START + PERIOD) is None


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40)), max_size=60), st.integers(20, 60))
def test_requests_may_count_as_several(steps: list[tuple[int, int]], limit: int) -> None:
    minute = timedelta(minutes=1)
    budget, now, sent = Budget(limit, minute), START, list[tuple[datetime, int]]()
    for step, units in steps:
        now += timedelta(seconds=step)
        again_at = budget.spend(now, units)
        if again_at is None:
            sent.append((now, min(units, limit)))
        else:
            assert now < again_at <= now + minute
            assert sum(each for at, each in sent if at > again_at - minute) + min(units, limit) <= limit
        assert sum(each for at, each in sent if at > now - minute) <= limit
