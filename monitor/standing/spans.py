"""States of facts over time, day by day, for strips; and since when something has been so. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from monitor.standing.record import COULD_NOT_TELL, FactKey, FactRecord
from probes.standing.fact import Question, State

DAY_ORDER = (State.BAD, State.WEAK, State.GOOD, State.NONE, State.REFUSED, State.UNKNOWN)
"""The state of a day is the first of these that was read on it. What could not be read comes last: an hour without
answers says nothing about the other 23."""


@dataclass(frozen=True, slots=True)
class StateSpan:
    """One state of a fact, from `since` to the last reading that said so."""

    question: Question
    subject: str
    since: datetime
    seen_at: datetime
    state: State
    suspected: bool

    @property
    def key(self) -> FactKey:
        """The question and its subject."""
        return FactKey(self.question, self.subject)


@dataclass(frozen=True, slots=True)
class DayRun:
    """Successive days (UTC) with the same state; None: nothing was read. `first` counts from 0, the oldest."""

    state: State | None
    first: int
    days: int
    begins: date
    ends: date


def day_runs(spans: Sequence[StateSpan], now: datetime, days: int) -> tuple[DayRun, ...]:
    """Return the states of the last days, today included, as runs. `spans`: those of one fact, in any order."""
    oldest = now.date() - timedelta(days=days - 1)
    states: list[State | None] = [None] * days
    for span in spans:
        first = max((span.since.date() - oldest).days, 0)
        last = min((span.seen_at.date() - oldest).days, days - 1)
        for day in range(first, last + 1):
            held = states[day]
            states[day] = span.state if held is None else min(held, span.state, key=DAY_ORDER.index)
    runs: list[DayRun] = []
    for state, group in groupby(range(days), key=lambda day: states[day]):
        found = list(group)
        begins, ends = oldest + timedelta(days=found[0]), oldest + timedelta(days=found[-1])
        runs.append(DayRun(state, found[0], len(found), begins, ends))
    return tuple(runs)


def lasting_since(record: FactRecord, spans: Sequence[StateSpan]) -> datetime:
    """Return since when the state of a fact has been the same. Readings in between without an answer do not end it,
    and the suspicion before something was confirmed is part of it. `spans`: those of the fact, the newest last."""
    since = record.since
    worried = record.suspected or record.state is State.BAD
    for span in reversed(spans):
        if span.since >= since:
            continue
        if span.state is record.state or (worried and span.suspected):
            since = span.since
        elif span.state not in COULD_NOT_TELL:
            break
    return since
