"""The form of a metric family: name, type, help, labels, and how its series follow from a state.

The state is what the board knows of one company, or the snapshot of a scrape."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from monitor.measures.histogram import Distribution

S = TypeVar("S")

Row = tuple[tuple[str, ...], float]
"""The values of the labels, and the value of the series."""


@dataclass(frozen=True, slots=True)
class MetricFamily(Generic[S]):
    """A metric; `rows` makes its series of a state. A counter's name ends with `_total`."""

    name: str
    type: Literal["gauge", "counter"]
    help: str
    labels: tuple[str, ...]
    rows: Callable[[S], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class HistogramFamily(Generic[S]):
    """A metric of durations, in buckets."""

    name: str
    help: str
    labels: tuple[str, ...]
    rows: Callable[[S], Iterator[tuple[tuple[str, ...], Distribution]]]
