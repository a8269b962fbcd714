"""Quantiles of durations of which only counts in buckets are known. Pure."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import inf

from monitor.measures.delivery_bounds import DELIVERY_BOUNDS_SECONDS


def quantile(
    counts: Mapping[float, int], share: float, bounds: Iterable[float] = DELIVERY_BOUNDS_SECONDS
) -> float | None:
    """Return the seconds within which this share of the durations lies, None without any.

    `counts`: durations by the upper bound of their bucket, in seconds; `inf`: longer than the last of `bounds`. Within
    a bucket they are taken to be spread evenly, as by Prometheus's `histogram_quantile`. What is longer than the last
    bound counts as that long.
    """
    wanted, before = share * sum(counts.values()), 0
    for begin, end in pairwise(sorted({0.0, *bounds, *counts})):
        count = counts.get(end, 0)
        if count > 0 and before + count >= wanted:
            return begin if end == inf else begin + (end - begin) * (wanted - before) / count
        before += count
    return None
