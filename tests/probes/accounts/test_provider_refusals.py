"""Pauses after refusals: how long they last, and what ends them."""

from datetime import UTC, datetime, timedelta

from probes.accounts import AccountError
from probes.accounts.faults import AccountFault
from probes.accounts.refusals import FIRST_PAUSE, MAX_PAUSE, ProviderRefusals

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ERROR = AccountError("busy", AccountFault.BUSY)
API = "api:graph:probe@acme.example"


def test_refusals_of_requests_that_were_under_way_together_are_one() -> None:
    refusals = ProviderRefusals()
    for _ in range(4):
        refusals.add(API, ERROR, NOW, None)
    assert refusals.seconds(API, NOW) == FIRST_PAUSE


def test_each_refusal_after_a_pause_makes_the_next_one_longer() -> None:
    refusals, now = ProviderRefusals(), NOW
    pauses = []
    for _ in range(9):
        refusals.add(API, ERROR, now, None)
        pauses.append(refusals.seconds(API, now))
        now += timedelta(seconds=pauses[-1])
        assert refusals.holds(API, now=now) is None
    assert pauses[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert pauses[-1] == MAX_PAUSE


def test_a_success_that_was_under_way_does_not_end_a_pause() -> None:
    refusals = ProviderRefusals()
    refusals.add(API, ERROR, NOW, 30)
    refusals.end(API, now=NOW + timedelta(seconds=1))
    assert refusals.seconds(API, NOW + timedelta(seconds=1)) == 29
    refusals.end(API, now=NOW + timedelta(seconds=31))
    refusals.add(API, ERROR, NOW + timedelta(seconds=31), None)
    assert refusals.seconds(API, NOW + timedelta(seconds=31)) == FIRST_PAUSE
