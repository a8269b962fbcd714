"""Durations counted in buckets. Each bucket remembers the newest probe in it as an example."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from math import inf


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One of the probes in a bucket, by its id."""

    probe_id: str
    seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Distribution:
    """A histogram at one moment. `counts` and `newest` have one more than `bounds`: what is beyond."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float
    newest: tuple[Exemplar | None, ...]

    def merged(self, bounds: tuple[float, ...]) -> "Distribution":
        """The same with these bounds only, which are some of its own."""
        if bounds == self.bounds:
            return self
        counts = [0] * (len(bounds) + 1)
        newest: list[Exemplar | None] = [None] * (len(bounds) + 1)
        for bound, count, exemplar in zip((*self.bounds, inf), self.counts, self.newest, strict=True):
            bucket = bisect_left(bounds, bound)
            counts[bucket] += count
            newest[bucket] = _newer(newest[bucket], exemplar)
        return Distribution(bounds, tuple(counts), self.total, tuple(newest))

    def plus(self, other: "Distribution") -> "Distribution":
        """Both added up; `other` has the same bounds."""
        counts = tuple(map(sum, zip(self.counts, other.counts, strict=True)))
        newest = tuple(map(_newer, self.newest, other.newest))
        return Distribution(self.bounds, counts, self.total + other.total, newest)


def _newer(*exemplars: Exemplar | None) -> Exemplar | None:
    return max(filter(None, exemplars), key=lambda each: each.at, default=None)


class Histogram:
    """Counts durations in buckets up to and including each bound, in seconds, and beyond."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._newest: list[Exemplar | None] = [None] * (len(bounds) + 1)
        self._total = 0.0

    def observe(self, seconds: float, exemplar: Exemplar | None = None) -> None:
        """Count one."""
        bucket = bisect_left(self.bounds, seconds)
        self._counts[bucket] += 1
        self._newest[bucket] = exemplar or self._newest[bucket]
        self._total += seconds

    def frozen(self) -> Distribution:
        """Return the counts so far."""
        return Distribution(self.bounds, tuple(self._counts), self._total, tuple(self._newest))
