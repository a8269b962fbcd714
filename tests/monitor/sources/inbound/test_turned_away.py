"""What an absent copy is worth after the listener turned somebody away. One row, one refusal."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.sources.inbound.turned_away import APART, MAX_SCOPES, MAX_STRETCHES, TurnedAway
from probes.mailboxes import RefusedPeriod

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACME, BOLT = "inbound:acme@probe.test", "inbound:bolt@probe.test"
PROBE = "a" * 16
FORWARDER, NEIGHBOUR, STRANGER = "192.0.2.10", "192.0.2.77", "203.0.113.9"


class Clock:
    def __init__(self) -> None:
        self.minutes = 0.0

    def __call__(self) -> datetime:
        return NOON + timedelta(minutes=self.minutes)


def told(turned: TurnedAway, mailbox: str = ACME, probe_id: str = PROBE, since: float = -60, until: float = 60) -> str:
    found = turned.during(mailbox, probe_id, NOON + timedelta(minutes=since), NOON + timedelta(minutes=until))
    return str(found) if found else ""


@pytest.mark.parametrize(
    ("code", "client", "scopes", "own", "counts"),
    [
        # the recipient was named
        (451, STRANGER, {ACME}, False, True),  # we failed
        (452, STRANGER, {ACME}, False, True),
        (452, STRANGER, {BOLT}, False, False),  # another mailbox's mail
        (452, STRANGER, set(), False, False),  # reports: anybody knows that address
        (452, STRANGER, {PROBE}, False, True),  # a bounce of this probe
        (452, STRANGER, {"b" * 16}, False, False),
        (552, FORWARDER, {ACME}, True, False),  # no probe is as large as that
        # nobody was named, and others suffered
        (421, STRANGER, None, False, True),
        # the client's own doing
        (450, FORWARDER, {ACME}, True, True),
        (450, NEIGHBOUR, {ACME}, True, True),
        (450, STRANGER, {ACME}, True, False),  # our copies come from elsewhere
        (450, STRANGER, {PROBE}, True, True),
        (421, FORWARDER, None, True, True),
        (421, STRANGER, None, True, False),
        (421, STRANGER, set(), True, False),
    ],
)
def test_only_what_may_have_been_ours_makes_a_copy_unknown(code, client, scopes, own, counts) -> None:
    turned = TurnedAway(Clock())
    turned.brought(ACME, FORWARDER)
    turned.note(code, client, scopes, own=own)
    assert told(turned) == ("12:00 UTC" if counts else "")


def test_before_the_first_copy_whoever_knows_the_address_may_be_its_forwarder() -> None:
    turned = TurnedAway(Clock())
    turned.note(450, STRANGER, {ACME}, own=True)
    assert told(turned)
    assert not told(turned, BOLT)


def test_but_who_names_nobody_is_not() -> None:
    turned = TurnedAway(Clock())
    turned.note(421, STRANGER, None, own=True)
    assert not told(turned)


def test_an_abuser_that_is_sent_away_each_minute_blinds_nobody() -> None:
    clock = Clock()
    turned = TurnedAway(clock)
    turned.brought(ACME, FORWARDER)
    for clock.minutes in range(600):
        turned.note(450, STRANGER, {ACME}, own=True)
        turned.note(421, STRANGER, None, own=True)
    assert not told(turned, until=600)
    assert sum(turned.counts.values()) == 0


@pytest.mark.parametrize(
    ("since", "until", "stretch"),
    [
        (0, 60, "12:01-12:04 UTC"),
        (2, 3, "12:01-12:04 UTC"),
        (4, 60, "12:01-12:04 UTC"),
        (5, 60, ""),  # it was sent later
        (-60, 0.5, ""),  # it was given up before
    ],
)
def test_only_the_time_in_which_it_was_waited_for_counts(since, until, stretch) -> None:
    clock = Clock()
    turned = TurnedAway(clock)
    for clock.minutes in (1, 1.5, 2.5, 3.25, 4):
        turned.note(452, STRANGER, {ACME}, own=False)
    assert told(turned, since=since, until=until) == stretch


def test_the_last_of_several_stretches_is_told() -> None:
    clock = Clock()
    turned = TurnedAway(clock)
    for clock.minutes in (1, 10, 20):
        turned.note(452, STRANGER, {ACME}, own=False)
    assert told(turned) == "12:20 UTC"
    assert told(turned, until=15) == "12:10 UTC"


def test_a_clock_that_is_set_back_loses_nothing() -> None:
    clock = Clock()
    turned = TurnedAway(clock)
    for clock.minutes in (30, -30):
        turned.note(452, STRANGER, {ACME}, own=False)
    assert told(turned, since=0, until=1) == "11:30-12:30 UTC"


def test_what_is_remembered_has_an_end_and_forgets_nothing_of_a_mailbox() -> None:
    clock = Clock()
    turned = TurnedAway(clock)
    for number in range(10 * MAX_STRETCHES):
        clock.minutes = number * 2 * APART / timedelta(minutes=1)
        turned.note(452, STRANGER, {ACME}, own=False)
    kept = turned.periods[ACME]
    assert len(kept) == MAX_STRETCHES
    assert kept[0].start == NOON
    for number in range(10 * MAX_SCOPES):
        turned.note(452, STRANGER, {f"probe {number}"}, own=False)
    assert len(turned.periods) == MAX_SCOPES
    for number in range(1000):
        turned.brought(ACME, f"198.51.{number % 256}.{number // 256}")
    assert len(turned.forwarders[ACME]) <= 200


def test_refusals_are_counted_by_code() -> None:
    turned = TurnedAway(Clock())
    assert set(turned.counts) == {421, 450, 451, 452, 552}
    turned.note(421, STRANGER, None, own=False)
    turned.note(552, STRANGER, {ACME}, own=True)
    assert (turned.counts[421], turned.counts[552]) == (1, 1)


def test_a_stretch_for_people() -> None:
    assert str(RefusedPeriod(NOON, NOON)) == "12:00 UTC"
    assert str(RefusedPeriod(NOON, NOON + timedelta(minutes=3))) == "12:00-12:03 UTC"
