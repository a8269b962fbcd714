"""Imported by a service that is to be killed the moment a report is stored, before anybody is answered."""

import os
import signal
from datetime import datetime

from monitor.store.reports import MAX_REPORTS_PER_DAY, ReportStore
from probes.reading.report_summary import ReportReceipt, ReportSummary

_add = ReportStore.add


async def add_and_die(
    store: ReportStore, report: ReportSummary, received_at: datetime, most_per_day: int = MAX_REPORTS_PER_DAY
) -> ReportReceipt:
    receipt = await _add(store, report, received_at, most_per_day)
    os.kill(os.getpid(), signal.SIGKILL)
    return receipt


setattr(ReportStore, "add", add_and_die)  # noqa: B010 - a method of its class
