"""What several readings of one question amount to."""

from datetime import UTC, datetime, timedelta

import pytest

from probes.standing.fact import Fact, Question, State, Why, judge
from probes.standing.words import SENTENCES, STATES

START = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
LETTERS = {"g": State.GOOD, "w": State.WEAK, "b": State.BAD, "?": State.UNKNOWN, "r": State.REFUSED, "n": State.NONE}


def readings(score: str, every: timedelta) -> list[Fact]:
    """One reading for each letter."""
    return [
        Fact(Question.PTR, "192.0.2.1", LETTERS[letter], Why.LOOKUP_FAILED, START + number * every, named=("x",))
        for number, letter in enumerate(score)
    ]


@pytest.mark.parametrize(
    ("score", "minutes", "state", "suspected"),
    [
        ("g", 10, State.GOOD, False),
        ("b", 10, State.UNKNOWN, True),  # once is no proof
        ("gb", 10, State.UNKNOWN, True),
        ("bb", 10, State.BAD, False),
        ("bb", 5, State.UNKNOWN, True),  # not ten minutes apart
        ("bbb", 5, State.BAD, False),
        ("gbg", 10, State.GOOD, False),  # a name that flips for one answer
        ("bgb", 10, State.UNKNOWN, True),
        ("b?b", 5, State.BAD, False),  # could not tell: neither confirms nor clears
        ("brb", 4, State.UNKNOWN, True),
        ("b?", 10, State.UNKNOWN, False),
        ("bbr", 10, State.REFUSED, False),
        ("b??b", 180, State.UNKNOWN, True),  # nine hours ago is another story
        ("gn", 10, State.NONE, False),
        ("ww", 10, State.WEAK, False),
    ],
)
def test_readings_amount_to(score: str, minutes: int, state: State, suspected: bool) -> None:
    told = readings(score, timedelta(minutes=minutes))
    verdict = judge(told, told[-1].at)
    assert (verdict.state, verdict.suspected) == (state, suspected)
    assert verdict.reading == told[-1]


def test_an_old_reading_is_not_known_any_more() -> None:
    told = readings("bb", timedelta(minutes=10))
    verdict = judge(told, told[-1].at + timedelta(hours=6, seconds=1))
    assert (verdict.state, verdict.why) == (State.UNKNOWN, Why.TOO_OLD)


def test_every_value_has_its_words() -> None:
    assert set(SENTENCES) == set(Why)
    assert set(STATES) == set(State)
