"""The reference of metrics: every family with its labels and its help text."""

from collections.abc import Iterator
from typing import NamedTuple

from monitor.output.company_metrics import COMPANY_FAMILIES
from monitor.output.metrics import HISTOGRAMS
from monitor.output.process_metrics import process_families
from monitor.output.service_metrics import SERVICE_FAMILIES

TABLE = ["| metric | type | labels | meaning |", "|---|---|---|---|"]


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
    for family in (*COMPANY_FAMILIES, *SERVICE_FAMILIES, *process_families()):
        yield Described(family.name, family.type, family.labels, family.help)
    for histogram in HISTOGRAMS:
        yield Described(histogram.name, "histogram", histogram.labels, histogram.help)
