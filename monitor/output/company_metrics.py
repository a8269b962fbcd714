"""Metrics of companies: their paths, mail and incidents. Callers limited to companies may get those of theirs.

What the board has of a company changes with its verdicts only: `company_lines` keeps those lines. Tables and pure
functions."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from monitor.incidents.incident import Incident
from monitor.measures.histogram import Distribution
from monitor.output.metric_family import HistogramFamily, MetricFamily, Row
from monitor.output.snapshot import Snapshot
from monitor.probing.code_counts import CodeCountKey
from monitor.probing.current import DELIVERED, CompanyState
from monitor.probing.schedule import interval
from probes.verdict import Outcome


def _outcomes(state: CompanyState) -> Iterator[Row]:
    for (company, path, kind), current in state.current_verdicts:
        verdict = current.verdict
        yield (company, path, kind, verdict.outcome, verdict.cause or "", verdict.grade), 1


def _oks(state: CompanyState) -> Iterator[Row]:
    for (company, path, kind), current in state.current_verdicts:
        if current.verdict.outcome is not Outcome.UNKNOWN:
            yield (company, path, kind), 1 if current.verdict.outcome is Outcome.INBOX else 0


def _code_deliveries(state: CompanyState) -> Iterator[Row]:
    newest: dict[tuple[str, str], tuple[datetime, timedelta]] = {}
    for (company, path, kind), current in state.current_verdicts:
        if kind.facts.needs_code and current.delivery is not None and current.verdict.outcome in DELIVERED:
            of_this = (current.launched_at, current.delivery)
            newest[company, path] = max(of_this, newest.get((company, path), of_this))
    if newest:
        yield (next(iter(newest))[0],), max(took for _, took in newest.values()).total_seconds()


def _last_verdicts(state: CompanyState) -> Iterator[Row]:
    latest: dict[tuple[str, str], datetime] = {}
    for (company, path, _), current in state.current_verdicts:
        latest[company, path] = max(current.at, latest.get((company, path), current.at))
    for key, at in latest.items():
        yield key, at.timestamp()


def _probes(state: CompanyState) -> Iterator[Row]:
    company = state.paths[0].company
    for (outcome, cause), count in state.probes.items():
        yield (company, outcome, cause), count


def _mailbox_errors(snapshot: Snapshot) -> Iterator[Row]:
    yield from snapshot.mailbox_errors.items()


def _trace_errors(snapshot: Snapshot) -> Iterator[Row]:
    yield from snapshot.trace_errors.items()


def _real_mail(snapshot: Snapshot) -> Iterator[Row]:
    yield from snapshot.real_mail.items()


def _remedies(snapshot: Snapshot) -> Iterator[Row]:
    for (company, state), count in snapshot.remedies.items():
        yield (company, state.value), count


def _every(snapshot: Snapshot) -> Iterator[Row]:
    for key, path in snapshot.paths.items():
        yield key, interval(path, snapshot.at).total_seconds()


def _code_lives(state: CompanyState) -> Iterator[Row]:
    for path in state.paths:
        yield (path.company, path.path), path.code_life.total_seconds()


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


def _opened(snapshot: Snapshot) -> Iterator[Row]:
    for incident in snapshot.incidents:
        for labels in _by_company(incident):
            yield labels, incident.opened_at.timestamp()


def _acknowledged(snapshot: Snapshot) -> Iterator[Row]:
    for incident in snapshot.incidents:
        if at := snapshot.acknowledged.get(incident.id):
            for labels in _by_company(incident):
                yield labels, at.timestamp()


def _by_company(incident: Incident) -> Iterator[tuple[str, ...]]:
    for company in incident.touches or ("",):
        yield incident.id, company, incident.scope, incident.cause or "", incident.severity


def _controls(state: CompanyState) -> Iterator[Row]:
    for (company, path, kind), current in state.control:
        if current.verdict.outcome is not Outcome.UNKNOWN:
            yield (company, path, kind), 1 if current.verdict.outcome is Outcome.INBOX else 0


def _certificate_ends(snapshot: Snapshot) -> Iterator[Row]:
    for key, end in snapshot.certificate_ends.items():
        if key in snapshot.paths:
            yield key, end.timestamp()


def _company_infos(state: CompanyState) -> Iterator[Row]:
    last = state.paths[-1]
    yield (last.company, last.company_name, last.mail_system), 1


def _codes(counts: Callable[[CompanyState], Mapping[CodeCountKey, int]]) -> Callable[[CompanyState], Iterator[Row]]:
    def rows(state: CompanyState) -> Iterator[Row]:
        for key, count in counts(state).items():
            yield (key.company, key.mail_system, code_label(key.needs_code), key.grade), count

    return rows


def _deliveries(snapshot: Snapshot) -> Iterator[tuple[tuple[str, ...], Distribution]]:
    for (mail_system, needs_code), times in sorted(snapshot.deliveries.items(), key=itemgetter(0)):
        yield (mail_system, code_label(needs_code)), times


def code_label(needs_code: bool) -> str:
    """The label `code` of mail that carries a code, which expires, and of other mail."""
    return "1" if needs_code else "0"


CODES = ("company", "mail_system", "code", "grade")
INCIDENT = ("company", "scope", "cause", "severity")

BOARD_FAMILIES: tuple[MetricFamily[CompanyState], ...] = (
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
        "mailpath_codes_total",
        "counter",
        "Probes that tell whether mail arrives in time; unknown results and mailbox trouble do not.",
        CODES,
        _codes(lambda state: state.codes),
    ),
    MetricFamily(
        "mailpath_codes_in_time_total",
        "counter",
        "Probes of mailpath_codes_total that reached the inbox in time.",
        CODES,
        _codes(lambda state: state.codes_in_time),
    ),
    MetricFamily(
        "mailpath_code_delivery_seconds",
        "gauge",
        "Delivery time of a company's newest code, on its slowest path; absent if none was delivered.",
        ("company",),
        _code_deliveries,
    ),
    MetricFamily(
        "mailpath_code_life_seconds",
        "gauge",
        "Life of a code: later mail is useless.",
        ("company", "path"),
        _code_lives,
    ),
    MetricFamily(
        "mailpath_control_ok",
        "gauge",
        "1 if the last control reached the inbox in time, 0 if not; absent while unknown and without a control.",
        ("company", "path", "kind"),
        _controls,
    ),
    MetricFamily(
        "mailpath_company_info",
        "gauge",
        "1 for each monitored company.",
        ("company", "name", "mail_system"),
        _company_infos,
    ),
)

SCRAPED_FAMILIES: tuple[MetricFamily[Snapshot], ...] = (
    MetricFamily(
        "mailpath_mailbox_errors_total",
        "counter",
        "Failed visits to a path's mailbox.",
        ("company", "path"),
        _mailbox_errors,
    ),
    MetricFamily(
        "mailpath_trace_errors_total",
        "counter",
        "Questions about a company's probes that a trace could not be asked.",
        ("company", "source"),
        _trace_errors,
    ),
    MetricFamily(
        "mailpath_real_total",
        "counter",
        "Answers to the sender's real mail to a company's people, by the log of the sender's service.",
        ("company", "outcome", "cause"),
        _real_mail,
    ),
    MetricFamily(
        "mailpath_path_every_seconds",
        "gauge",
        "Interval in which each kind of a path is probed once.",
        ("company", "path"),
        _every,
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
    MetricFamily(
        "mailpath_incident_opened_timestamp_seconds",
        "gauge",
        "Time at which an open incident was opened, for each company that it affects now.",
        ("incident", *INCIDENT),
        _opened,
    ),
    MetricFamily(
        "mailpath_incident_acknowledged_timestamp_seconds",
        "gauge",
        "Time at which an open incident was acknowledged as it is now, for each company that it affects; else absent.",
        ("incident", *INCIDENT),
        _acknowledged,
    ),
    MetricFamily(
        "mailpath_remedies",
        "gauge",
        "Remedies that a company has carried out, by state; all states of a company that has any.",
        ("company", "state"),
        _remedies,
    ),
    MetricFamily(
        "mailpath_gateway_certificate_expiry_timestamp_seconds",
        "gauge",
        "End of the certificate that the server of a path showed last; absent until TLS was used.",
        ("company", "path"),
        _certificate_ends,
    ),
)

COMPANY_FAMILIES: tuple[MetricFamily[Any], ...] = (*BOARD_FAMILIES, *SCRAPED_FAMILIES)

COMPANY_HISTOGRAMS: tuple[HistogramFamily[Snapshot], ...] = (
    HistogramFamily(
        "mailpath_delivery_seconds",
        "Time from the creation of a code to the arrival in the inbox, by the first mail system that the mail reaches.",
        ("mail_system", "code"),
        _deliveries,
    ),
)
