"""Delivery times: durations to the inbox in buckets. Each bucket remembers its newest probe as an example."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

BOUNDS_SECONDS = (
    *(1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 180.0, 240.0, 300.0, 360.0, 420.0, 480.0, 540.0, 600.0, 660.0),
    *(900.0, 1800.0, 3600.0),
)
"""Narrow around the usual life of a code, which is ten minutes: there they decide whether somebody can sign in."""


def bounds_with(code_lives: Iterable[timedelta]) -> tuple[float, ...]:
    """The bounds of all histograms: each configured life of a code is one of them. All have the same, so that they can
    be added up."""
    return tuple(sorted({*BOUNDS_SECONDS, *(life.total_seconds() for life in code_lives)}))


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One of the probes in a bucket, by its id."""

    probe_id: str
    seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryTimes:
    """A histogram at one moment. `counts` and `newest` have one more than `bounds`: what is beyond."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float
    newest: tuple[Exemplar | None, ...]

    def merged(self, bounds: tuple[float, ...]) -> "DeliveryTimes":
        """The same with these bounds only, which are some of its own."""
        if bounds == self.bounds:
            return self
        counts = [0] * (len(bounds) + 1)
        newest: list[Exemplar | None] = [None] * (len(bounds) + 1)
        for bound, count, exemplar in zip((*self.bounds, inf), self.counts, self.newest, strict=True):
            bucket = bisect_left(bounds, bound)
            counts[bucket] += count
            newest[bucket] = max(filter(None, (newest[bucket], exemplar)), key=lambda each: each.at, default=None)
        return DeliveryTimes(bounds, tuple(counts), self.total, tuple(newest))


class Histogram:
    """Counts durations in buckets up to and including each bound, in seconds, and beyond."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._newest: list[Exemplar | None] = [None] * (len(bounds) + 1)
        self._total = 0.0

    def observe(self, exemplar: Exemplar) -> None:
        """Count one."""
        bucket = bisect_left(self.bounds, exemplar.seconds)
        self._counts[bucket] += 1
        self._newest[bucket] = exemplar
        self._total += exemplar.seconds

    def frozen(self) -> DeliveryTimes:
        """Return the counts so far."""
        return DeliveryTimes(self.bounds, tuple(self._counts), self._total, tuple(self._newest))
