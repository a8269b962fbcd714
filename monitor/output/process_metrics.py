"""Metrics of the process, as every Prometheus client has them: memory, CPU, files, start.

The home of prometheus-client."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from monitor.output.metric_family import MetricFamily, Row
from monitor.output.snapshot import Snapshot

if TYPE_CHECKING:
    from prometheus_client import ProcessCollector


@cache
def _collector() -> "ProcessCollector":
    from prometheus_client import ProcessCollector  # slow to import, and the first scrape is not made on the event loop

    return ProcessCollector(registry=None)


def process_families() -> list[MetricFamily[Snapshot]]:
    """The families with their values at this moment. Reads files of /proc: none are there where that does not exist."""
    return [
        _family(metric.name, metric.type, metric.documentation, metric.samples[0].value)
        for metric in _collector().collect()
    ]


def _family(name: str, kind: str, about: str, value: float) -> MetricFamily[Snapshot]:
    def rows(_: Snapshot) -> Iterator[Row]:
        yield (), value

    if kind == "counter":
        return MetricFamily(f"{name}_total", "counter", about, (), rows)
    return MetricFamily(name, "gauge", about, (), rows)
