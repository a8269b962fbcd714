"""The timetable of standing: what is read next, by the times of the last readings. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.standing.record import FactRecord
from probes.standing.fact import CONFIRMED_AFTER, Question

MARGIN = timedelta(seconds=1)  # after CONFIRMED_AFTER, so that a second reading counts for certain


class Round(StrEnum):
    """Parts of standing that are read together."""

    FACTS = "facts"  # by DNS and HTTP
    LISTS = "lists"  # blocklists, each of which is tested against itself in the same round
    PROFILE = "profile"  # the records themselves, to see what changes


def round_of(question: Question) -> Round:
    """Return the round that a question belongs to."""
    return Round.LISTS if question is Question.BLOCKLIST else Round.FACTS


@dataclass(frozen=True, slots=True)
class Pace:
    """The intervals of the rounds."""

    every: timedelta
    lists: timedelta

    def of(self, part: Round) -> timedelta:
        """Return the interval of a round."""
        return self.lists if part is Round.LISTS else self.every


@dataclass(frozen=True, slots=True)
class DueRound:
    """A round and its time. `questions`: a second reading of these; none: the whole round."""

    at: datetime
    round: Round
    questions: tuple[Question, ...] = ()


def next_due(
    pace: Pace,
    read_at: Mapping[Round, datetime],
    records: Iterable[FactRecord],
    now: datetime,
    *,
    drift_since: datetime | None = None,
) -> DueRound:
    """Return what is read next. `read_at`: when each round was last made; one that never was is due now. `drift_since`:
    the time of a reading by which something published has changed, and which no second one has confirmed."""
    dues = [DueRound(_next(read_at.get(part), pace.of(part), now), part) for part in Round]
    for record in records:
        if record.doubt and record.current:
            again = _second(record.doubt.since, record.reading.at)
            dues.append(DueRound(again, round_of(record.reading.question), (record.reading.question,)))
    if drift_since and Round.PROFILE in read_at:
        dues.append(DueRound(_second(drift_since, read_at[Round.PROFILE]), Round.PROFILE))
    return min(dues, key=lambda due: (due.at, due.round, due.questions))


def _next(read_at: datetime | None, pause: timedelta, now: datetime) -> datetime:
    """Return the time of the next reading; a last one in the future means that the clock was set back."""
    return now if read_at is None or read_at > now else read_at + pause


def _second(first: datetime, newest: datetime) -> datetime:
    """Return the time of the second reading; of the next try, if that could not tell."""
    return (first if newest - first < CONFIRMED_AFTER else newest) + CONFIRMED_AFTER + MARGIN
