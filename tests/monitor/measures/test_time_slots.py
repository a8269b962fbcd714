"""Slots of time begin at full hours and days, and the last one is the present one."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.measures.time_slots import RANGES, slots_until

NOW = datetime(2026, 11, 23, 8, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [
        ("24h", datetime(2026, 11, 22, 9, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 16, 12, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("30d", datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)),
        ("90d", datetime(2026, 8, 26, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)),
    ],
)
def test_each_range_ends_with_the_slot_of_now(name: str, begin: datetime, end: datetime) -> None:
    slots = slots_until(NOW, name)
    assert (slots.begin, slots.end) == (begin, end)
    assert slots.start_of(slots.number - 1) <= NOW < slots.end


@pytest.mark.parametrize("name", RANGES)
def test_a_full_hour_is_in_the_slot_that_it_begins(name: str) -> None:
    at = NOW.replace(hour=0, minute=0)
    slots = slots_until(at, name)
    assert slots.start_of(slots.number - 1) <= at < slots.end
    assert slots_until(at - timedelta(microseconds=1), name).end == at
