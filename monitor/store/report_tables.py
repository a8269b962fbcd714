"""The tables of DMARC and TLS reports. The rules of `tables` hold here too.

A report and its rows are written together, never changed, and deleted together. The rows have no key of their own but
their place in the report: in SQLite they lie beside each other in its order.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table

from monitor.store.columns import EnumText, Instant, Name, SafeText
from monitor.store.tables import metadata
from probes.reading.report_summary import MailSource
from probes.reading.reports import ReportKind

reports = Table(
    "reports",
    metadata,
    Column("id", Name, nullable=False),  # made of what it is, so that the same report is stored once
    Column("kind", EnumText(ReportKind), nullable=False),
    Column("reporter", SafeText, nullable=False),
    Column("report_id", SafeText, nullable=False),
    Column("domain", SafeText, nullable=False),
    Column("policy", SafeText, nullable=False),
    Column("begins_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("day", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "kind", "day"),  # those of a span of days
    Index(None, "day"),  # what may be forgotten
    Index(None, "received_at"),  # how many came today
)

report_rows = Table(
    "report_rows",
    metadata,
    Column("report", Name, ForeignKey("reports.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("source", EnumText(MailSource), nullable=False),
    Column("source_ip", SafeText, nullable=False),
    Column("domain", SafeText, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("disposition", SafeText, nullable=False),
    Column("spf", SafeText, nullable=False),
    Column("dkim", SafeText, nullable=False),
    Column("result", SafeText, nullable=False),
    Column("mx", SafeText, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("report", "number"),
    sqlite_with_rowid=False,
)
