"""Metrics of the service itself, over all companies. Tables and pure functions."""

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version

from monitor.measures.histogram import Distribution
from monitor.output.metric_family import HistogramFamily, MetricFamily, Row
from monitor.output.ownership_metrics import OWNERSHIP_FAMILIES
from monitor.output.snapshot import Snapshot
from monitor.output.standing_metrics import STANDING_FAMILIES
from probes.diagnosis.conclude import DiagnosisResult


def _inbound_mails(snapshot: Snapshot) -> Iterator[Row]:
    for kind, count in snapshot.inbound.items():
        yield (kind,), count


def _turned_away(snapshot: Snapshot) -> Iterator[Row]:
    for code, count in snapshot.turned_away.items():
        yield (str(code),), count


def _skipped(snapshot: Snapshot) -> Iterator[Row]:
    for reason, count in snapshot.skipped.items():
        yield (reason,), count


def _notices(snapshot: Snapshot) -> Iterator[Row]:
    yield from snapshot.notices.items()


def _waiting(snapshot: Snapshot) -> Iterator[Row]:
    for channel, (count, _) in snapshot.waiting.items():
        yield (channel,), count


def _oldest_waiting(snapshot: Snapshot) -> Iterator[Row]:
    for channel, (_, age) in snapshot.waiting.items():
        yield (channel,), max(age.total_seconds(), 0.0)


def _http_rejected(snapshot: Snapshot) -> Iterator[Row]:
    for reason, count in snapshot.rejected.items():
        yield (reason,), count


def _listening(snapshot: Snapshot) -> Iterator[Row]:
    if snapshot.listening is not None:
        yield (), int(snapshot.listening)


def _reference(snapshot: Snapshot) -> Iterator[Row]:
    if snapshot.reference is not None:
        yield (), int(snapshot.reference)


def _http_requests(snapshot: Snapshot) -> Iterator[Row]:
    yield from snapshot.http_requests.items()


def _reload_successful(snapshot: Snapshot) -> Iterator[Row]:
    if snapshot.reload:
        yield (), int(snapshot.reload.successful)


def _reloaded_at(snapshot: Snapshot) -> Iterator[Row]:
    if snapshot.reload:
        yield (), snapshot.reload.loaded_at.timestamp()


def _token_ends(snapshot: Snapshot) -> Iterator[Row]:
    for name, end in snapshot.token_ends.items():
        yield (name,), end.timestamp()


def _dmarc_messages(snapshot: Snapshot) -> Iterator[Row]:
    yield from snapshot.dmarc_messages.items()


def _dmarc_pass_ratio(snapshot: Snapshot) -> Iterator[Row]:
    for source, ratio in snapshot.dmarc_pass_ratio.items():
        yield (source,), ratio


def _diagnoses(snapshot: Snapshot) -> Iterator[Row]:
    for result in DiagnosisResult:
        yield (result.value,), float(snapshot.diagnoses.get(result, 0))


def _diagnosis_probes(snapshot: Snapshot) -> Iterator[Row]:
    for company, count in snapshot.diagnosis_probes.items():
        yield (company,), float(count)


def _stages(snapshot: Snapshot) -> Iterator[tuple[tuple[str, ...], Distribution]]:
    for stage, distribution in snapshot.stages.items():
        yield (stage,), distribution


def _store_seconds(snapshot: Snapshot) -> Iterator[tuple[tuple[str, ...], Distribution]]:
    for operation, distribution in snapshot.store_seconds.items():
        yield (operation,), distribution


def _http_seconds(snapshot: Snapshot) -> Iterator[tuple[tuple[str, ...], Distribution]]:
    for route, distribution in snapshot.http_seconds.items():
        yield (route,), distribution


def _build(_: Snapshot) -> Iterator[Row]:
    yield (version("mailpath"), platform.python_version()), 1


def _one(value: Callable[[Snapshot], float]) -> Callable[[Snapshot], Iterator[Row]]:
    """Return the rows of a metric with one series, without labels."""
    return lambda snapshot: iter((((), value(snapshot)),))


