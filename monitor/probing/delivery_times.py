"""Delivery times: the bounds of their histograms."""

from collections.abc import Iterable
from datetime import timedelta

BOUNDS_SECONDS = (
    *(1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 180.0, 240.0, 300.0, 360.0, 420.0, 480.0, 540.0, 600.0, 660.0),
    *(900.0, 1800.0, 3600.0),
)
"""Narrow around the usual life of a code, which is ten minutes: there they decide whether somebody can sign in."""


def bounds_with(code_lives: Iterable[timedelta]) -> tuple[float, ...]:
    """The bounds of all histograms: each configured life of a code is one of them. All have the same, so that they can
    be added up."""
    return tuple(sorted({*BOUNDS_SECONDS, *(life.total_seconds() for life in code_lives)}))
