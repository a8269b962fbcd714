"""Prometheus metrics of the current state.

A scrape takes a snapshot on the event loop (a few shallow copies) and is written in a thread.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.incidents.incident import Incident
from monitor.output.company_metrics import COMPANY_FAMILIES, COMPANY_HISTOGRAMS
from monitor.output.exposition import Format, ending, written
from monitor.output.process_metrics import process_families
from monitor.output.service_metrics import SERVICE_FAMILIES
from monitor.output.snapshot import Snapshot, limited
from monitor.probing.current import Board


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

    async def render(self, form: Format = Format.PLAIN, companies: frozenset[str] | None = None) -> bytes:
        """Return the exposition in this format. With `companies`, only what is theirs, and nothing of the service."""
        return await asyncio.to_thread(_render, self.snapshot(), form, companies)

    def snapshot(self) -> Snapshot:
        """Copy the current state; must be called on the event loop."""
        board = self._board
        return Snapshot(
            current_verdicts=dict(board.current_verdicts),
            probes=dict(board.probes),
            deliveries={key: histogram.frozen() for key, histogram in board.deliveries.items()},
            codes=dict(board.codes.judged),
            codes_in_time=dict(board.codes.in_time),
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


def _render(snapshot: Snapshot, form: Format, companies: frozenset[str] | None) -> bytes:
    families = [*COMPANY_FAMILIES]
    if companies is None:
        families += (*SERVICE_FAMILIES, *process_families())
    else:
        snapshot = limited(snapshot, companies)
    return (written(families, COMPANY_HISTOGRAMS, snapshot, form) + ending(form)).encode()
