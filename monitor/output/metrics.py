"""Prometheus metrics of the current state. The one home of prometheus-client.

A scrape takes a snapshot on the event loop (a few shallow copies) and is rendered in a thread: families with a line per
path are written straight from the snapshot, the few others, whose labels may need escaping, by the client library.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector

from monitor.incidents.incident import Incident
from monitor.output.metric_families import PATH_FAMILIES, SERVICE_FAMILIES, MetricFamily
from monitor.output.snapshot import Snapshot
from monitor.probing.current import BUCKET_BOUNDS_SECONDS, Board, Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Gauges:
    """Gauges that the snapshot reads from the rest of the service."""

    in_flight: Callable[[], int]
    lag: Callable[[], timedelta]
    skipped: Callable[[], dict[str, int]]
    mailbox_errors: Callable[[], dict[tuple[str, str], int]]
    inbound: Callable[[], dict[str, int]] = dict
    turned_away: Callable[[], dict[int, int]] = dict  # by reply code
    incidents: Callable[[], Sequence[Incident]] = tuple
    rules_lag: Callable[[], timedelta] = timedelta
    notices: Callable[[], dict[tuple[str, str], int]] = dict  # by channel and result
    waiting: Callable[[], dict[str, tuple[int, timedelta]]] = dict  # by channel: how many, and for how long the oldest
    listening: Callable[[], bool | None] = lambda: None  # to mail that comes in; None if that is not wanted
    reference: Callable[[], bool | None] = lambda: None  # our way out works; None as long as nobody was asked
    rejected: Callable[[], dict[str, int]] = dict  # HTTP connections and requests, by reason
    tick_age: Callable[[], float] = float  # seconds since the last tick
    clock_steps: Callable[[], int] = int
    store_errors: Callable[[], int] = int
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class Metrics:
    """Renders /metrics."""

    def __init__(self, board: Board, gauges: Gauges) -> None:
        self._board, self._gauges = board, gauges

    async def render(self) -> bytes:
        """Return the exposition in text format 0.0.4."""
        return await asyncio.to_thread(_render, self.snapshot())

    def snapshot(self) -> Snapshot:
        """Copy the current state; must be called on the event loop."""
        board = self._board
        return Snapshot(
            current_verdicts=dict(board.current_verdicts),
            probes=dict(board.probes),
            deliveries={key: _frozen(histogram) for key, histogram in board.deliveries.items()},
            mailbox_errors=self._gauges.mailbox_errors(),
            inbound=self._gauges.inbound(),
            turned_away=self._gauges.turned_away(),
            in_flight=self._gauges.in_flight(),
            lag=self._gauges.lag(),
            skipped=self._gauges.skipped(),
            paths=dict(board.paths),
            incidents=tuple(self._gauges.incidents()),
            rules_lag=self._gauges.rules_lag(),
            notices=self._gauges.notices(),
            waiting=self._gauges.waiting(),
            listening=self._gauges.listening(),
            reference=self._gauges.reference(),
            rejected=self._gauges.rejected(),
            tick_age=self._gauges.tick_age(),
            clock_steps=self._gauges.clock_steps(),
            store_errors=self._gauges.store_errors(),
            at=self._gauges.now(),
        )


def _frozen(histogram: Histogram) -> tuple[tuple[int, ...], float]:
    return tuple(histogram.counts), histogram.total


class _Fixed(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _render(snapshot: Snapshot) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Fixed(_for_client(family, snapshot) for family in SERVICE_FAMILIES))
    lines = [line for family in PATH_FAMILIES for line in _written(family, snapshot)]
    return "".join((*lines, *_delivery_seconds(snapshot))).encode() + generate_latest(registry)


def _for_client(family: MetricFamily, snapshot: Snapshot) -> Metric:
    metric = Metric(family.name.removesuffix("_total"), family.help, family.type)
    for values, value in family.rows(snapshot):
        metric.add_sample(family.name, dict(zip(family.labels, values, strict=True)), value)
    return metric


def _written(family: MetricFamily, snapshot: Snapshot) -> Iterator[str]:
    """Render a family as text. Label values are config keys and our own words, which need no escaping."""
    yield f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.type}\n"
    form = family.name + "{" + ",".join(f'{label}="%s"' for label in family.labels) + "} "
    for values, value in family.rows(snapshot):
        yield f"{form % values}{value!r}\n"


DELIVERY = ("mailpath_delivery_seconds", "Time from the creation of a code to the arrival in the inbox.")


def _delivery_seconds(snapshot: Snapshot) -> Iterator[str]:
    name, about = DELIVERY
    yield f"# HELP {name} {about}\n# TYPE {name} histogram\n"
    for (company, kind), (counts, total) in snapshot.deliveries.items():
        labels = f'company="{company}",kind="{kind}"'
        below = 0
        for limit, count in zip(_LIMITS, counts, strict=True):
            below += count
            yield f'{name}_bucket{{{labels},le="{limit}"}} {below}\n'
        yield f"{name}_count{{{labels}}} {below}\n{name}_sum{{{labels}}} {total!r}\n"


_LIMITS = (*map(str, BUCKET_BOUNDS_SECONDS), "+Inf")
