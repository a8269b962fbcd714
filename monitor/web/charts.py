"""Drawings of what was, in slots of time: which mail was in time, where it ended, how long it took. Pure: only where
what is, in percent; the templates make SVG of it, which thereby fits every width.

A slot without a test has no mark at all: a gap is shown as a gap, and nothing is interpolated. Nothing depends on
colour: in time stands above a line, and not in time hangs below it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
    why: Counter[Outcome] = field(default_factory=Counter)
    unclear: Counter[Outcome] = field(default_factory=Counter)

    def add(self, row: SlotCount) -> None:
        """Count these results."""
        match in_time(row.outcome, row.cause):
            case True:
                self.in_time += row.count
            case False:
                self.missed += row.count
                self.why[row.outcome] += row.count
            case None:
                self.untold += row.count
                self.unclear[row.outcome] += row.count

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
class SlotBar:
    """One slot, in percent. `up`: height of what was in time, above the line; `down`: of what was not, below it; both 0
    where no result tells. `of`: number of the slot, for links."""

    of: int
    x: float
    width: float
    up: float
    down: float
    said: str


@dataclass(frozen=True, slots=True)
class OutcomeBar:
    """The share of one outcome in a slot, as a height in percent from the bottom."""

    of: int
    x: float
    width: float
    height: float
    said: str


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One outcome, as a place where mail ended: `count` of `total` results, counted as in time or not."""

    outcome: Outcome
    count: int
    total: int
    bars: tuple[OutcomeBar, ...]


@dataclass(frozen=True, slots=True)
class DeliveryBar:
    """Delivery times in one slot: from the median to the 95th percentile, in percent from the top. `over`: the latter
    is beyond a code's life."""

    of: int
    x: float
    width: float
    top: float
    bottom: float
    over: bool
    said: str


@dataclass(frozen=True, slots=True)
class DeliveryChart:
    """Delivery times. `lives` are how long codes live: more than one where the paths differ."""

    bars: tuple[DeliveryBar, ...]
    lives: tuple[Tick, ...]
    seconds: tuple[Tick, ...]


def tallies(rows: Iterable[SlotCount]) -> dict[int, SlotTally]:
    """Add up results by slot. A slot without any is not there."""
    found: dict[int, SlotTally] = {}
    for row in rows:
        found.setdefault(row.slot, SlotTally()).add(row)
    return found


def bars_of(by_slot: Mapping[int, SlotTally], slots: TimeSlots) -> tuple[SlotBar, ...]:
    """Return the bars of what was in time and what was not."""
    return tuple(_bar(slot, tally, slots) for slot, tally in sorted(by_slot.items()))


def outcome_rows(rows: Iterable[SlotCount], slots: TimeSlots) -> tuple[OutcomeRow, ...]:
    """Return where mail ended, one row per outcome that occurred, the good one first and then the worst."""
    by_slot: dict[int, Counter[Outcome]] = {}
    for row in rows:
        by_slot.setdefault(row.slot, Counter())[row.outcome] += row.count
    sums = sum(by_slot.values(), Counter[Outcome]())
    order = (Outcome.INBOX, *(each for each in WORST_FIRST if each and each is not Outcome.INBOX))
    return tuple(
        OutcomeRow(outcome, sums[outcome], sums.total(), _outcome_bars(outcome, by_slot, slots))
        for outcome in order
        if sums[outcome]
    )


def delivery_chart(rows: Iterable[SlotTimes], slots: TimeSlots, lives: Iterable[timedelta]) -> DeliveryChart | None:
    """Return how long mail took in each slot; None if none arrived."""
    by_slot: dict[int, Counter[float]] = {}
    for row in rows:
        by_slot.setdefault(row.slot, Counter()).update(row.counts)
    alive = sorted({life.total_seconds() for life in lives})
    measured = {slot: level for slot, counts in sorted(by_slot.items()) if (level := delivery_figures(counts))}
    if not measured:
        return None
    slowest = max(level.most for level in measured.values())
    scale = _Scale(FASTEST, min(max(60.0, slowest * 1.5, *(3 * life for life in alive)), SLOWEST))
    return DeliveryChart(
        bars=tuple(_delivery_bar(slot, level, slots, scale, alive) for slot, level in measured.items()),
        lives=tuple(Tick(scale.y(life), spelled(life)) for life in alive),
        seconds=tuple(Tick(scale.y(at), name) for at, name in TICKS if at <= scale.top),
    )


def times_of(slots: TimeSlots) -> tuple[Tick, ...]:
    """Return a few times to read a drawing by: the begins of slots, and the end."""
    form = "%H:%M" if slots.step <= HOUR else "%d %b"
    return tuple(
        Tick(round(100 * place / slots.number, 2), f"{slots.start_of(place):{form}}")
        for place in (slots.number * part // 4 for part in range(5))
    )


def slot_label(slots: TimeSlots, slot: int) -> str:
    """Return when a slot is, in words."""
    begin = slots.start_of(slot).astimezone(UTC)
    end = begin + slots.step
    if slots.step < DAY:
        return f"{begin:%d %b %H:%M} to {end:%H:%M} UTC"
    last = end - DAY
    return f"{begin:%d %b}" if last <= begin else f"{begin:%d %b} to {last:%d %b}"


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


def _place(slot: int, slots: TimeSlots) -> tuple[float, float]:
    width = 100 / slots.number
    return round((slot + GAP / 2) * width, 2), round(width * (1 - GAP), 2)


def _bar(slot: int, tally: SlotTally, slots: TimeSlots) -> SlotBar:
    good = tally.in_time / tally.judged if tally.judged else 0.0
    bad = tally.missed / tally.judged if tally.judged else 0.0
    said = f"{slot_label(slots, slot)}: {tally.said}"
    return SlotBar(slot, *_place(slot, slots), _height(good, UP), _height(bad, DOWN), said)


def _height(share: float, most: float) -> float:
    return round(max(share * most, SMALLEST), 1) if share else 0.0


def _outcome_bars(
    outcome: Outcome, by_slot: Mapping[int, Counter[Outcome]], slots: TimeSlots
) -> tuple[OutcomeBar, ...]:
    return tuple(
        OutcomeBar(
            slot,
            *_place(slot, slots),
            _height(counts[outcome] / counts.total(), 100.0),
            f"{slot_label(slots, slot)}: {counts[outcome]:,} of {counts.total():,} {OUTCOMES[outcome].label}",
        )
        for slot, counts in sorted(by_slot.items())
        if counts[outcome]
    )


def _delivery_bar(
    slot: int, level: DeliveryFigures, slots: TimeSlots, scale: _Scale, alive: Sequence[float]
) -> DeliveryBar:
    return DeliveryBar(
        slot,
        *_place(slot, slots),
        scale.y(level.most),
        scale.y(level.half),
        bool(alive) and level.most > alive[0],
        f"{slot_label(slots, slot)}: {delivery_said(level)}",
    )


def _outcomes(counts: Counter[Outcome]) -> str:
    return ", ".join(f"{counts[each]:,} {OUTCOMES[each].label}" for each in WORST_FIRST if each and counts[each])
