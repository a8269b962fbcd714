"""Prometheus metrics of the current state. The one home of prometheus-client.

A scrape takes a snapshot on the event loop (a few shallow copies) and is rendered in a thread: families with a line per
path are written straight from the snapshot, the few others by the client library.
"""

import asyncio
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Literal

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector

from monitor.config import WatchedPath
from monitor.incidents.incident import Incident
from monitor.probing.current import BUCKET_BOUNDS_SECONDS, Board, CurrentVerdict, Histogram
from monitor.probing.schedule import interval
from probes.check import Check
from probes.kinds import Kind
from probes.verdict import Outcome

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All data of one scrape, copied at one moment."""

    current_verdicts: dict[Check, CurrentVerdict]
    probes: dict[tuple[str, str, str], int]
    deliveries: dict[tuple[str, Kind], tuple[tuple[int, ...], float]]
    mailbox_errors: dict[tuple[str, str], int]
    inbound: dict[str, int]
    turned_away: dict[int, int]
    in_flight: int
    lag: timedelta
    skipped: dict[str, int]
    paths: dict[tuple[str, str], WatchedPath]
    incidents: tuple[Incident, ...]
    rules_lag: timedelta
    notices: dict[tuple[str, str], int]
    waiting: dict[str, tuple[int, timedelta]]
    listening: bool | None
    reference: bool | None
    rejected: dict[str, int]
    tick_age: float
    clock_steps: int
    store_errors: int
    at: datetime


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
    registry.register(_Fixed(few_families(snapshot)))
    lines = [line for family in FAMILIES for line in _written(family, snapshot)]
    return "".join((*lines, *_delivery_seconds(snapshot))).encode() + generate_latest(registry)


Row = tuple[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class MetricFamily:
    """A metric with one line per path, company or mailbox."""

    name: str
    type: Literal["gauge", "counter"]
    help: str
    labels: tuple[str, ...]
    rows: Callable[[Snapshot], Iterator[Row]]


def _outcomes(snapshot: Snapshot) -> Iterator[Row]:
    for (company, path, kind), standing in snapshot.current_verdicts.items():
        verdict = standing.verdict
        yield (company, path, kind, verdict.outcome, verdict.cause or "", verdict.grade), 1


def _oks(snapshot: Snapshot) -> Iterator[Row]:
    for (company, path, kind), standing in snapshot.current_verdicts.items():
        if standing.verdict.outcome is not Outcome.UNKNOWN:
            yield (company, path, kind), 1 if standing.verdict.outcome is Outcome.INBOX else 0


def _last_verdicts(snapshot: Snapshot) -> Iterator[Row]:
    latest: dict[tuple[str, str], float] = {}
    for (company, path, _), standing in snapshot.current_verdicts.items():
        at = standing.at.timestamp()
        latest[company, path] = max(at, latest.get((company, path), at))
    for key, at in latest.items():
        yield key, at


def _probes(snapshot: Snapshot) -> Iterator[Row]:
    yield from snapshot.probes.items()


def _mailbox_errors(snapshot: Snapshot) -> Iterator[Row]:
    yield from snapshot.mailbox_errors.items()


def _every(snapshot: Snapshot) -> Iterator[Row]:
    for key, path in snapshot.paths.items():
        yield key, interval(path, snapshot.at).total_seconds()


def _code_lives(snapshot: Snapshot) -> Iterator[Row]:
    for key, path in snapshot.paths.items():
        yield key, path.code_life.total_seconds()


def _incidents(snapshot: Snapshot) -> Iterator[Row]:
    yield from _counted(incident for incident in snapshot.incidents if not incident.muted_by)


def _muted_incidents(snapshot: Snapshot) -> Iterator[Row]:
    yield from _counted(incident for incident in snapshot.incidents if incident.muted_by)


def _counted(incidents: Iterable[Incident]) -> Iterator[Row]:
    yield from Counter((each.company, each.scope, each.cause or "", each.severity) for each in incidents).items()


def _incident_companies(snapshot: Snapshot) -> Iterator[Row]:
    touched = {
        (company, incident.scope, incident.cause or "", incident.severity)
        for incident in snapshot.incidents
        if not incident.muted_by
        for company in incident.touches
    }
    for labels in sorted(touched):
        yield labels, 1


INCIDENT = ("company", "scope", "cause", "severity")

FAMILIES = (
    MetricFamily(
        "mailpath_path_outcome",
        "gauge",
        "1 for the current verdict of a path and kind; one series for each.",
        ("company", "path", "kind", "outcome", "cause", "grade"),
        _outcomes,
    ),
    MetricFamily(
        "mailpath_path_ok",
        "gauge",
        "1 if the last probe of this kind reached the inbox in time, 0 if not; absent while unknown.",
        ("company", "path", "kind"),
        _oks,
    ),
    MetricFamily(
        "mailpath_last_verdict_timestamp_seconds",
        "gauge",
        "Time of a path's last verdict, in seconds since 1970.",
        ("company", "path"),
        _last_verdicts,
    ),
    MetricFamily(
        "mailpath_probes_total",
        "counter",
        "Probes judged, by their first verdict.",
        ("company", "outcome", "cause"),
        _probes,
    ),
    MetricFamily(
        "mailpath_mailbox_errors_total",
        "counter",
        "Failed visits to a path's mailbox.",
        ("company", "path"),
        _mailbox_errors,
    ),
    MetricFamily(
        "mailpath_path_every_seconds",
        "gauge",
        "Interval in which each kind of a path is probed once.",
        ("company", "path"),
        _every,
    ),
    MetricFamily(
        "mailpath_code_life_seconds",
        "gauge",
        "Life of a code: later mail is useless.",
        ("company", "path"),
        _code_lives,
    ),
    MetricFamily(
        "mailpath_incidents",
        "gauge",
        "Open incidents that are not muted; company is empty if one affects several.",
        INCIDENT,
        _incidents,
    ),
    MetricFamily(
        "mailpath_muted_incidents",
        "gauge",
        "Open incidents that are muted; company is empty if one affects several.",
        INCIDENT,
        _muted_incidents,
    ),
    MetricFamily(
        "mailpath_incident_companies",
        "gauge",
        "1 for each company that an open, not muted incident affects now.",
        INCIDENT,
        _incident_companies,
    ),
)


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


def few_families(snapshot: Snapshot) -> Iterator[Metric]:
    inbound = CounterMetricFamily(
        "mailpath_inbound_mails",
        "Messages received by the SMTP listener, by kind; refused recipients.",
        labels=("kind",),
    )
    for kind, count in snapshot.inbound.items():
        inbound.add_metric((kind,), count)
    yield inbound
    rejected = CounterMetricFamily(
        "mailpath_inbound_rejected", "Refusals of messages that may have been a copy or a bounce.", labels=("code",)
    )
    for code, count in snapshot.turned_away.items():
        rejected.add_metric((str(code),), count)
    yield rejected
    yield GaugeMetricFamily("mailpath_probes_in_flight", "Probes in flight.", value=snapshot.in_flight)
    yield GaugeMetricFamily(
        "mailpath_schedule_lag_seconds",
        "How late the oldest due probe was at the last tick.",
        value=snapshot.lag.total_seconds(),
    )
    skipped = CounterMetricFamily("mailpath_schedule_skipped", "Scheduled probes left out.", labels=("reason",))
    for reason, count in snapshot.skipped.items():
        skipped.add_metric((reason,), count)
    yield skipped
    yield GaugeMetricFamily(
        "mailpath_last_tick_age_seconds",
        "Age of the last scheduler tick; there are four a second.",
        value=snapshot.tick_age,
    )
    yield CounterMetricFamily(
        "mailpath_clock_steps", "Changes of the system clock by a second or more.", value=snapshot.clock_steps
    )
    yield CounterMetricFamily(
        "mailpath_store_errors", "Failed reads from the store and writes to it.", value=snapshot.store_errors
    )
    yield from _of_notices(snapshot)
    rejected = CounterMetricFamily(
        "mailpath_http_rejected", "HTTP connections and requests that were closed or refused.", labels=("reason",)
    )
    for reason, count in snapshot.rejected.items():
        rejected.add_metric((reason,), count)
    yield rejected
    yield GaugeMetricFamily(
        "mailpath_rules_lag_seconds",
        "Age of the oldest verdict that the incident rules have not seen.",
        value=snapshot.rules_lag.total_seconds(),
    )
    if snapshot.listening is not None:
        yield GaugeMetricFamily(
            "mailpath_inbound_up", "1 while the listener for bounces and copies is open.", value=snapshot.listening
        )
    if snapshot.reference is not None:
        yield GaugeMetricFamily(
            "mailpath_reference_up",
            "1 if reference hosts can be reached from the source IP, 0 if none can.",
            value=snapshot.reference,
        )
    companies = GaugeMetricFamily(
        "mailpath_company_info", "1 for each monitored company.", labels=("company", "name", "mail_system")
    )
    named = {path.company: (path.company, path.company_name, path.mail_system) for path in snapshot.paths.values()}
    for labels in named.values():
        companies.add_metric(labels, 1)
    yield companies
    build = InfoMetricFamily("mailpath_build", "The running version.")
    build.add_metric((), {"version": version("mailpath"), "python": platform.python_version()})
    yield build


def _of_notices(snapshot: Snapshot) -> Iterator[Metric]:
    counted = CounterMetricFamily(
        "mailpath_notices", "Attempts to deliver a notice, by result.", labels=("channel", "result")
    )
    for labels, count in snapshot.notices.items():
        counted.add_metric(labels, count)
    yield counted
    waiting = GaugeMetricFamily("mailpath_notices_waiting", "Notices waiting to be delivered.", labels=("channel",))
    oldest = GaugeMetricFamily(
        "mailpath_notices_oldest_seconds", "Age of the oldest waiting notice.", labels=("channel",)
    )
    for channel, (count, age) in snapshot.waiting.items():
        waiting.add_metric((channel,), count)
        oldest.add_metric((channel,), max(age.total_seconds(), 0.0))
    yield waiting
    yield oldest
