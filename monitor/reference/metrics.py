"""The reference of metrics: every family with its labels and its help text."""

from collections.abc import Iterator
from typing import NamedTuple

from monitor.output.metric_families import PATH_FAMILIES, SERVICE_FAMILIES
from monitor.output.metrics import DELIVERY

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
    for family in (*PATH_FAMILIES, *SERVICE_FAMILIES):
        yield Described(family.name, family.type, family.labels, family.help)
    yield Described(DELIVERY[0], "histogram", ("company", "kind"), DELIVERY[1])
