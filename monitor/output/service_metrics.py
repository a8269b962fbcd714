"""Metrics of the service itself, over all companies. Tables and pure functions."""

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version

from monitor.output.metric_family import MetricFamily, Row
from monitor.output.snapshot import Snapshot


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


def _build(_: Snapshot) -> Iterator[Row]:
    yield (version("mailpath"), platform.python_version()), 1


def _one(value: Callable[[Snapshot], float]) -> Callable[[Snapshot], Iterator[Row]]:
    """Return the rows of a metric with one series, without labels."""
    return lambda snapshot: iter((((), value(snapshot)),))


SERVICE_FAMILIES = (
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
    MetricFamily("mailpath_build_info", "gauge", "The running version.", ("version", "python"), _build),
)
