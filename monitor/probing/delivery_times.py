"""Delivery times: the bounds of their histograms."""

from collections.abc import Iterable
from datetime import timedelta

from monitor.measures.delivery_bounds import DELIVERY_BOUNDS_SECONDS


def bounds_with(code_lives: Iterable[timedelta]) -> tuple[float, ...]:
    """The bounds of all histograms: each configured life of a code is one of them. All have the same, so that they can
    be added up."""
    return tuple(sorted({*DELIVERY_BOUNDS_SECONDS, *(life.total_seconds() for life in code_lives)}))
