"""Delivery times of any group of checks, over any time: quantiles from the histograms of the store. Pure."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from monitor.measures.quantiles import quantile
from monitor.store import DeliveryTimes

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class DeliveryLevel:
    """The seconds within which half and 95 % of so many probes were in the inbox."""

    p50: float
    p95: float
    probes: int


def delivery_levels(
    times: Iterable[DeliveryTimes], group: Callable[[DeliveryTimes], K | None]
) -> dict[K, DeliveryLevel]:
    """Add up the times of each group: a company and kind, a mail system, a grade. None: they belong nowhere."""
    counts: dict[K, Counter[float]] = {}
    for each in times:
        if (of := group(each)) is not None:
            counts.setdefault(of, Counter()).update(each.counts)
    return {of: level for of, found in counts.items() if (level := _level(found))}


def _level(counts: Counter[float]) -> DeliveryLevel | None:
    half, most = quantile(counts, 0.5), quantile(counts, 0.95)
    return None if half is None or most is None else DeliveryLevel(half, most, counts.total())
