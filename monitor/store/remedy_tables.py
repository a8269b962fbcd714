"""The table of remedies as companies carried them out. The rules of `tables` hold here too."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table

from monitor.remedying.applied import RemedyState, decode_proofs, decode_setup, encode_proofs, encode_setup
from monitor.store.columns import Encoded, EnumText, Instant, Name, SafeText
from monitor.store.tables import metadata

applied_remedies = Table(
    "applied_remedies",
    metadata,
    Column("id", Name, nullable=False),
    Column("company", Name, nullable=False),
    Column("incident", Name, nullable=False),
    Column("system", SafeText, nullable=False),
    Column("remedy", SafeText, nullable=False),
    Column("by", SafeText, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("acts_at", Instant, nullable=False),
    Column("review_on", Instant, nullable=False),
    Column("note", SafeText, nullable=False),
    Column("test", Name, nullable=False),
    Column("test_at", Instant, nullable=False),
    Column("setup", Encoded(encode_setup, decode_setup), nullable=False),
    Column("decided_at", Instant),
    Column("state", EnumText(RemedyState)),  # as the test left it; of one that is awaited, None
    Column("proofs", Encoded(encode_proofs, decode_proofs), nullable=False),
    Column("proven_at", Instant),
    Column("renewed_at", Instant),
    Column("renewed_by", SafeText, nullable=False),
    Column("undone_at", Instant),
    Column("undone_by", SafeText, nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "company", "changed_at"),  # the newest of a company
    Index(None, "incident"),
    Index(None, "decided_at", "test_at"),  # those that are awaited; those that may be forgotten
)
Index(
    "ix_applied_remedies_one_tested",  # in a company at a time
    applied_remedies.c.company,
    unique=True,
    sqlite_where=applied_remedies.c.decided_at.is_(None),
)
