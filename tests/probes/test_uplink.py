"""What is known of our own way out. Spelled as a score, one letter a minute: s a connection, f no reference reached."""

from datetime import UTC, datetime, timedelta

import pytest

from probes.uplink import Uplink

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def uplink(score: str) -> Uplink:
    known = Uplink()
    for minute, letter in enumerate(score):
        match letter:
            case "s":
                known = known.succeeded(at(minute))
            case "f":
                known = known.failed(at(minute), "mx.example:25")
    return known


@pytest.mark.parametrize(
    ("score", "up", "since_0", "since_2"),
    [
        ("", None, None, None),
        ("s", True, True, None),
        ("f", False, False, None),
        ("sf", False, True, None),
        ("s.f", False, True, False),  # the line was cut in between
        ("s.fs", True, True, True),
        ("..s", True, True, True),
        ("f.s", True, True, True),
        ("..f", False, False, False),
        ("s.ff", False, True, False),
    ],
)
def test_what_is_known_at_last_and_since_a_moment(
    score: str, up: bool | None, since_0: bool | None, since_2: bool | None
) -> None:
    known = uplink(score)
    assert known.up is up
    assert known.reachable_since(at(0)) is since_0
    assert known.reachable_since(at(2)) is since_2


def test_news_that_come_late_do_not_turn_the_clock_back() -> None:
    assert uplink("..s").succeeded(at(0)) == uplink("..s")
    assert uplink("..f").failed(at(0), "mx.example:25") == uplink("..f")


def test_who_could_not_be_reached_is_named() -> None:
    assert uplink("f").reference == "mx.example:25"
