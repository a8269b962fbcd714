"""How much may be done in a period."""

from datetime import UTC, datetime, timedelta

import pytest

from probes.rate_limits import SlidingWindow, TokenBuckets

MINUTE = timedelta(minutes=1)
T0 = datetime(2026, 11, 25, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def window(*seconds: float) -> SlidingWindow[str]:
    """A window of a minute in which this was counted, so many seconds after T0."""
    sliding = SlidingWindow[str](MINUTE)
    for each in seconds:
        sliding.count("a", after(each))
    return sliding


@pytest.mark.parametrize(
    ("counted", "wanted", "limit", "now", "free_at"),
    [
        ([], 1, 1, 0, 0),
        ([0], 1, 1, 10, 60),
        ([0], 1, 1, 59.999, 60),
        ([0], 1, 1, 60, 60),  # a minute old: no longer in the window
        ([0], 1, 2, 10, 10),
        ([0, 20], 1, 2, 30, 60),
        ([0, 20], 2, 2, 30, 80),
        ([0, 20], 1, 2, 61, 61),
        ([0, 20], 2, 2, 61, 80),
        ([0, 10, 20, 30], 1, 2, 30, 80),  # the limit was lowered
        ([20, 0], 1, 2, 30, 60),  # counted in any order
        ([0], 3, 2, 10, 70),  # never: ask again in a minute
        ([], 1, 0, 10, 70),
    ],
)
def test_when_there_is_room_in_a_window(
    counted: list[float], wanted: int, limit: int, now: float, free_at: float
) -> None:
    assert window(*counted).free_at("a", limit, after(now), wanted) == after(free_at)
    assert window(*counted).free_at("b", 1, after(now)) == after(now)


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_window_goes_with_the_clock(hours: int) -> None:
    sliding, step = window(0), timedelta(hours=hours)
    sliding.shift(step)
    assert sliding.free_at("a", 1, after(10) + step) == after(60) + step


def test_what_was_not_done_is_uncounted() -> None:
    sliding = window(0, 10)
    sliding.uncount("a")
    assert sliding.free_at("a", 1, after(20)) == after(60)
    sliding.uncount("a")
    sliding.uncount("a")
    assert (sliding.free_at("a", 1, after(20)), len(sliding)) == (after(20), 0)


def test_a_window_is_filled_from_the_store_in_any_order() -> None:
    sliding = window(0)
    sliding.replace([("b", after(30)), ("b", after(7200)), ("b", after(10))])  # one before the clock was set back
    assert sliding.free_at("a", 1, after(40)) == after(40)
    assert sliding.free_at("b", 3, after(40)) == after(70)


def test_a_window_keeps_nothing_that_is_past() -> None:
    sliding = SlidingWindow[int](MINUTE)
    for number in range(1000):
        sliding.count(number, after(number))
    assert len(sliding) == 60
    assert sliding.free_at(940, 1, after(999)) == after(1000)


def test_a_bucket_lets_a_burst_through_and_then_as_it_refills() -> None:
    buckets = TokenBuckets[str](3, 60, 10)
    assert [buckets.allows("a", now) for now in (0, 0, 0, 0, 19, 20, 21, 200, 200, 200, 200)] == [
        *(True, True, True, False),
        *(False, True, False),
        *(True, True, True, False),
    ]


def test_each_key_has_its_own_bucket() -> None:
    buckets = TokenBuckets[str](1, 60, 10)
    assert [buckets.allows(key, 0) for key in "aabb"] == [True, False, True, False]


def test_no_more_buckets_are_kept_than_there_is_room_for() -> None:
    buckets = TokenBuckets[int](1, 60, 10)
    for number in range(1000):
        buckets.allows(number, 0)
    assert len(buckets) == 10
    assert not buckets.allows(999, 0)


def test_to_look_takes_no_token() -> None:
    buckets = TokenBuckets[str](1, 60, 10)
    assert [buckets.has_one("a", 0.0) for _ in range(3)] == [True] * 3
    assert len(buckets) == 0, "who only looks is not remembered"
    assert buckets.allows("a", 0.0)
    assert [buckets.has_one("a", at) for at in (0.0, 59.0, 60.0)] == [False, False, True]
