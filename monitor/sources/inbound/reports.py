"""Reports by receivers, from the message to the store: read in another process, bounded, stored, and only then taken.

The sending server is answered 250 only after the report is stored. Before that, whatever ends this process, the server
still has the report and sends it again; after that, a report that comes again counts once.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, assert_never

import structlog

from monitor.sources.inbound.smtp import ReceivedMail
from probes.reading.report_reader import ReportBusyError, ReportReader
from probes.reading.report_summary import MailSource, ReportReceipt, ReportSummary, summarise
from probes.reading.reports import ReportError, ReportFacts, ReportKind, available

INSTALL = "reading reports needs an extra: pip install 'mailpath[reports]'"
KEEP_REPORTS = timedelta(days=400)  # a year, and the same month of the year before
RESULTS = {True: "passed", False: "failed"}

log = structlog.get_logger("inbound")


class ReportSink(Protocol):
    """Receiver of reports. When its method returns, the report is stored, unless it says otherwise."""

    async def add(self, report: ReportSummary, received_at: datetime) -> ReportReceipt:
        """Store a report."""
        ...


@dataclass(frozen=True, slots=True)
class Unread:
    """The reason why a message was not read, for people. `for_good`: it never can be, so it need not be sent again."""

    reason: str
    for_good: bool


def report_reader(*, wanted: bool) -> ReportReader | None:
    """Return what reads reports, None if the library for them is not installed; that is logged if they are `wanted`."""
    if available():
        return ReportReader()
    if wanted:
        log.error("reports are not read; senders are asked to send them again later", reason=INSTALL)
    return None


class ReportIntake:
    """Takes reports. `reader`: None where the library for them is not installed; senders then keep their reports."""

    def __init__(self, reader: ReportReader | None, sink: ReportSink, now: Callable[[], datetime]) -> None:
        self._reader, self._sink, self._now = reader, sink, now
        self._source_ip = self._domain = ""
        self._keep = KEEP_REPORTS
        self._messages: Counter[tuple[MailSource, bool]] = Counter()

    def configure(self, source_ip: str, domain: str, keep: timedelta) -> None:
        """Read for this sender from now on; reports older than `keep` are rejected."""
        self._source_ip, self._domain, self._keep = source_ip, domain, keep

    @property
    def messages(self) -> Mapping[tuple[str, str], int]:
        """Return the messages in DMARC reports stored since the start, by source and result; all of them, from 0."""
        return {
            (source.value, result): self._messages[source, passed]
            for source in MailSource
            for passed, result in RESULTS.items()
        }

    async def aclose(self) -> None:
        """End the process that reads. No more is taken."""
        if self._reader:
            await self._reader.aclose()

    async def take(self, mail: ReceivedMail) -> tuple[str, Unread | None]:
        """Read and store a report. Return the kind of message, and why it was not read. Raises what the sink raises."""
        if self._reader is None:
            return "report_deferred", Unread(INSTALL, for_good=False)
        try:
            facts = await self._reader.read(mail.content, self._source_ip, self._domain)
            now = self._now()
            summary = summarise(facts, self._source_ip, self._domain, now, self._keep)
        except (ReportError, ReportBusyError) as error:
            return _unread(str(error), mail, for_good=isinstance(error, ReportError))
        if summary is None:
            _log_report(facts, stored=False)
            return "report", None
        receipt = await self._sink.add(summary, now)
        match receipt:
            case ReportReceipt.NEW:
                self._count(summary)
                _log_report(facts, stored=True)
                return "report", None
            case ReportReceipt.KNOWN:
                return "report_again", None
            case ReportReceipt.NO_ROOM:
                return _unread("too many reports came today", mail, for_good=False)
            case _:
                assert_never(receipt)

    def _count(self, summary: ReportSummary) -> None:
        if summary.kind is ReportKind.AGGREGATE:
            self._messages.update(summary.counts)


def _unread(reason: str, mail: ReceivedMail, *, for_good: bool) -> tuple[str, Unread]:
    log.warning("report could not be read", reason=reason, permanent=for_good, client=mail.client)
    return ("report_unreadable" if for_good else "report_deferred"), Unread(reason, for_good)


def _log_report(facts: ReportFacts, *, stored: bool) -> None:
    """Log one line per report. `stored`: it is about our sender, and of a kind that is kept."""
    log.info(
        "report",
        report=str(facts.kind),
        organisation=facts.organisation,
        domain=facts.domain,
        id=facts.report_id,
        passed=facts.ours_passed,
        failed=facts.ours_failed,
        stored=stored,
    )
