"""Strips of outcomes: where bars are, and what they say without being seen."""

from datetime import timedelta
from random import Random

import pytest

from monitor.web.strips import PLACES, Frame, frame_times, strip_of
from probes.verdict import Grade, Outcome
from tests.support.page_samples import NOW, row

DAY = Frame(NOW - timedelta(days=1), NOW)


def at(letters: str, **facts):
    """A probe every 20 minutes, which is one place of a day's strip; the last one 10 minutes ago."""
    return [
        row(letter, timedelta(minutes=20 * (len(letters) - place) - 10), **facts)
        for place, letter in enumerate(letters)
        if letter != " "
    ]


@pytest.mark.parametrize(
    ("letters", "bars"),
    [
        ("", []),
        ("iiii", ["4 inbox"]),
        ("iibbi", ["2 inbox", "2 blocked", "1 inbox"]),
        ("ii  ii", ["2 inbox", "2 inbox"]),  # nothing was probed in between, and nothing is said of it
        ("i.i", ["1 inbox", "1 inbox"]),  # without a verdict yet
        ("?", ["1 unknown"]),
    ],
)
def test_stretches_with_the_same_outcome_are_one_bar(letters, bars) -> None:
    assert [f"{bar.number} {bar.outcome}" for bar in strip_of(at(letters), DAY).bars] == bars


def test_the_worst_of_a_stretch_is_seen() -> None:
    rows = [row("i", timedelta(minutes=5)), row("b", timedelta(minutes=6)), row("l", timedelta(minutes=7))]
    (bar,) = strip_of(rows, DAY).bars
    assert (bar.outcome, bar.number) == (Outcome.BLOCKED, 3)


def test_a_strip_stays_within_itself() -> None:
    letters = "".join(Random(1).choice("ilsbm?") for _ in range(PLACES))
    strip = strip_of(
        [*at(letters), row("b", timedelta(0)), row("b", timedelta(days=1)), row("b", timedelta(days=2))], DAY
    )
    assert all(0 <= bar.x <= bar.x + bar.width <= 100.1 for bar in strip.bars)
    assert all(left.x + left.width <= right.x + 0.1 for left, right in zip(strip.bars, strip.bars[1:], strict=False))
    assert len(strip.bars) <= PLACES


def test_the_words_of_a_strip_never_add_up_different_grades() -> None:
    strip = strip_of([*at("iib"), *at("ii", grade=Grade.UNPROVEN)], DAY)
    assert strip.said == (
        (Grade.REAL, ((Outcome.BLOCKED, 1), (Outcome.INBOX, 2))),
        (Grade.UNPROVEN, ((Outcome.INBOX, 2),)),
    )


@pytest.mark.parametrize(
    ("days", "names"), [(1, ["08:00", "14:00", "20:00", "02:00", "08:00"]), (4, ["19 Nov", "20 Nov"])]
)
def test_times_to_read_a_strip_by(days, names) -> None:
    ticks = frame_times(Frame(NOW - timedelta(days=days), NOW))
    assert [tick.name for tick in ticks][: len(names)] == names
    assert (ticks[0].at, ticks[-1].at) == (0, 100)
