"""Reports as they are stored, and as they are sent by mail."""

from datetime import UTC, datetime, timedelta
from typing import Any

from probes.reading.report_summary import MailSource, ReportSummary, SummaryRow
from probes.reading.reports import ReportKind

IP = "104.130.122.50"
DOMAIN = "account.trimble.com"
DAY = datetime(2026, 11, 22, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def row(count: int = 1, source: MailSource = MailSource.OURS, *, passed: bool = True, **other: Any) -> SummaryRow:
    word = "pass" if passed else "fail"
    facts: dict[str, Any] = {
        "source_ip": IP if source is MailSource.OURS else "192.0.2.2",
        "domain": DOMAIN,
        "disposition": "none" if passed else "reject",
        "spf": word,
        "dkim": word,
        "result": "",
        "mx": "",
    }
    return SummaryRow(source=source, passed=passed, count=count, **{**facts, **other})


def tls_row(count: int = 1, result: str = "", mx: str = "") -> SummaryRow:
    blank = {"source_ip": "", "disposition": "", "spf": "", "dkim": ""}
    return row(count, MailSource.OTHERS, passed=not result, result=result, mx=mx, **blank)


def report(*rows: SummaryRow, reporter: str = "mail.example", number: int = 1, day: datetime = DAY) -> ReportSummary:
    """A DMARC report about this day; the same number is the same report."""
    return _report(ReportKind.AGGREGATE, rows, reporter, number, day)


def tls_report(
    *rows: SummaryRow, reporter: str = "mail.example", number: int = 1, day: datetime = DAY
) -> ReportSummary:
    return _report(ReportKind.TLS, rows, reporter, number, DAY)


def _report(kind: ReportKind, rows: tuple[SummaryRow, ...], reporter: str, number: int, day: datetime) -> ReportSummary:
    return ReportSummary(
        id=f"{kind}-{reporter!a}-{number}-{day:%Y%m%d}",
        kind=kind,
        reporter=reporter,
        report_id=str(number),
        domain=DOMAIN,
        policy="reject",
        begins_at=day,
        ends_at=day + timedelta(hours=23, minutes=59, seconds=59),
        day=day,
        rows=rows,
    )
