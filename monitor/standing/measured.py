"""Figures of standing for metrics. Pure: the names of metrics and labels are in `monitor.output`.

What is not known has no figure: a 0 would alert somebody about our own name server, and a 1 would hide the sender's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.standing.record import FactRecord
from probes.standing.fact import MAX_AGE, Question, State, Why
from probes.standing.profile import ProfileItem

LISTED: Mapping[Why, bool] = {
    **dict.fromkeys((Why.LISTED, Why.LISTED_MINOR), True),
    **dict.fromkeys((Why.NOT_LISTED, Why.NOT_LISTED_UNTESTED, Why.LIST_NEUTRAL), False),
}


@dataclass(frozen=True, slots=True)
class StandingFigures:
    """The known facts at one moment, and counts since the start. `answers`: by zone and answer."""

    records: Sequence[FactRecord] = ()
    changes: Mapping[ProfileItem, int] = field(default_factory=dict)
    answers: Mapping[tuple[str, str], int] = field(default_factory=dict)
    max_age: timedelta = MAX_AGE


def ok_by_question(figures: StandingFigures, now: datetime) -> dict[Question, bool]:
    """Return whether each check is well: False if anything of it is bad, none if something of it is not known. Of
    blocklists those that answer are enough: some answer nobody who has not registered."""
    states: defaultdict[Question, set[State]] = defaultdict(set)
    for record in figures.records:
        states[record.key.question].add(record.at(now, figures.max_age).state)
    unknown = {State.UNKNOWN, State.REFUSED}
    return {
        question: State.BAD not in found
        for question, found in states.items()
        if State.BAD in found or (found - unknown if question is Question.BLOCKLIST else not found & unknown)
    }


def age_by_question(figures: StandingFigures, now: datetime) -> dict[Question, float]:
    """Return the seconds since each check was last read; of several facts, the one that was read longest ago."""
    oldest: dict[Question, datetime] = {}
    for record in figures.records:
        question = record.key.question
        oldest[question] = min(record.reading.at, oldest.get(question, record.reading.at))
    return {question: max((now - at).total_seconds(), 0.0) for question, at in oldest.items()}


def spf_terms(figures: StandingFigures, now: datetime) -> int | None:
    """Return the most terms with a lookup that an SPF record of the sender needs, whether or not it passes; None if
    that is not known."""
    facts = (record.at(now, figures.max_age).reading for record in figures.records)
    counts = [
        fact.tree[0].lookups
        for fact in facts
        if fact.question is Question.SPF and fact.why is not Why.TOO_OLD and fact.tree
    ]
    return max(counts, default=None)


def listed_by_zone(figures: StandingFigures, now: datetime) -> dict[str, bool]:
    """Return whether each blocklist lists anything of the sender; a suspicion counts for nothing yet."""
    found: dict[str, bool] = {}
    for record in (each.at(now, figures.max_age) for each in figures.records if each.zone):
        listed = None if record.suspected else LISTED.get(record.reading.why)
        if listed is not None:
            found[record.zone] = found.get(record.zone, False) or listed
    return found


def zones(records: Iterable[FactRecord]) -> list[str]:
    """Return the blocklists that are asked, sorted."""
    return sorted({record.zone for record in records if record.zone})
