"""All data of one scrape of `/metrics`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.config import WatchedPath
from monitor.incidents.incident import Incident
from monitor.measures.histogram import Distribution
from monitor.remedying.applied import RemedyState
from monitor.standing.measured import StandingFigures


@dataclass(frozen=True, slots=True)
class ReloadResult:
    """The result of the last reading of the configuration. `loaded_at`: when one was last taken over."""

    successful: bool
    loaded_at: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All data of one scrape at one moment, without what the board has of each company: see `company_lines`."""

    deliveries: dict[tuple[str, bool], Distribution]  # by mail system, and whether the mail carries a code
    mailbox_errors: dict[tuple[str, str], int]
    trace_errors: dict[tuple[str, str], int]  # by company and source
    real_mail: Mapping[tuple[str, str, str], int]  # by company, outcome and cause
    inbound: dict[str, int]
    turned_away: dict[int, int]
    in_flight: int
    lag: timedelta
    leads: bool
    owned: int | None  # buckets of mailboxes
    ownerless: int | None
    refused_turns: int | None
    skipped: dict[str, int]
    paths: Mapping[tuple[str, str], WatchedPath]
    incidents: tuple[Incident, ...]
    acknowledged: dict[str, datetime]
    rules_lag: timedelta
    notices: dict[tuple[str, str], int]
    waiting: dict[str, tuple[int, timedelta]]
    listening: bool | None
    reference: bool | None
    rejected: dict[str, int]
    tick_age: float
    clock_steps: int
    store_errors: int
    loop_lag: float
    stages: dict[str, Distribution]
    store_seconds: dict[str, Distribution]
    certificate_ends: dict[tuple[str, str], datetime]
    http_requests: dict[tuple[str, str, str], int]
    http_seconds: dict[str, Distribution]
    reload: ReloadResult | None
    token_ends: dict[str, datetime]
    dmarc_messages: Mapping[tuple[str, str], int]
    dmarc_pass_ratio: Mapping[str, float]
    standing: StandingFigures
    diagnoses: dict[str, int]
    diagnosis_probes: dict[str, int]
    remedies: dict[tuple[str, RemedyState], int]  # by company
    at: datetime


def limited(snapshot: Snapshot, companies: frozenset[str]) -> Snapshot:
    """Return the snapshot without what other companies have. What counts over all companies stays in it: its families
    are not written for callers who are limited. Delivery times of companies are added up where they are copied."""
    return replace(
        snapshot,
        paths={key: path for key, path in snapshot.paths.items() if path.company in companies},
        certificate_ends={key: end for key, end in snapshot.certificate_ends.items() if key[0] in companies},
        mailbox_errors={key: count for key, count in snapshot.mailbox_errors.items() if key[0] in companies},
        trace_errors={key: count for key, count in snapshot.trace_errors.items() if key[0] in companies},
        real_mail={key: count for key, count in snapshot.real_mail.items() if key[0] in companies},
        remedies={key: count for key, count in snapshot.remedies.items() if key[0] in companies},
        incidents=tuple(
            _own(each, companies) for each in snapshot.incidents if not companies.isdisjoint(each.companies)
        ),
    )


def _own(incident: Incident, companies: frozenset[str]) -> Incident:
    """The incident as far as it affects these companies."""
    touches = tuple(each for each in incident.touches if each in companies)
    return replace(incident, company=incident.company if incident.company in companies else "", touches=touches)
