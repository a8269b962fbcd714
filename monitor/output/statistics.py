"""Statistics of probes by any subject, in one window or slot by slot. Pure.

What counts as in time, the grade, and the quantiles are those of the pages (`service_level`, `delivery_levels`).
Results of different grades, and mail with a code and other mail, are never added up.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from monitor.config import WatchedPath
from monitor.output.delivery_levels import DeliveryLevel, delivery_levels
from monitor.probing.code_counts import grade_of, in_time
from monitor.store import CompanySeries, DeliveryTimes, ResultCount
from probes.kinds import Kind
from probes.outcome import Grade, Outcome


class StatSubject(NamedTuple):
    """The subject that results are added up for; "" and None: all of them."""

    company: str = ""
    path: str = ""
    mail_system: str = ""
    kind: Kind | None = None


class StatKey(NamedTuple):
    """All that is added up in one row."""

    subject: StatSubject
    code: bool
    grade: Grade


SubjectOf = Callable[[str, str, Kind], StatSubject | None]
"""The subject of a company, a path and a kind; None: its results are not wanted."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Results and delivery times of one slot of time; a window as a whole is slot 0."""

    number: int
    results: Sequence[ResultCount]
    times: Sequence[DeliveryTimes]


@dataclass(frozen=True, slots=True)
class StatRow:
    """One row of a slot. `judged`: probes that tell; `outcomes`: all probes, also those that do not."""

    slot: int
    key: StatKey
    judged: int
    in_time: int
    outcomes: dict[Outcome, int]
    delivery: DeliveryLevel | None


def statistics(slots: Iterable[Slot], subject_of: SubjectOf, paths: Iterable[WatchedPath]) -> list[StatRow]:
    """Return the rows, slot by slot. The grade is that of the route; of a path that is not configured any more, that of
    its verdicts."""
    grades = {(path.company, path.path): grade_of(path) for path in paths}

    def key_of(each: ResultCount | DeliveryTimes) -> StatKey | None:
        subject = subject_of(each.company, each.path, each.kind)
        grade = grades.get((each.company, each.path), each.grade)
        return None if subject is None else StatKey(subject, each.kind.facts.needs_code, grade)

    return [row for slot in slots for row in _rows(slot, key_of)]


def _rows(slot: Slot, key_of: Callable[[ResultCount | DeliveryTimes], StatKey | None]) -> list[StatRow]:
    judged, good, outcomes = Counter[StatKey](), Counter[StatKey](), dict[StatKey, Counter[Outcome]]()
    for result in slot.results:
        key = key_of(result)
        if key is None:
            continue
        outcomes.setdefault(key, Counter())[result.outcome] += result.count
        if (arrived := in_time(result.outcome, result.cause)) is not None:
            judged[key] += result.count
            good[key] += result.count * arrived
    delivery, order = delivery_levels(slot.times, key_of), list(Grade)
    return [
        StatRow(slot.number, key, judged[key], good[key], dict(outcomes[key]), delivery.get(key))
        for key in sorted(outcomes, key=lambda key: (_place(key.subject), not key.code, order.index(key.grade)))
    ]


def _place(subject: StatSubject) -> tuple[str, ...]:
    return subject.company, subject.path, subject.mail_system, subject.kind or ""


def slots_of(company: str, series: CompanySeries, number: int) -> list[Slot]:
    """Return the slots of a company's series, empty ones too."""
    slots: list[tuple[list[ResultCount], list[DeliveryTimes]]] = [([], []) for _ in range(number)]
    for each in series.results:
        labels = (company, each.path, each.kind, each.grade, each.outcome, each.cause)
        slots[each.slot][0].append(ResultCount(*labels, each.count))
    for times in series.times:
        slots[times.slot][1].append(DeliveryTimes(company, times.path, times.kind, times.grade, times.counts))
    return [Slot(place, *both) for place, both in enumerate(slots)]


def joined(of_companies: Iterable[Sequence[Slot]]) -> list[Slot]:
    """Put the slots of several companies together."""
    return [
        Slot(
            same[0].number,
            [result for slot in same for result in slot.results],
            [times for slot in same for times in slot.times],
        )
        for same in zip(*of_companies, strict=True)
    ]
