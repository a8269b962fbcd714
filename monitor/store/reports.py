"""DMARC and TLS reports that receivers sent: stored once each, and added up by day, source, reporter and result."""

from dataclasses import fields
from datetime import datetime

from monitor.store import report_reads
from monitor.store.access import StoreAccess
from monitor.store.report_reads import DayShare, OtherSource, TlsFailure
from monitor.store.result_counts import day_of
from monitor.store.retention import FORGET_AT_ONCE
from monitor.store.statements import Row, SqlStatement
from probes.reading.report_summary import ReportReceipt, ReportSummary, SummaryRow
from probes.reading.reports import ReportKind
from probes.standing.reports import ReporterDay, ReportTotals

MAX_REPORTS_PER_DAY = 1000  # that are stored: some 10 MB at the most; the largest senders get some hundreds
MAX_ANSWERS = 200  # rows of one answer
MAX_TOTALS = 10_000  # reports of one answer


class ReportStore:
    """Reports. What is written outlives the process. Raises StoreError."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    async def add(
        self, report: ReportSummary, received_at: datetime, most_per_day: int = MAX_REPORTS_PER_DAY
    ) -> ReportReceipt:
        """Store a report, unless it is known or too many came today."""
        limit = {"midnight": day_of(received_at), "most": most_per_day}
        head = {name: getattr(report, name) for name in report_reads.COLUMNS if name != "received_at"}
        rows = [_row(report.id, number, row) for number, row in enumerate(report.rows)]
        added = await self._access.write(
            (SqlStatement.REPORT, {**head, "received_at": received_at, **limit}),
            then=[(SqlStatement.REPORT_ROW, row) for row in rows],
        )
        if added:
            return ReportReceipt.NEW
        stored = await self._access.read(report_reads.known, report.id)
        return ReportReceipt.KNOWN if stored else ReportReceipt.NO_ROOM

    async def shares(self, kind: ReportKind, since: datetime) -> list[DayShare]:
        """Return what passed and failed by day and source since this day, oldest first."""
        return await self._access.read(report_reads.shares, kind, since)

    async def others(self, since: datetime, most: int = MAX_ANSWERS) -> list[OtherSource]:
        """Return the other addresses that send mail with the sender's name, those with most messages first."""
        return await self._access.read(report_reads.others, since, most)

    async def totals(self, since: datetime) -> list[ReportTotals]:
        """Return the source IP's messages in each aggregate report since this day, newest first."""
        return await self._access.read(report_reads.totals, since, MAX_TOTALS)

    async def tls_failures(self, since: datetime, most: int = MAX_ANSWERS) -> list[TlsFailure]:
        """Return failed TLS sessions by host and type of failure, the most frequent first."""
        return await self._access.read(report_reads.tls_failures, since, most)

    async def reporter_days(self, since: datetime) -> list[ReporterDay]:
        """Return the days since this one that each reporter sent reports about, newest first."""
        return await self._access.read(report_reads.reporter_days, since)

    async def prune(self, before: datetime) -> int:
        """Delete reports about days before this one; returns how many."""
        forgotten, step = 0, SqlStatement.FORGET_REPORTS
        while gone := await self._access.write((step, {"before": before, "most": FORGET_AT_ONCE})):
            forgotten += gone
        return forgotten


def _row(report: str, number: int, row: SummaryRow) -> Row:
    return {"report": report, "number": number, **{each.name: getattr(row, each.name) for each in fields(row)}}
