"""Drawings of what was, in slots of time: which mail was in time, where it ended, how long it took. Pure: only where
what is, in percent; the templates make SVG of it, which thereby fits every width.

A slot without a test has no mark at all: a gap is shown as a gap, and nothing is interpolated. Nothing depends on
colour: in time stands above a line, and not in time hangs below it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from math import log10

from monitor.measures.delivery_bounds import DELIVERY_BOUNDS_SECONDS
from monitor.measures.quantiles import quantile
from monitor.measures.time_slots import DAY, HOUR, TimeSlots
from monitor.output.symbols import WORST_FIRST
from monitor.probing.code_counts import in_time
from monitor.store import SlotCount, SlotTimes
from monitor.web.legible import about, spelled
from probes.labels import OUTCOMES
from probes.verdict import Outcome

LINE = 62.0  # where the line between in time and not in time is, in percent from the top
UP, DOWN = 58.0, 34.0  # heights of a bar of which all is in time, or nothing
SMALLEST = 8.0  # one of a thousand is seen
GAP = 0.12  # of a slot, between two bars
FASTEST, SLOWEST = 0.5, 6 * 3600.0  # seconds; what is faster or slower is drawn at the edge
TICKS = ((1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"))
ENOUGH_FOR_95 = 20  # of fewer, the slowest is all that a 95th percentile can be


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis, in percent, and its name."""

    at: float
    name: str


@dataclass(slots=True)
class SlotTally:
    """Results in one slot. `untold` do not tell whether mail arrives in time; `why` is where mail ended that was not in
    time, `unclear` what did not tell."""

    in_time: int = 0
    missed: int = 0
    untold: int = 0
    why: dict[Outcome, int] = field(default_factory=dict)
    unclear: dict[Outcome, int] = field(default_factory=dict)

    def add(self, row: SlotCount) -> None:
        """Count these results."""
        match in_time(row.outcome, row.cause):
            case True:
                self.in_time += row.count
            case False:
                self.missed += row.count
                self.why[row.outcome] = self.why.get(row.outcome, 0) + row.count
            case None:
                self.untold += row.count
                self.unclear[row.outcome] = self.unclear.get(row.outcome, 0) + row.count

    @property
    def judged(self) -> int:
        """Return the number of results that tell."""
        return self.in_time + self.missed

    @property
    def said(self) -> str:
        """Return it in words, as a fraction: few results are no percentage."""
        parts = [f"{self.in_time:,} of {self.judged:,} in time"] if self.judged else []
        parts += [_outcomes(self.why)] if self.why else []
        parts += [f"not counted: {_outcomes(self.unclear)}"] if self.unclear else []
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class SlotMark:
    """One slot with results: its number, where it begins in percent, and what it says."""

    of: int
    x: float
    said: str


