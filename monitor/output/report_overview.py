"""The reports of some days at a glance, for the command line and the page of the sender; and its documented JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitor.config import Config
from monitor.output.standing_json import fact_json
from monitor.store.report_reads import DayShare, OtherSource, TlsFailure
from monitor.store.reports import ReportStore
from probes.display import timestamp
from probes.reading.report_summary import MailSource
from probes.reading.reports import ReportKind, available
from probes.standing.fact import Fact, FactVerdict
from probes.standing.reports import REPORTERS_KNOWN_FOR, Reporter, reporters_of, reports_fact, window_start


@dataclass(frozen=True, slots=True)
class ReportOverview:
    """The reports since `since` (midnight, UTC). `fact` is the present conclusion, whatever days are looked at; the
    reporters are those of the last two months."""

    since: datetime
    now: datetime
    fact: Fact
    dmarc: tuple[DayShare, ...]
    others: tuple[OtherSource, ...]
    tls: tuple[DayShare, ...]
    tls_failures: tuple[TlsFailure, ...]
    reporters: tuple[Reporter, ...]

    @property
    def ours(self) -> tuple[DayShare, ...]:
        """Return the days of our own mail, oldest first."""
        return tuple(each for each in self.dmarc if each.source is MailSource.OURS)

    @property
    def silent(self) -> tuple[Reporter, ...]:
        """Return the reporters that reported daily and do so no more."""
        return tuple(each for each in self.reporters if each.silent)


async def read_overview(store: ReportStore, source_ip: str, days: int, now: datetime) -> ReportOverview:
    """Read the reports about today and so many days before. Raises StoreError."""
    since = (now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
    return ReportOverview(
        since=since,
        now=now,
        fact=reports_fact(await store.totals(window_start(now)), source_ip, now),
        dmarc=tuple(await store.shares(ReportKind.AGGREGATE, since)),
        others=tuple(await store.others(since)),
        tls=tuple(await store.shares(ReportKind.TLS, since)),
        tls_failures=tuple(await store.tls_failures(since)),
        reporters=tuple(reporters_of(await store.reporter_days(now - REPORTERS_KNOWN_FOR), now)),
    )


def missing_reports(config: Config) -> str:
    """Return why no reports come in, and what to do; "" if the configuration knows no reason."""
    if config.inbound is None or not config.inbound.reports:
        return "No reports come in: inbound.reports names no address that receivers could send them to."
    if not available():
        return "Reports are not read here: pip install 'mailpath[reports]'. Receivers send them again for some days."
    return ""


def overview_json(overview: ReportOverview) -> Iterator[dict[str, Any]]:
    """Yield one object a row; `type` tells which. Names are what reporters wrote, without invisible characters."""
    fact = overview.fact
    yield {"type": "conclusion", **fact_json(FactVerdict(fact, fact.state, fact.why), overview.now)}
    for report, shares in (("dmarc", overview.dmarc), ("tls", overview.tls)):
        for share in shares:
            counts = {"source": share.source.value, "passed": share.passed, "failed": share.failed}
            yield {"type": "day", "report": report, "day": _day(share.day), **counts}
    for other in overview.others:
        yield {
            "type": "other_source",
            "source_ip": other.source_ip,
            "domain": other.domain,
            "passed": other.passed,
            "failed": other.failed,
            "reporters": other.reporters,
            "last_day": _day(other.last_day),
        }
    for failure in overview.tls_failures:
        yield {
            "type": "tls_failure",
            "mx": failure.mx,
            "result": failure.result,
            "domain": failure.domain,
            "sessions": failure.sessions,
            "reporters": failure.reporters,
            "last_day": _day(failure.last_day),
        }
    for reporter in overview.reporters:
        yield {
            "type": "reporter",
            "report": {ReportKind.TLS: "tls"}.get(reporter.kind, "dmarc"),
            "reporter": reporter.reporter,
            "reports": reporter.reports,
            "first_day": _day(reporter.first_day),
            "last_day": _day(reporter.last_day),
            "received_at": timestamp(reporter.received_at),
            "silent": reporter.silent,
        }


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
