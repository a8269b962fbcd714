"""When standing is read next."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.standing.record import Doubt, FactRecord
from monitor.standing.timetable import Pace, Round, next_due
from probes.standing.fact import Fact, Question, State, Why

T0 = datetime(2026, 11, 30, 8, tzinfo=UTC)
PACE = Pace(timedelta(hours=1), timedelta(minutes=15))


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def suspect(question: Question, since: float, newest: float) -> FactRecord:
    fact = Fact(question, "x", State.BAD, Why.PTR_MISSING, at(newest))
    return FactRecord(fact, at(since), State.UNKNOWN, suspected=True, doubt=Doubt(State.BAD, at(since), at(since)))


def due(now: float, read: dict[Round, float], *records: FactRecord, drift: float | None = None) -> tuple[object, ...]:
    found = next_due(
        PACE,
        {part: at(minutes) for part, minutes in read.items()},
        records,
        at(now),
        drift_since=None if drift is None else at(drift),
    )
    return (found.at - T0).total_seconds() / 60, found.round, *found.questions


ALL: dict[Round, float] = {Round.FACTS: 0, Round.LISTS: 0, Round.PROFILE: 0}
SOON = 10 + 1 / 60


@pytest.mark.parametrize(
    ("now", "read", "records", "wanted"),
    [
        (0, {}, (), (0, Round.FACTS)),
        (5, ALL, (), (15, Round.LISTS)),
        (56, ALL | {Round.LISTS: 55}, (), (60, Round.FACTS)),
        (600, ALL, (), (15, Round.LISTS)),  # late, once
        (5, ALL | {Round.LISTS: 50}, (), (5, Round.LISTS)),  # the clock was set back
        (1, ALL, (suspect(Question.SPF, 0, 0),), (SOON, Round.FACTS, Question.SPF)),
        (1, ALL, (suspect(Question.BLOCKLIST, 0, 0),), (SOON, Round.LISTS, Question.BLOCKLIST)),
        (12, ALL | {Round.LISTS: 12}, (suspect(Question.SPF, 0, 11),), (11 + SOON, Round.FACTS, Question.SPF)),
    ],
)
def test_what_is_due_next(
    now: float, read: dict[Round, float], records: tuple[FactRecord, ...], wanted: tuple[object, ...]
) -> None:
    found, *rest = due(now, read, *records)
    assert found == pytest.approx(wanted[0])
    assert rest == list(wanted[1:])


def test_a_change_is_read_a_second_time() -> None:
    assert due(1, ALL, drift=0)[1:] == (Round.PROFILE,)
    assert due(1, ALL, drift=0)[0] == pytest.approx(SOON)
