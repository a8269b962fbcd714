"""Changes of what is published: two readings ten minutes apart agree, and failures change nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.standing.drift import Drift, decode, encode, next_drift
from probes.standing.profile import Change, Profile, ProfileItem, ProfileKey

T0 = datetime(2026, 11, 30, 8, tzinfo=UTC)
MX = ProfileKey(ProfileItem.MX, "acme.example")
KEYS = ProfileKey(ProfileItem.SELECTORS, "acme.example")


def read(minutes: float, mx: str, selectors: str = "s") -> Profile:
    """What is published at this time: a letter for each record, "?" where it is not known."""
    values = {MX: mx, KEYS: selectors}
    known = {key: frozenset(value) for key, value in values.items() if value != "?"}
    return Profile(T0 + timedelta(minutes=minutes), known)


def follow(*profiles: Profile) -> tuple[Drift, list[Change]]:
    drift: Drift | None = None
    found: list[Change] = []
    for profile in profiles:
        drift, changes = next_drift(drift and decode(encode(drift)), profile, timedelta(hours=6))
        found += changes
    assert drift is not None
    return drift, found


@pytest.mark.parametrize(
    ("readings", "changes"),
    [
        ("aaaa", ""),
        ("abaa", ""),  # one answer
        ("abb", "a>b"),
        ("abbb", "a>b"),  # once
        ("ab?b", "a>b"),
        ("a?a", ""),
        ("a??b??", ""),
        ("abcc", "a>c"),
        ("abba", "a>b"),
        ("abbaa", "a>b b>a"),
        ("?abb", "a>b"),
    ],
)
def test_a_change_is_what_two_readings_agree_on(readings: str, changes: str) -> None:
    _, found = follow(*(read(10 * place, value) for place, value in enumerate(readings)))
    assert " ".join(f"{''.join(change.old)}>{''.join(change.new)}" for change in found) == changes


def test_a_change_has_the_time_of_the_first_reading_that_had_it() -> None:
    drift, found = follow(read(0, "a"), read(60, "b"), read(70, "b"))
    assert [(change.item, change.name, change.at) for change in found] == [
        (ProfileItem.MX, "acme.example", T0 + timedelta(minutes=60))
    ]
    assert drift.since is None


def test_what_waits_for_a_second_reading_says_since_when() -> None:
    assert follow(read(0, "a"), read(60, "b"))[0].since == T0 + timedelta(minutes=60)
    assert follow(read(0, "a"), read(60, "b"), read(65, "b"))[0].since == T0 + timedelta(minutes=60)
    assert follow(read(0, "a"), read(60, "b"), read(65, "?"))[0].since == T0 + timedelta(minutes=60)


def test_a_reading_of_long_ago_confirms_nothing() -> None:
    assert follow(read(0, "a"), read(60, "b"), read(60 + 361, "b"))[1] == []


def test_only_what_differs_changes() -> None:
    _, found = follow(read(0, "a", "s"), read(60, "b", "st"), read(70, "c", "st"))
    assert [(change.item, change.old, change.new) for change in found] == [(ProfileItem.SELECTORS, (), ("t",))]
