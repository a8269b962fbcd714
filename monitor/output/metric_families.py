"""Every metric but the histogram: name, type, help, labels, and how its series follow from a snapshot. Tables and pure
functions."""

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

from monitor.incidents.incident import Incident
from monitor.output.snapshot import Snapshot
from monitor.probing.schedule import interval
from probes.verdict import Outcome

Row = tuple[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class MetricFamily:
    """A metric; `rows` makes its series of a snapshot. A counter's name ends with `_total`."""

    name: str
    type: Literal["gauge", "counter"]
    help: str
    labels: tuple[str, ...]
    rows: Callable[[Snapshot], Iterator[Row]]


# ---- Paths, companies and incidents ------------------------------------------------------------------------------


def _outcomes(snapshot: Snapshot) -> Iterator[Row]:
    for (company, path, kind), current in snapshot.current_verdicts.items():
        verdict = current.verdict
        yield (company, path, kind, verdict.outcome, verdict.cause or "", verdict.grade), 1


def _oks(snapshot: Snapshot) -> Iterator[Row]:
    for (company, path, kind), current in snapshot.current_verdicts.items():
        if current.verdict.outcome is not Outcome.UNKNOWN:
            yield (company, path, kind), 1 if current.verdict.outcome is Outcome.INBOX else 0


def _last_verdicts(snapshot: Snapshot) -> Iterator[Row]:
    latest: dict[tuple[str, str], float] = {}
    for (company, path, _), current in snapshot.current_verdicts.items():
        at = current.at.timestamp()
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

PATH_FAMILIES = (
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


# ---- The service itself ------------------------------------------------------------------------------------------


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
        yield (), snapshot.listening


def _reference(snapshot: Snapshot) -> Iterator[Row]:
    if snapshot.reference is not None:
        yield (), snapshot.reference


def _company_infos(snapshot: Snapshot) -> Iterator[Row]:
    named = {path.company: (path.company, path.company_name, path.mail_system) for path in snapshot.paths.values()}
    for labels in named.values():
        yield labels, 1


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
    MetricFamily(
        "mailpath_company_info",
        "gauge",
        "1 for each monitored company.",
        ("company", "name", "mail_system"),
        _company_infos,
    ),
    MetricFamily("mailpath_build_info", "gauge", "The running version.", ("version", "python"), _build),
)
