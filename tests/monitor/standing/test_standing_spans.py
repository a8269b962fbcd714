"""States day by day, and since when something has been so."""

from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.standing.record import FactRecord
from monitor.standing.spans import StateSpan, day_runs, lasting_since
from probes.standing.fact import Fact, Question, State, Why

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LETTERS = {"g": State.GOOD, "w": State.WEAK, "b": State.BAD, "?": State.UNKNOWN, "n": State.NONE, "r": State.REFUSED}


def span(letter: str, begins: float, ends: float) -> StateSpan:
    """A state from so many days ago to so many days ago; "s" is a suspicion."""
    state = LETTERS.get(letter, State.UNKNOWN)
    return StateSpan(Question.SPF, "a.example", NOW - begins * DAY, NOW - ends * DAY, state, letter == "s")


@pytest.mark.parametrize(
    ("spans", "days"),
    [
        ([], "....."),
        ([span("g", 9, 0)], "ggggg"),
        ([span("g", 3, 2)], ".gg.."),
        ([span("g", 4, 3), span("b", 2.9, 2.8), span("g", 2.7, 0)], "gbggg"),
        ([span("g", 4, 0.3), span("?", 0.2, 0.1)], "ggggg"),  # one failed lookup is not a day without knowledge
        ([span("g", 4, 2), span("?", 1, 0)], "ggg??"),
        ([span("w", 4, 2), span("b", 2, 0)], "wwbbb"),
    ],
)
def test_a_day_has_the_worst_state_that_was_known_on_it(spans: list[StateSpan], days: str) -> None:
    signs = {state: letter for letter, state in LETTERS.items()}
    runs = day_runs(spans, NOW, 5)
    assert "".join(signs.get(run.state, "?") * run.days if run.state else "." * run.days for run in runs) == days
    assert sum(run.days for run in runs) == 5


def test_a_run_knows_its_days() -> None:
    *_, last = day_runs([span("g", 9, 2), span("b", 1, 0)], NOW, 90)
    assert (last.first, last.days, last.begins, last.ends) == (88, 2, date(2026, 11, 22), date(2026, 11, 23))


@pytest.mark.parametrize(
    ("now", "spans", "since"),
    [
        ("b", [span("g", 9, 4), span("b", 3, 0)], 3),
        ("b", [span("g", 9, 4), span("s", 3.5, 3.5), span("b", 3, 0)], 3.5),
        ("b", [span("b", 9, 8), span("?", 7, 4), span("b", 3, 0)], 9),
        ("g", [span("b", 9, 8), span("?", 7, 4), span("g", 3, 0)], 3),
        ("b", [span("s", 9, 9), span("g", 8, 4), span("b", 3, 0)], 3),
        ("?", [span("?", 9, 8), span("g", 7, 4), span("?", 3, 0)], 3),
        ("g", [], 3),
    ],
)
def test_a_state_lasts_through_what_could_not_be_told(now: str, spans: list[StateSpan], since: float) -> None:
    reading = Fact(Question.SPF, "a.example", LETTERS[now], Why.SPF_PASSES, NOW)
    record = FactRecord(reading, NOW - 3 * DAY, LETTERS[now])
    assert lasting_since(record, spans) == NOW - since * DAY
