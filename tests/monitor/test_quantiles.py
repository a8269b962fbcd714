"""Quantiles from counts in buckets."""

from math import inf

import pytest

from monitor.measures.quantiles import quantile


@pytest.mark.parametrize(
    ("counts", "share", "seconds"),
    [
        ({}, 0.5, None),
        ({5: 0}, 0.5, None),
        ({5: 10}, 0.5, 3.0),  # between 1 and 5
        ({5: 10}, 1.0, 5.0),
        ({1: 10, 60: 10}, 0.5, 1.0),
        ({1: 10, 60: 10}, 0.95, 57.0),  # between 30 and 60: the bounds count, not the bucket that is there
        ({1: 99, inf: 1}, 0.5, 50 / 99),
        ({1: 1, inf: 99}, 0.5, 3600.0),  # that long at least
        ({700: 4}, 0.5, 680.0),  # a bound that is none of today's, between 660 and 700
    ],
)
def test_a_quantile_lies_within_its_bucket(counts: dict[float, int], share: float, seconds: float | None) -> None:
    assert quantile(counts, share) == (None if seconds is None else pytest.approx(seconds))