SERVICE_FAMILIES: tuple[MetricFamily[Snapshot], ...] = (
    MetricFamily(
        "mailpath_inbound_mails_total",
        "counter",
        "Messages received by the SMTP listener, by kind; refused recipients.",
        ("kind",),
        _inbound_mails,
    ),
    MetricFamily(
        "mailpath_inbound_rejected_total",
        "counter",
        "Refusals of messages that may have been a copy or a bounce.",
        ("code",),
        _turned_away,
    ),
    MetricFamily("mailpath_probes_in_flight", "gauge", "Probes in flight.", (), _one(lambda now: now.in_flight)),
    MetricFamily(
        "mailpath_schedule_lag_seconds",
        "gauge",
        "How late the oldest due probe was at the last tick.",
        (),
        _one(lambda now: now.lag.total_seconds()),
    ),
    MetricFamily("mailpath_schedule_skipped_total", "counter", "Scheduled probes left out.", ("reason",), _skipped),
    MetricFamily(
        "mailpath_last_tick_age_seconds",
        "gauge",
        "Age of the last scheduler tick; there are four a second.",
        (),
        _one(lambda now: now.tick_age),
    ),
    MetricFamily(
        "mailpath_clock_steps_total",
        "counter",
        "Changes of the system clock by a second or more.",
        (),
        _one(lambda now: now.clock_steps),
    ),
    MetricFamily(
        "mailpath_store_errors_total",
        "counter",
        "Failed reads from the store and writes to it.",
        (),
        _one(lambda now: now.store_errors),
    ),
    MetricFamily(
        "mailpath_notices_total",
        "counter",
        "Attempts to deliver a notice, by result.",
        ("channel", "result"),
        _notices,
    ),
    MetricFamily("mailpath_notices_waiting", "gauge", "Notices waiting to be delivered.", ("channel",), _waiting),
    MetricFamily(
        "mailpath_notices_oldest_seconds", "gauge", "Age of the oldest waiting notice.", ("channel",), _oldest_waiting
    ),
    MetricFamily(
        "mailpath_http_rejected_total",
        "counter",
        "HTTP connections and requests that were closed or refused.",
        ("reason",),
        _http_rejected,
    ),
    MetricFamily(
        "mailpath_rules_lag_seconds",
        "gauge",
        "Age of the oldest verdict that the incident rules have not seen.",
        (),
        _one(lambda now: now.rules_lag.total_seconds()),
    ),
    MetricFamily(
        "mailpath_inbound_up",
        "gauge",
        "1 while the listener for bounces and copies is open.",
        (),
        _listening,
    ),
    MetricFamily(
        "mailpath_reference_up",
        "gauge",
        "1 if reference hosts can be reached from the source IP, 0 if none can.",
        (),
        _reference,
    ),
    MetricFamily(
        "mailpath_loop_lag_seconds",
        "gauge",
        "Longest delay of the event loop in the last minute.",
        (),
        _one(lambda now: now.loop_lag),
    ),
    MetricFamily(
        "mailpath_http_requests_total",
        "counter",
        "HTTP requests by route, method and class of status.",
        ("route", "method", "status"),
        _http_requests,
    ),
    MetricFamily(
        "mailpath_config_last_reload_successful",
        "gauge",
        "1 if the last reading of the configuration succeeded, 0 if it had errors and the one before is in force.",
        (),
        _reload_successful,
    ),
    MetricFamily(
        "mailpath_config_last_reload_success_timestamp_seconds",
        "gauge",
        "Time at which the configuration in force was read.",
        (),
        _reloaded_at,
    ),
    MetricFamily(
        "mailpath_token_expiry_timestamp_seconds",
        "gauge",
        "Time at which a token expires; absent for tokens that do not expire and for revoked ones.",
        ("token",),
        _token_ends,
    ),
    MetricFamily(
        "mailpath_dmarc_messages_total",
        "counter",
        "Messages in DMARC reports by receivers: from the source IP (ours) or another address (others), by result.",
        ("source", "result"),
        _dmarc_messages,
    ),
    MetricFamily(
        "mailpath_dmarc_pass_ratio",
        "gauge",
        "Share of messages that passed DMARC, in reports of the last three days; absent without messages.",
        ("source",),
        _dmarc_pass_ratio,
    ),
    *STANDING_FAMILIES,
    *OWNERSHIP_FAMILIES,
    MetricFamily(
        "mailpath_diagnoses_total",
        "counter",
        "Diagnoses that ended, by conclusion.",
        ("conclusion",),
        _diagnoses,
    ),
    MetricFamily(
        "mailpath_diagnosis_probes_total",
        "counter",
        "Probes of diagnoses that got a verdict.",
        ("company",),
        _diagnosis_probes,
    ),
    MetricFamily("mailpath_build_info", "gauge", "The running version.", ("version", "python"), _build),
)

SERVICE_HISTOGRAMS: tuple[HistogramFamily[Snapshot], ...] = (
    HistogramFamily(
        "mailpath_stage_seconds",
        "Duration of the stages of SMTP dialogues.",
        ("stage",),
        _stages,
    ),
    HistogramFamily(
        "mailpath_store_seconds",
        "Time that reads from the store and writes to it took, waiting included.",
        ("operation",),
        _store_seconds,
    ),
    HistogramFamily(
        "mailpath_http_request_seconds",
        "Time until the answer to an HTTP request was ready, by route; without event streams and exports.",
        ("route",),
        _http_seconds,
    ),
)
