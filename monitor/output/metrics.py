"""Prometheus metrics of the current state.

A scrape writes on the event loop, in pieces, the lines of the companies that changed since the last one; all else is
a snapshot of a few small copies, which is written in a thread, family by family.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.incidents.incident import Incident
from monitor.measures.histogram import Distribution, Histogram
from monitor.output.company_lines import CompanyLines, LinesOfCompanies
from monitor.output.company_metrics import BOARD_FAMILIES, COMPANY_HISTOGRAMS, SCRAPED_FAMILIES
from monitor.output.exposition import Exposition, Format
from monitor.output.metric_family import MetricFamily
from monitor.output.process_metrics import process_families
from monitor.output.service_metrics import SERVICE_FAMILIES, SERVICE_HISTOGRAMS
from monitor.output.snapshot import ReloadResult, Snapshot, limited
from monitor.probing.current import Board
from monitor.probing.delivery_times import bounds_with
from monitor.remedying.applied import RemedyState
from monitor.standing.measured import StandingFigures
from monitor.store.access import StoreOperation
from probes.answer import Stage


@dataclass(frozen=True, slots=True)
class Gauges:
    """Gauges that the snapshot reads from the rest of the service."""

    in_flight: Callable[[], int] = int
    lag: Callable[[], timedelta] = timedelta
    skipped: Callable[[], dict[str, int]] = dict
    mailbox_errors: Callable[[], dict[tuple[str, str], int]] = dict
    leads: Callable[[], bool] = bool  # applies the incident rules
    owned: Callable[[], int | None] = lambda: None  # buckets of mailboxes; None where none are wanted
    ownerless: Callable[[], int | None] = lambda: None  # the same of the whole store; None as long as it was not read
    refused_turns: Callable[[], int | None] = lambda: None
    trace_errors: Callable[[], dict[tuple[str, str], int]] = dict  # by company and source
    real_mail: Callable[[], Mapping[tuple[str, str, str], int]] = dict  # by company, outcome and cause
    inbound: Callable[[], dict[str, int]] = dict
    turned_away: Callable[[], dict[int, int]] = dict  # by reply code
    incidents: Callable[[], Sequence[Incident]] = tuple
    acknowledged: Callable[[], dict[str, datetime]] = dict  # by id, of open incidents
    rules_lag: Callable[[], timedelta] = timedelta
    notices: Callable[[], dict[tuple[str, str], int]] = dict  # by channel and result
    waiting: Callable[[], dict[str, tuple[int, timedelta]]] = dict  # by channel: how many, and for how long the oldest
    listening: Callable[[], bool | None] = lambda: None  # to mail that comes in; None if that is not wanted
    reference: Callable[[], bool | None] = lambda: None  # our way out works; None as long as nobody was asked
    rejected: Callable[[], dict[str, int]] = dict  # HTTP connections and requests, by reason
    tick_age: Callable[[], float] = float  # seconds since the last tick
    clock_steps: Callable[[], int] = int
    store_errors: Callable[[], int] = int
    loop_lag: Callable[[], float] = float
    stages: Callable[[], Mapping[Stage, Histogram]] = dict
    store_seconds: Callable[[], Mapping[StoreOperation, Histogram]] = dict
    certificate_ends: Callable[[], dict[tuple[str, str], datetime]] = dict  # by company and path
    http_requests: Callable[[], dict[tuple[str, str, str], int]] = dict  # by route, method and class of status
    http_seconds: Callable[[], Mapping[str, Histogram]] = dict  # by route
    reload: Callable[[], ReloadResult | None] = lambda: None
    token_ends: Callable[[], dict[str, datetime]] = dict  # by name, of tokens that end
    dmarc_messages: Callable[[], Mapping[tuple[str, str], int]] = dict  # by source and result
    dmarc_pass_ratio: Callable[[], Mapping[str, float]] = dict  # by source
    standing: Callable[[], StandingFigures] = StandingFigures
    diagnoses: Callable[[], dict[str, int]] = dict  # by conclusion
    diagnosis_probes: Callable[[], dict[str, int]] = dict  # by company
    remedies: Callable[[], dict[tuple[str, RemedyState], int]] = dict  # by company
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class Metrics:
    """Renders /metrics."""

    def __init__(self, board: Board, gauges: Gauges) -> None:
        self._board, self._gauges = board, gauges
        self._lines = LinesOfCompanies(board)

    async def render(self, form: Format = Format.PLAIN, companies: frozenset[str] | None = None) -> bytes:
        """Return the exposition in one."""
        return b"".join(await self.pieces(form, companies))

    async def pieces(self, form: Format = Format.PLAIN, companies: frozenset[str] | None = None) -> Sequence[bytes]:
        """Return the exposition in this format. With `companies`, only what is theirs, and nothing of the service."""
        of_companies = await self._lines.current(companies)
        return await asyncio.to_thread(_render, of_companies, self.snapshot(companies), form, companies)

    def snapshot(self, companies: frozenset[str] | None = None) -> Snapshot:
        """Copy the current state, with delivery times of these companies only; must be called on the event loop."""
        board = self._board
        return Snapshot(
            deliveries=_deliveries(board, companies),
            mailbox_errors=self._gauges.mailbox_errors(),
            trace_errors=self._gauges.trace_errors(),
            real_mail=self._gauges.real_mail(),
            inbound=self._gauges.inbound(),
            turned_away=self._gauges.turned_away(),
            in_flight=self._gauges.in_flight(),
            lag=self._gauges.lag(),
            leads=self._gauges.leads(),
            owned=self._gauges.owned(),
            ownerless=self._gauges.ownerless(),
            refused_turns=self._gauges.refused_turns(),
            skipped=self._gauges.skipped(),
            paths=board.paths,  # another one after a reload
            incidents=tuple(self._gauges.incidents()),
            acknowledged=self._gauges.acknowledged(),
            rules_lag=self._gauges.rules_lag(),
            notices=self._gauges.notices(),
            waiting=self._gauges.waiting(),
            listening=self._gauges.listening(),
            reference=self._gauges.reference(),
            rejected=self._gauges.rejected(),
            tick_age=self._gauges.tick_age(),
            clock_steps=self._gauges.clock_steps(),
            store_errors=self._gauges.store_errors(),
            loop_lag=self._gauges.loop_lag(),
            stages=_frozen(self._gauges.stages()),
            store_seconds=_frozen(self._gauges.store_seconds()),
            certificate_ends=self._gauges.certificate_ends(),
            http_requests=self._gauges.http_requests(),
            http_seconds=_frozen(self._gauges.http_seconds()),
            reload=self._gauges.reload(),
            token_ends=self._gauges.token_ends(),
            dmarc_messages=self._gauges.dmarc_messages(),
            dmarc_pass_ratio=self._gauges.dmarc_pass_ratio(),
            standing=self._gauges.standing(),
            diagnoses=self._gauges.diagnoses(),
            diagnosis_probes=self._gauges.diagnosis_probes(),
            remedies=self._gauges.remedies(),
            at=self._gauges.now(),
        )


def _frozen(histograms: Mapping[Any, Histogram]) -> dict[str, Distribution]:
    return {name: histogram.frozen() for name, histogram in histograms.items()}


def _deliveries(board: Board, companies: frozenset[str] | None) -> dict[tuple[str, bool], Distribution]:
    """Return the delivery times by mail system, of all or of these companies: then with no bound that is another's."""
    if companies is None:
        return {key: each.frozen() for key, each in board.deliveries_of_systems.items()}
    bounds = bounds_with(path.code_life for path in board.paths.values() if path.company in companies)
    found: dict[tuple[str, bool], Distribution] = {}
    for key, histogram in board.deliveries.items():
        if key.company in companies:
            system, times = (key.mail_system, key.needs_code), histogram.frozen().merged(bounds)
            found[system] = found[system].plus(times) if system in found else times
    return found


def _render(
    of_companies: Sequence[CompanyLines], snapshot: Snapshot, form: Format, companies: frozenset[str] | None
) -> Sequence[bytes]:
    exposition = Exposition(form)
    for number, family in enumerate(BOARD_FAMILIES):
        exposition.add_lines(family, [each.families[number] for each in of_companies])
    if companies is not None:
        snapshot = limited(snapshot, companies)
    for scraped in SCRAPED_FAMILIES if companies is not None else _all_scraped():
        exposition.add(scraped, snapshot)
    for histogram in COMPANY_HISTOGRAMS if companies is not None else HISTOGRAMS:
        exposition.add_histogram(histogram, snapshot)
    exposition.end()
    return exposition.pieces


def _all_scraped() -> Iterable[MetricFamily[Snapshot]]:
    return (*SCRAPED_FAMILIES, *SERVICE_FAMILIES, *process_families())


HISTOGRAMS = (*COMPANY_HISTOGRAMS, *SERVICE_HISTOGRAMS)
