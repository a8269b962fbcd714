"""The tables. A change here needs a revision in `migrations`; a test holds the two together.

Evidence and verdicts are only ever added to; the database itself refuses to change them, and lets them go only
together with their probe, which it lets go only when closed (triggers in the first revision).
"""

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, MetaData, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from monitor.store.columns import Instant, Name, Number, Prose, Span, Spans, Word
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


VERDICT = ("outcome", "cause", "grade", "because", "delivery")
"""The columns of `_verdict`."""


def _belongs() -> Column[str]:
    return Column("probe_id", Name, ForeignKey("probes.id", ondelete="CASCADE"), nullable=False)


def _verdict() -> tuple[Column[Any], ...]:
    return (
        Column("outcome", Word(Outcome), nullable=False),
        Column("cause", Word(Cause)),
        Column("grade", Word(Grade), nullable=False),
        Column("because", Prose, nullable=False),
        Column("delivery", Span),
    )


probes = Table(
    "probes",
    metadata,
    Column("id", Name, nullable=False),
    Column("company", Name, nullable=False),
    Column("path", Name, nullable=False),
    Column("kind", Word(Kind), nullable=False),
    Column("role", Word(Role), nullable=False),
    Column("via", Text, nullable=False),
    Column("recipient", Prose, nullable=False),
    Column("source_ip", Text, nullable=False),
    Column("mailbox", Prose, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("code_dead_at", Instant, nullable=False),
    Column("give_up_at", Instant, nullable=False),
    Column("retry", Spans, nullable=False),
    Column("closed_at", Instant),
    PrimaryKeyConstraint("id"),
    Index(None, "closed_at", "created_at"),  # what is in flight, oldest first; what may be forgotten
    Index(None, "company", "path", "created_at"),  # the newest of a path, and how many since
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", Number, nullable=False),
    _belongs(),
    Column("at", Instant, nullable=False),
    Column("type", Text, nullable=False),
    Column("once", Text),
    Column("data", Text, nullable=False),  # `probes.evidence.encode`
    PrimaryKeyConstraint("id"),
    UniqueConstraint("probe_id", "once"),  # any number without a name; also finds the evidence of a probe
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Number, nullable=False),
    _belongs(),
    Column("at", Instant, nullable=False),
    *_verdict(),
    PrimaryKeyConstraint("id"),
    Index(None, "probe_id", "id"),  # the latest of a probe
)

present = Table(
    "present",
    metadata,
    Column("company", Name, nullable=False),
    Column("path", Name, nullable=False),
    Column("kind", Word(Kind), nullable=False),
    Column("role", Word(Role), nullable=False),
    Column("probe_id", Name, nullable=False),  # it may be forgotten, its verdict stays
    Column("launched_at", Instant, nullable=False),
    Column("judged_at", Instant, nullable=False),
    *_verdict(),
    PrimaryKeyConstraint("company", "path", "kind", "role"),
)

facts = Table(
    "facts",
    metadata,
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("name"),
)
