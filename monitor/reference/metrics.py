"""The reference of metrics: every family with its labels and its help text."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from monitor.output.metrics import DELIVERY, FAMILIES, Gauges, Metrics, few_families
from monitor.probing.current import Board

TABLE = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
SUFFIXES = {"counter": "_total", "info": "_info"}  # added to a family's name where its samples are written


class Described(NamedTuple):
    """One family."""

    name: str
    type: str
    labels: tuple[str, ...]
    help: str


def reference() -> str:
    """Return a row per family, by name."""
    rows = [f"| `{each.name}` | {each.type} | {', '.join(each.labels)} | {each.help} |" for each in sorted(families())]
    return "\n".join((*TABLE, *rows)) + "\n"


def families() -> Iterator[Described]:
    """Return every family that `/metrics` can have."""
    for family in FAMILIES:
        yield Described(family.name, family.type, family.labels, family.help)
    yield Described(DELIVERY[0], "histogram", ("company", "kind"), DELIVERY[1])
    for metric in few_families(Metrics(Board(), _gauges()).snapshot()):
        labels = metric.samples[0].labels if metric.samples else getattr(metric, "_labelnames", ())
        yield Described(metric.name + SUFFIXES.get(metric.type, ""), metric.type, tuple(labels), metric.documentation)


def _gauges() -> Gauges:
    """Return the gauges of a service with every optional part."""
    return Gauges(
        in_flight=lambda: 0,
        lag=timedelta,
        skipped=dict,
        mailbox_errors=dict,
        listening=lambda: True,
        reference=lambda: True,
    )
