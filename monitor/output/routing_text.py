"""The preview of the routing in words: a line for each row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monitor.incidents.labels import SCOPES, SEVERITIES
from monitor.oncall.routing_preview import RoutingRow
from probes.display import listed

MAX_NAMED = 5  # companies of a row


@dataclass(frozen=True, slots=True)
class RoutingLine:
    """One row in words. `nobody`: no channel is notified at once or later."""

    severity: str
    scopes: str
    companies: str
    notified: str
    nobody: bool


def routing_lines(rows: Iterable[RoutingRow], companies: int) -> Iterator[RoutingLine]:
    """Yield the rows in words; `companies` is the number of those that are shown."""
    for row in rows:
        whole = len(row.companies) == companies > 1
        who = "each company" if whole else listed(row.companies, MAX_NAMED) or "all together"
        scopes = ", ".join(SCOPES[scope].label for scope in row.scopes)
        yield RoutingLine(SEVERITIES[row.severity].label, scopes, who, _channels(row), not row.channels)


def _channels(row: RoutingRow) -> str:
    seen = (
        name if sees is None or row.companies else f"{name} (sees only {listed(sorted(sees), MAX_NAMED)})"
        for name, sees in row.channels.items()
        if name not in row.escalated
    )
    later = [name for name in row.channels if name in row.escalated]
    at_once = ", ".join(seen) or "nobody"
    return f"{at_once}; if nobody acknowledges: {', '.join(later)}" if later else at_once
