"""Queries of DMARC and TLS reports, and the statements that write them. Fixed statements, as in `reads`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Executable, Select, bindparam, case, cast, delete, func, select

from monitor.store.columns import Instant, Name, Number
from monitor.store.report_tables import report_rows, reports
from probes.reading.report_summary import MailSource
from probes.reading.reports import ReportKind
from probes.standing.reports import ReporterDay, ReportTotals

COLUMNS = tuple(column.name for column in reports.c)
MAX_REPORTER_DAYS = 20_000  # read at a time, the newest


@dataclass(frozen=True, slots=True)
class DayShare:
    """Messages (for TLS, sessions) of one day (midnight, UTC) from one source."""

    day: datetime
    source: MailSource
    passed: int
    failed: int


@dataclass(frozen=True, slots=True)
class OtherSource:
    """Another address that sends mail with the sender's name, as `domain`; `source_ip` is "" where rows of a long
    report were added up."""

    source_ip: str
    domain: str
    passed: int
    failed: int
    reporters: int
    last_day: datetime


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """Sessions to one host of `domain` that failed in the same way. `mx` is "" where the reporter does not name it."""

    mx: str
    result: str
    domain: str
    sessions: int
    reporters: int
    last_day: datetime


def add_report(upsert: Callable[..., Any]) -> Executable:
    """Insert a report unless it is known, or `most` came after `midnight`. It is written alone: many who count
    at the same moment do not exceed the limit together."""
    given = [bindparam(column.name, type_=column.type) for column in reports.c]
    known = (
        select(func.count())
        .select_from(reports)
        .where(reports.c.received_at >= bindparam("midnight", type_=Instant()))
        .scalar_subquery()
    )
    new = select(*given).where(known < bindparam("most", type_=Number))
    added: Executable = upsert(reports).from_select(list(COLUMNS), new).on_conflict_do_nothing()
    return added


def delete_reports() -> Executable:
    """Delete the oldest reports about days before a time, with their rows."""
    oldest = (
        select(reports.c.id)
        .where(reports.c.day < bindparam("before", type_=Instant()))
        .order_by(reports.c.day)
        .limit(bindparam("most", type_=Number))
    )
    return delete(reports).where(reports.c.id.in_(oldest))


_since = bindparam("since", type_=Instant())
_kind = bindparam("of_kind", type_=reports.c.kind.type)
_most = bindparam("most", type_=Number)
_recent = (reports.c.kind == _kind, reports.c.day >= _since)
_number = report_rows.c.count
_passed = cast(func.sum(case((report_rows.c.passed, _number), else_=0)), BigInteger).label("passed")
_failed = cast(func.sum(case((report_rows.c.passed, 0), else_=_number)), BigInteger).label("failed")
_reporters = func.count(reports.c.reporter.distinct()).label("reporters")
_last_day = func.max(reports.c.day).label("last_day")
_joined = reports.join(report_rows, report_rows.c.report == reports.c.id)

KNOWN = select(reports.c.id).where(reports.c.id == bindparam("of", type_=Name))
SHARES = (
    select(reports.c.day, report_rows.c.source, _passed, _failed)
    .select_from(_joined)
    .where(*_recent)
    .group_by(reports.c.day, report_rows.c.source)
    .order_by(reports.c.day, report_rows.c.source)
)
OTHERS = (
    select(report_rows.c.source_ip, report_rows.c.domain, _passed, _failed, _reporters, _last_day)
    .select_from(_joined)
    .where(*_recent, report_rows.c.source == MailSource.OTHERS)
    .group_by(report_rows.c.source_ip, report_rows.c.domain)
    .order_by(func.sum(_number).desc(), report_rows.c.source_ip, report_rows.c.domain)
    .limit(_most)
)
TOTALS = (
    select(reports.c.reporter, reports.c.day, _passed, _failed)
    .select_from(_joined)
    .where(*_recent, report_rows.c.source == MailSource.OURS)
    .group_by(reports.c.id)
    .order_by(reports.c.day.desc(), reports.c.id)
    .limit(_most)
)
TLS_FAILURES = (
    select(
        *(report_rows.c[name] for name in ("mx", "result", "domain")),
        cast(func.sum(_number), BigInteger).label("sessions"),
        _reporters,
        _last_day,
    )
    .select_from(_joined)
    .where(*_recent, report_rows.c.passed.is_(False))
    .group_by(*(report_rows.c[name] for name in ("mx", "result", "domain")))
    .order_by(func.sum(_number).desc(), report_rows.c.mx, report_rows.c.result)
    .limit(_most)
)
REPORTER_DAYS = (
    select(
        *(reports.c[name] for name in ("kind", "reporter", "day")),
        func.count().label("reports"),
        func.max(reports.c.received_at).label("received_at"),
    )
    .where(reports.c.day >= _since)
    .group_by(*(reports.c[name] for name in ("day", "reporter", "kind")))  # in the order of the index
    .order_by(reports.c.day.desc(), reports.c.reporter, reports.c.kind)
    .limit(_most)
)

STATEMENTS: dict[str, Select[Any]] = {
    "report_known": KNOWN,
    "report_shares": SHARES,
    "report_others": OTHERS,
    "report_totals": TOTALS,
    "report_tls_failures": TLS_FAILURES,
    "report_reporter_days": REPORTER_DAYS,
}


def known(connection: Connection, report: str) -> bool:
    """Test if the report with this id is stored."""
    return connection.scalar(KNOWN, {"of": report}) is not None


def shares(connection: Connection, kind: ReportKind, since: datetime) -> list[DayShare]:
    """Add up by day and source, from this day on, oldest first."""
    return [DayShare(*row) for row in connection.execute(SHARES, {"of_kind": kind, "since": since})]


def others(connection: Connection, since: datetime, most: int) -> list[OtherSource]:
    """Add up aggregate reports by the address that is not the sender's own, those with most messages first."""
    asked = {"of_kind": ReportKind.AGGREGATE, "since": since, "most": most}
    return [OtherSource(*row) for row in connection.execute(OTHERS, asked)]


def totals(connection: Connection, since: datetime, most: int) -> list[ReportTotals]:
    """Return the source IP's messages in each aggregate report, newest first."""
    asked = {"of_kind": ReportKind.AGGREGATE, "since": since, "most": most}
    return [ReportTotals(*row) for row in connection.execute(TOTALS, asked)]


def tls_failures(connection: Connection, since: datetime, most: int) -> list[TlsFailure]:
    """Add up failed sessions by host and type of failure, the most frequent first."""
    asked = {"of_kind": ReportKind.TLS, "since": since, "most": most}
    return [TlsFailure(**row) for row in connection.execute(TLS_FAILURES, asked).mappings()]


def reporter_days(connection: Connection, since: datetime) -> list[ReporterDay]:
    """Return the days that each reporter sent reports about, newest first."""
    asked = {"since": since, "most": MAX_REPORTER_DAYS}
    return [ReporterDay(**row) for row in connection.execute(REPORTER_DAYS, asked).mappings()]
