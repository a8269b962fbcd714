"""The form of a metric family: name, type, help, labels, and how its series follow from a snapshot."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from monitor.measures.histogram import Distribution
from monitor.output.snapshot import Snapshot

Row = tuple[tuple[str, ...], float]
"""The values of the labels, and the value of the series."""


@dataclass(frozen=True, slots=True)
class MetricFamily:
    """A metric; `rows` makes its series of a snapshot. A counter's name ends with `_total`."""

    name: str
    type: Literal["gauge", "counter"]
    help: str
    labels: tuple[str, ...]
    rows: Callable[[Snapshot], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class HistogramFamily:
    """A metric of durations, in buckets."""

    name: str
    help: str
    labels: tuple[str, ...]
    rows: Callable[[Snapshot], Iterator[tuple[tuple[str, ...], Distribution]]]
