"""A fact over time: rows of equal readings, and what two readings have settled. Pure.

A row lasts as long as the readings are equal, so history is the rows, and the newest of a question and subject is what
is known now. Beside the reading it remembers what is *settled*: what two readings CONFIRMED_AFTER apart agreed on.
Incidents rest on that alone, so one wrong answer opens and closes nothing; readings that could not tell change nothing
of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from probes.standing.fact import CONFIRMED_AFTER, OF_RESOLVER, Fact, Question, State, Why

COULD_NOT_TELL = frozenset({State.UNKNOWN, State.REFUSED})
WORTH_AN_INCIDENT = frozenset({State.BAD, State.WEAK})  # settled by two readings, even the first ones there are
RESOLUTION = timedelta(microseconds=1)


class FactKey(NamedTuple):
    """The question of a fact, and the domain, name or address that it is about."""

    question: Question
    subject: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Readings that differ from what is settled, all of this state: the first at `since`, the last at `at`."""

    state: State
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """The newest reading of a state that two agreed on, and the time of the first of them. `before`: the last reading
    of another state that was settled earlier, None if there was none."""

    fact: Fact
    since: datetime
    before: Fact | None = None

    @property
    def state(self) -> State:
        """The state."""
        return self.fact.state


@dataclass(frozen=True, slots=True)
class FactRecord:
    """Equal readings from `since` to `reading.at`; `reading` is the newest of them.

    `state` is that of the reading, but UNKNOWN while it is only `suspected`: bad, and not seen twice. `zone` is the
    list that a blocklist's fact is about, else "". `settled` is what two readings agreed on, None if there never was
    such a thing. `current`: the newest row of a subject that is still asked about."""

    reading: Fact
    since: datetime
    state: State
    suspected: bool = False
    zone: str = ""
    settled: Settled | None = None
    doubt: Doubt | None = None
    current: bool = True

    @property
    def key(self) -> FactKey:
        """The question and its subject."""
        return FactKey(self.reading.question, self.reading.subject)

    @property
    def why(self) -> Why:
        """The reason for the state."""
        return Why.BAD_ONCE if self.suspected else self.reading.why

    def at(self, now: datetime, max_age: timedelta) -> "FactRecord":
        """Return the same as it is now: what is too old is not known any more."""
        if now - self.reading.at <= max_age:
            return self
        return replace(self, reading=replace(self.reading, why=Why.TOO_OLD), state=State.UNKNOWN, suspected=False)


def known_at(records: Iterable[FactRecord], at: datetime, max_age: timedelta) -> dict[FactKey, FactRecord]:
    """Return what was known at a moment, by question and subject, of all rows that lasted until `max_age` before it or
    longer. A reading made later that says the same counts as one of that moment."""
    found: dict[FactKey, FactRecord] = {}
    for record in records:
        if record.since <= at and (record.key not in found or found[record.key].since < record.since):
            found[record.key] = record
    then = {
        key: replace(each, reading=replace(each.reading, at=min(each.reading.at, at))) for key, each in found.items()
    }
    return {key: each.at(at, max_age) for key, each in then.items()}


def follow(before: FactRecord | None, reading: Fact, max_age: timedelta, zone: str = "") -> FactRecord:
    """Return the row of a new reading: `before` continued, or a new one. Readings further apart than `max_age` do not
    confirm each other."""
    settled, doubt = _settle(before, reading, max_age)
    suspected = reading.state is State.BAD and (settled is None or settled.state is not State.BAD)
    state = State.UNKNOWN if suspected else reading.state
    now = FactRecord(reading, reading.at, state, suspected, zone, settled, doubt)
    if before is None:
        return now
    if before.current and _alike(before, now) and reading.at - before.reading.at <= max_age:
        return replace(now, since=before.since)
    return replace(now, since=max(now.since, before.since + RESOLUTION))  # the clock may have been set back


def _settle(before: FactRecord | None, reading: Fact, max_age: timedelta) -> tuple[Settled | None, Doubt | None]:
    settled, doubt = (before.settled, before.doubt) if before else (None, None)
    if reading.state in COULD_NOT_TELL:
        return settled, doubt
    if settled is None and reading.state not in WORTH_AN_INCIDENT:
        return Settled(reading, reading.at), None
    if settled is not None and (settled.state, settled.fact.why) == (reading.state, reading.why):
        return Settled(reading, settled.since, settled.before), None
    since = reading.at
    if doubt and doubt.state is reading.state and reading.at - doubt.at <= max_age:
        since = min(doubt.since, reading.at)
    if reading.at - since >= CONFIRMED_AFTER:
        return Settled(reading, since, _other_than(reading.state, settled)), None
    return settled, Doubt(reading.state, since, reading.at)


def _other_than(state: State, settled: Settled | None) -> Fact | None:
    """Return what was settled in another state, without the tree: it is shown as a sentence."""
    if settled is None or settled.state is not state:
        return replace(settled.fact, tree=()) if settled else None
    return settled.before


def _alike(one: FactRecord, other: FactRecord) -> bool:
    """Test if two rows say the same. Name servers give several records in any order; the text of a failure names
    whichever server was asked."""
    if (one.state, one.why) != (other.state, other.why):
        return False
    return one.state in COULD_NOT_TELL or _words(one.reading) == _words(other.reading)


def _words(fact: Fact) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(text.replace(",", " ").split()) for text in (fact.value, *fact.named))


def blind_readings(facts: Iterable[Fact], known: Iterable[FactKey]) -> list[Fact]:
    """Return the facts, those of an unusable resolver about each subject that is known: they name none."""
    subjects: dict[Question, list[str]] = {}
    for key in known:
        subjects.setdefault(key.question, []).append(key.subject)
    found: list[Fact] = []
    for fact in facts:
        blind = fact.why in OF_RESOLVER and fact.question in subjects
        found += [replace(fact, subject=subject) for subject in subjects[fact.question]] if blind else [fact]
    return found


def no_longer_asked(
    known: Mapping[FactKey, FactRecord], questions: Iterable[Question], facts: Sequence[Fact]
) -> list[FactRecord]:
    """Return the rows of these questions whose subject was not asked about this time: a domain or a selector that is
    not the sender's any more. Without any answer to a question, all of its rows stay."""
    asked = {FactKey(fact.question, fact.subject) for fact in facts}
    answered = {key.question for key in asked}
    return [
        replace(record, current=False)
        for key, record in known.items()
        if key.question in answered.intersection(questions) and key not in asked
    ]


_FACT: TypeAdapter[Fact] = TypeAdapter(Fact)
_SETTLED: TypeAdapter[Settled] = TypeAdapter(Settled)


def encode(fact: Fact) -> str:
    """Encode a reading as one line of JSON."""
    return _FACT.dump_json(fact).decode()


def decode(text: str | bytes) -> Fact:
    """Decode the result of `encode`."""
    return _FACT.validate_json(text)


def encode_settled(settled: Settled) -> str:
    """Encode what is settled as one line of JSON."""
    return _SETTLED.dump_json(settled).decode()


def decode_settled(text: str | bytes) -> Settled:
    """Decode the result of `encode_settled`, or a reading alone, as the first stores with standing have it."""
    try:
        return _SETTLED.validate_json(text)
    except ValidationError:
        fact = decode(text)
        return Settled(fact, fact.at)