@dataclass(frozen=True, slots=True)
class InTimeBars:
    """Bars as paths in a square of 100: what was in time stands above the line, what was not hangs below it; `untold`
    is where no result tells."""

    good: str
    bad: str
    untold: str
    marks: tuple[SlotMark, ...]


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One outcome, as a place where mail ended: of `count` of `total` results, also of those that do not tell. `bars`:
    its share in each slot, as a path that stands at the bottom."""

    outcome: Outcome
    count: int
    total: int
    bars: str
    marks: tuple[SlotMark, ...]


@dataclass(frozen=True, slots=True)
class DeliveryFigures:
    """Seconds within which half of so many messages were delivered, and 95 % of them: of a few, all; `inf` for longer
    than was measured."""

    half: float
    most: float
    number: int

    @property
    def enough(self) -> bool:
        """Test if there are enough for a 95th percentile."""
        return self.number >= ENOUGH_FOR_95


@dataclass(frozen=True, slots=True)
class DeliveryChart:
    """Delivery times as paths. `between`: from the median, a dot of `halves`, to the 95th percentile, a line of
    `mosts`; the `over` ones are beyond a code's life. `lives` are how long codes live: more than one where the paths
    differ."""

    between: str
    mosts: str
    over_between: str
    over_mosts: str
    halves: str
    lives: tuple[Tick, ...]
    seconds: tuple[Tick, ...]
    marks: tuple[SlotMark, ...]


class SlotNames:
    """Slots with what drawings need of each, worked out once: its place in percent, and when it is, in words."""

    def __init__(self, slots: TimeSlots) -> None:
        self.labels = [slot_label(slots, slot) for slot in range(slots.number)]
        self.width = round(100 / slots.number * (1 - GAP), 2)
        self._xs = [round((slot + GAP / 2) * 100 / slots.number, 2) for slot in range(slots.number)]

    def x(self, slot: int) -> float:
        """Return where the mark of a slot begins."""
        return self._xs[slot]

    def mark(self, slot: int, said: str) -> SlotMark:
        """Return the mark of a slot that says this."""
        return SlotMark(slot, self._xs[slot], f"{self.labels[slot]}: {said}")


def slot_label(slots: TimeSlots, slot: int) -> str:
    """Return when a slot is, in words."""
    begin = slots.start_of(slot).astimezone(UTC)
    end = begin + slots.step
    if slots.step < DAY:
        return f"{begin:%d %b %H:%M} to {end:%H:%M} UTC"
    last = end - DAY
    return f"{begin:%d %b}" if last <= begin else f"{begin:%d %b} to {last:%d %b}"


def tallies(rows: Iterable[SlotCount]) -> dict[int, SlotTally]:
    """Add up results by slot. A slot without any is not there."""
    found: dict[int, SlotTally] = {}
    for row in rows:
        found.setdefault(row.slot, SlotTally()).add(row)
    return found


def bars_of(by_slot: Mapping[int, SlotTally], slots: SlotNames) -> InTimeBars:
    """Return the bars of what was in time and what was not."""
    good, bad, untold, marks = list[str](), list[str](), list[str](), list[SlotMark]()
    for slot, tally in sorted(by_slot.items()):
        x = slots.x(slot)
        if tally.in_time:
            height = _height(tally.in_time / tally.judged, UP)
            good.append(_box(x, LINE - height, slots.width, height))
        if tally.missed:
            bad.append(_box(x, LINE, slots.width, _height(tally.missed / tally.judged, DOWN)))
        if not tally.judged:
            untold.append(_box(x, LINE - SMALLEST, slots.width, 2 * SMALLEST))
        marks.append(slots.mark(slot, tally.said))
    return InTimeBars("".join(good), "".join(bad), "".join(untold), tuple(marks))


def outcome_rows(rows: Iterable[SlotCount], slots: SlotNames) -> tuple[OutcomeRow, ...]:
    """Return where mail ended, one row per outcome that occurred, the good one first and then the worst."""
    by_slot: dict[int, dict[Outcome, int]] = {}
    for row in rows:
        here = by_slot.setdefault(row.slot, {})
        here[row.outcome] = here.get(row.outcome, 0) + row.count
    sums = Counter[Outcome]()
    for here in by_slot.values():
        sums.update(here)
    total = sums.total()
    order = (Outcome.INBOX, *(each for each in WORST_FIRST if each and each is not Outcome.INBOX))
    return tuple(_outcome_row(outcome, by_slot, sums[outcome], total, slots) for outcome in order if sums[outcome])


def delivery_chart(
    by_slot: Mapping[int, DeliveryFigures], slots: SlotNames, lives: Iterable[timedelta]
) -> DeliveryChart | None:
    """Return how long mail took in each slot; None if none arrived."""
    if not by_slot:
        return None
    alive = sorted({life.total_seconds() for life in lives})
    slowest = max(level.most for level in by_slot.values())
    scale = _Scale(FASTEST, min(max(60.0, slowest * 1.5, *(3 * life for life in alive)), SLOWEST))
    between, mosts, halves, marks = ([""], [""]), ([""], [""]), [""], list[SlotMark]()
    for slot, level in sorted(by_slot.items()):
        x, top, bottom = slots.x(slot), scale.y(level.most), scale.y(level.half)
        over = bool(alive) and level.most > alive[0]
        between[over].append(_box(x, top, slots.width, bottom - top))
        mosts[over].append(f"M{x:g} {top:g}h{slots.width:g}")
        halves.append(f"M{x + slots.width / 2:.2f} {bottom:g}h0")
        marks.append(slots.mark(slot, delivery_said(level)))
    return DeliveryChart(
        between="".join(between[False]),
        mosts="".join(mosts[False]),
        over_between="".join(between[True]),
        over_mosts="".join(mosts[True]),
        halves="".join(halves),
        lives=tuple(Tick(scale.y(life), spelled(life)) for life in alive),
        seconds=tuple(Tick(scale.y(at), name) for at, name in TICKS if at <= scale.top),
        marks=tuple(marks),
    )


def figures_by_slot(rows: Iterable[SlotTimes]) -> dict[int, DeliveryFigures]:
    """Return the figures of delivery times in each slot in which mail was delivered."""
    counts: dict[int, dict[float, int]] = {}
    for row in rows:
        here = counts.setdefault(row.slot, {})
        for bound, number in row.counts.items():
            here[bound] = here.get(bound, 0) + number
    return {slot: level for slot, each in counts.items() if (level := delivery_figures(each))}


def times_of(slots: TimeSlots) -> tuple[Tick, ...]:
    """Return a few times to read a drawing by: the begins of slots, and the end."""
    form = "%H:%M" if slots.step <= HOUR else "%d %b"
    return tuple(
        Tick(round(100 * place / slots.number, 2), f"{slots.start_of(place):{form}}")
        for place in (slots.number * part // 4 for part in range(5))
    )


def delivery_figures(counts: Mapping[float, int]) -> DeliveryFigures | None:
    """Return the figures of delivery times, of which the counts by the upper bound of their range are known."""
    half, most, number = quantile(counts, 0.5), quantile(counts, 0.95), sum(counts.values())
    if half is None or most is None:
        return None
    return DeliveryFigures(half, most if number >= ENOUGH_FOR_95 else max(counts), number)


def delivery_said(level: DeliveryFigures) -> str:
    """Return delivery times in words; of too few there is no 95th percentile."""
    number = f"{level.number:,} {'message' if level.number == 1 else 'messages'}"
    most = f"95 % within {about(level.most)}" if level.enough else slowest_said(level.most)
    return f"{number} delivered, half within {about(level.half)}, {most}"


def slowest_said(seconds: float) -> str:
    """Return within which time all came; `inf` for what took longer than the last range of times."""
    longest = DELIVERY_BOUNDS_SECONDS[-1]
    return f"all within {about(seconds)}" if seconds <= longest else f"the slowest after more than {about(longest)}"


@dataclass(frozen=True, slots=True)
class _Scale:
    """Seconds on a logarithmic axis: the slow is above."""

    bottom: float
    top: float

    def y(self, seconds: float) -> float:
        part = (log10(max(seconds, self.bottom)) - log10(self.bottom)) / (log10(self.top) - log10(self.bottom))
        return round((1 - min(part, 1.0)) * 90 + 5, 2)


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:g} {y:.4g}h{width:g}v{height:.4g}h-{width:g}z"


def _height(share: float, most: float) -> float:
    return max(share * most, SMALLEST)


def _outcome_row(
    outcome: Outcome, by_slot: Mapping[int, Mapping[Outcome, int]], count: int, total: int, slots: SlotNames
) -> OutcomeRow:
    bars, marks, word = list[str](), list[SlotMark](), OUTCOMES[outcome].label
    for slot, here in sorted(by_slot.items()):
        if number := here.get(outcome, 0):
            all_here = sum(here.values())
            height = _height(number / all_here, 100.0)
            bars.append(_box(slots.x(slot), 100 - height, slots.width, height))
            marks.append(slots.mark(slot, f"{number:,} of {all_here:,} {word}"))
    return OutcomeRow(outcome, count, total, "".join(bars), tuple(marks))


def _outcomes(counts: Mapping[Outcome, int]) -> str:
    return ", ".join(f"{counts[each]:,} {OUTCOMES[each].label}" for each in WORST_FIRST if each in counts and each)
