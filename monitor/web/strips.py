"""Strips of outcomes: the worst of each stretch of time. Pure: only where what is, in percent; the template makes SVG
of it, which thereby fits every width."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.output.symbols import WORST_FIRST
from monitor.store import ProbeRow
from monitor.web.charts import Tick
from probes.verdict import Grade, Outcome

PLACES = 72  # of a strip


@dataclass(frozen=True, slots=True)
class Frame:
    """The time that is drawn."""

    since: datetime
    until: datetime

    def x(self, at: datetime) -> float:
        """Return the position of this time, in percent."""
        return round(self._part(at) * 100, 2)

    def place(self, at: datetime) -> int:
        """In which of the places of a strip this time is."""
        return min(int(self._part(at) * PLACES), PLACES - 1)

    def _part(self, at: datetime) -> float:
        return min(max((at - self.since) / (self.until - self.since), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time in which the worst outcome was this one; of `number` probes."""

    x: float
    width: float
    outcome: Outcome
    since: datetime
    until: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Strip:
    """The bars, and what they say in words: how many probes of each grade came to which outcome."""

    bars: tuple[Bar, ...]
    said: tuple[tuple[Grade, tuple[tuple[Outcome, int], ...]], ...]


def strip_of(rows: Iterable[ProbeRow], frame: Frame) -> Strip:
    """The outcomes of these probes, the worst of each stretch; stretches with the same are one."""
    places: dict[int, list[ProbeRow]] = {}
    judged = [row for row in rows if row.verdict and frame.since <= row.launched_at <= frame.until]
    for row in judged:
        places.setdefault(frame.place(row.launched_at), []).append(row)
    bars: list[Bar] = []
    for place, here in sorted(places.items()):
        bar = _bar(place, here, frame)
        if bars and bars[-1].outcome is bar.outcome and bars[-1].x + bars[-1].width >= bar.x - 0.01:
            bar = _joined(bars.pop(), bar)
        bars.append(bar)
    return Strip(tuple(bars), _counts_by_grade(judged))


def frame_times(frame: Frame) -> tuple[Tick, ...]:
    """Return a few times to read a strip by."""
    long = frame.until - frame.since > timedelta(days=2)
    step = (frame.until - frame.since) / 4
    times = [frame.since + step * number for number in range(5)]
    return tuple(Tick(frame.x(at), f"{at.astimezone(UTC):{'%d %b' if long else '%H:%M'}}") for at in times)


def _bar(place: int, rows: Sequence[ProbeRow], frame: Frame) -> Bar:
    worst = min((row.verdict.outcome for row in rows if row.verdict), key=WORST_FIRST.index)
    width, step = 100 / PLACES, (frame.until - frame.since) / PLACES
    begin = frame.since + step * place
    return Bar(round(place * width, 2), round(width, 2), worst, begin, begin + step, len(rows))


def _joined(left: Bar, right: Bar) -> Bar:
    width = round(right.x + right.width - left.x, 2)
    return Bar(left.x, width, left.outcome, left.since, right.until, left.number + right.number)


def _counts_by_grade(rows: Sequence[ProbeRow]) -> tuple[tuple[Grade, tuple[tuple[Outcome, int], ...]], ...]:
    counts = Counter((row.verdict.grade, row.verdict.outcome) for row in rows if row.verdict)
    return tuple(
        (
            grade,
            tuple((outcome, counts[grade, outcome]) for outcome in WORST_FIRST if outcome and counts[grade, outcome]),
        )
        for grade in Grade
        if any(counts[grade, outcome] for outcome in Outcome)
    )
