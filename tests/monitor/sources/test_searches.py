"""When more of a mailbox is searched than the inbox and junk."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from monitor.sources.searches import (
    MARGIN,
    MOVED_EVERY,
    MOVED_LIMIT,
    OVERDUE,
    SWEEP_BACK,
    SWEEP_EVERY,
    Request,
    Searches,
    until_sweep,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SENT = NOW - timedelta(minutes=1)
LONG_AGO = NOW - OVERDUE
LISTS = frozenset({"Lists"})


def swept(at: float = 0.0) -> Searches:
    """A mailbox that was swept a moment ago."""
    searches = Searches()
    searches.made(Request(NOW - SWEEP_BACK, sweep=True), at, ())
    return searches


@pytest.mark.parametrize(
    ("expected", "needed", "due"),
    [
        ({}, False, None),
        ({"a": SENT}, False, None),
        ({"a": SENT}, True, Request(SENT - MARGIN)),  # a last look
        ({"a": LONG_AGO}, False, Request(LONG_AGO - MARGIN)),
        ({"a": LONG_AGO, "b": SENT}, False, Request(LONG_AGO - MARGIN)),
        ({}, True, Request(NOW - MARGIN)),
    ],
)
def test_all_folders_are_searched_for_an_answer_and_for_what_is_overdue(
    expected: dict[str, datetime], needed: bool, due: Request | None
) -> None:
    assert swept().due(expected, NOW, 1.0, needed=needed) == due


def test_each_overdue_probe_is_searched_for_once_until_it_is_forgotten() -> None:
    searches = swept()
    assert searches.due({"a": LONG_AGO}, NOW, 1.0)
    assert searches.due({"a": LONG_AGO}, NOW, 2.0) is None
    assert searches.due({"a": LONG_AGO, "b": LONG_AGO}, NOW, 3.0)
    searches.forget("a")
    assert searches.due({"a": LONG_AGO, "b": LONG_AGO}, NOW, 4.0)


def test_a_folder_that_probes_were_moved_to_is_looked_into_every_minute_for_a_day() -> None:
    searches = swept()
    assert not searches.often
    searches.made(Request(SENT), 0.0, LISTS)
    assert searches.often
    assert searches.due({"a": SENT}, NOW, MOVED_EVERY - 1) is None
    assert searches.due({"a": SENT}, NOW, MOVED_EVERY) == Request(SENT - MARGIN, LISTS)
    searches.made(Request(SENT, LISTS), MOVED_EVERY, ())
    assert searches.due({"a": SENT}, NOW, MOVED_EVERY + 1) is None
    assert searches.due({"a": SENT}, NOW, MOVED_LIMIT) is None
    assert not searches.often


def test_what_we_left_behind_is_searched_for_once_a_day_and_at_the_start() -> None:
    searches, sweep = Searches(), Request(NOW - SWEEP_BACK, sweep=True)
    assert searches.sweep(NOW, 0.0) == sweep
    assert searches.due({"a": SENT}, NOW, 0.0, needed=True) == sweep  # two searches in one
    searches.made(sweep, 0.0, ())
    assert searches.sweep(NOW, SWEEP_EVERY - 1) is None
    assert searches.sweep(NOW, SWEEP_EVERY) == sweep


def test_each_mailbox_is_swept_at_its_own_time_of_the_day() -> None:
    """It is the same after a restart, and many mailboxes are not swept together."""
    waits = {name: until_sweep(name, NOW) for name in (f"maildir:/mail/p{number}" for number in range(2400))}
    for name, seconds in waits.items():
        assert 0 <= seconds < SWEEP_EVERY
        later = until_sweep(name, NOW + timedelta(hours=30))
        assert later == pytest.approx((seconds - 6 * 3600) % SWEEP_EVERY, abs=0.01)
    by_hour = Counter(int(seconds // 3600) for seconds in waits.values())
    assert set(by_hour) == set(range(24))
    assert max(by_hour.values()) < 2 * 100
    searches = Searches(sweep_at=100.0)
    assert searches.sweep(NOW, 99.0) is None
    assert searches.sweep(NOW, 100.0) is not None


def test_a_sweep_that_failed_is_made_again() -> None:
    searches = Searches()
    searches.made(Request(SENT), 0.0, ())
    assert searches.sweep(NOW, 1.0) is not None
