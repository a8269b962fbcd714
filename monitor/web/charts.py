"""Drawings of what was: strips of outcomes, and delivery times against the code's life. Pure: only where what is, in
percent; the templates make SVG of it, which thereby fits every width."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, log10

from monitor.output.symbols import WORST_FIRST
from monitor.store import ProbeRow
from monitor.web.legible import spelled
from probes.verdict import Grade, Outcome

PLACES = 72  # of a strip
MAX_DOTS = 600
FASTEST, SLOWEST = 0.01, 6 * 3600.0  # seconds; what is faster or slower is drawn at the edge
TICKS = ((0.01, "10 ms"), (0.1, "0.1 s"), (1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"))


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


@dataclass(frozen=True, slots=True)
class Dot:
    """One mail that arrived."""

    x: float
    y: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis, in percent, and its name."""

    at: float
    name: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Delivery times of one grade, in seconds. `late`: how many came when their code was dead."""

    grade: Grade
    number: int
    median: float
    most: float  # 95 of 100 were not slower
    slowest: float
    late: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Delivery times. `lives` are how long codes live: more than one where the paths differ."""

    dots: tuple[Dot, ...]
    lives: tuple[Tick, ...]
    times: tuple[Tick, ...]
    seconds: tuple[Tick, ...]
    figures: tuple[Figures, ...]
    left_out: int


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


def chart_of(rows: Sequence[ProbeRow], frame: Frame, lives: Iterable[timedelta]) -> Chart:
    """The delivery times of these probes. Where they are too many to draw, the slowest of each stretch are kept."""
    alive = sorted(set(lives))
    arrived = [row for row in rows if row.delivery is not None and row.verdict]
    drawn = _slowest(arrived, frame)
    seconds = [_seconds(row) for row in arrived]
    top = max([10.0, *(life.total_seconds() * 3 for life in alive), *(each * 1.5 for each in seconds)])
    bottom = min([0.1, *(max(each, FASTEST) for each in seconds)])
    scale = _Scale(bottom, min(top, SLOWEST))
    return Chart(
        dots=tuple(
            Dot(frame.x(row.launched_at), scale.y(_seconds(row)), row.verdict.outcome) for row in drawn if row.verdict
        ),
        lives=tuple(Tick(scale.y(life.total_seconds()), spelled(life.total_seconds())) for life in alive),
        times=times_of(frame),
        seconds=tuple(Tick(scale.y(at), name) for at, name in TICKS if scale.bottom <= at <= scale.top),
        figures=tuple(_figures(arrived, grade) for grade in _grades(arrived)),
        left_out=len(arrived) - len(drawn),
    )


def times_of(frame: Frame) -> tuple[Tick, ...]:
    """A few times to read a drawing by."""
    long = frame.until - frame.since > timedelta(days=2)
    step = (frame.until - frame.since) / 4
    times = [frame.since + step * number for number in range(5)]
    return tuple(Tick(frame.x(at), f"{at.astimezone(UTC):{'%d %b' if long else '%H:%M'}}") for at in times)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Seconds on a logarithmic axis: the slow is above."""

    bottom: float
    top: float

    def y(self, seconds: float) -> float:
        part = (log10(max(seconds, self.bottom)) - log10(self.bottom)) / (log10(self.top) - log10(self.bottom))
        return round((1 - min(part, 1.0)) * 92 + 4, 2)


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


def _slowest(rows: Sequence[ProbeRow], frame: Frame) -> list[ProbeRow]:
    if len(rows) <= MAX_DOTS:
        return list(rows)
    each, places = MAX_DOTS // PLACES, dict[int, list[ProbeRow]]()
    for row in rows:
        places.setdefault(frame.place(row.launched_at), []).append(row)
    return [row for here in places.values() for row in sorted(here, key=_seconds, reverse=True)[:each]]


def _figures(rows: Sequence[ProbeRow], grade: Grade) -> Figures:
    mine = [row for row in rows if row.verdict and row.verdict.grade is grade]
    times = sorted(_seconds(row) for row in mine)
    late = sum(row.verdict is not None and row.verdict.outcome is Outcome.LATE for row in mine)
    return Figures(grade, len(times), _share(times, 0.5), _share(times, 0.95), times[-1], late)


def _grades(rows: Iterable[ProbeRow]) -> list[Grade]:
    found = {row.verdict.grade for row in rows if row.verdict}
    return [grade for grade in Grade if grade in found]


def _share(times: Sequence[float], share: float) -> float:
    """The time that this share of them did not exceed."""
    return times[max(ceil(share * len(times)) - 1, 0)]


def _seconds(row: ProbeRow) -> float:
    return max(row.delivery.total_seconds(), 0.0) if row.delivery else 0.0
