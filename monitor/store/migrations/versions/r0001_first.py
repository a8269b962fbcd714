"""Probes, their evidence and verdicts, the present state, and single facts."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from monitor.store.database import guards

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _belongs() -> sa.Column[str]:
    return sa.Column("probe_id", NAME, sa.ForeignKey("probes.id", ondelete="CASCADE"), nullable=False)


def _verdict() -> list[sa.Column[Any]]:
    return [
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("cause", sa.Text),
        sa.Column("grade", sa.Text, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("delivery", sa.BigInteger),
    ]


def upgrade() -> None:
    """Create everything in an empty database."""
    op.create_table(
        "probes",
        sa.Column("id", NAME, nullable=False),
        sa.Column("company", NAME, nullable=False),
        sa.Column("path", NAME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("source_ip", sa.Text, nullable=False),
        sa.Column("mailbox", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("code_dead_at", sa.BigInteger, nullable=False),
        sa.Column("give_up_at", sa.BigInteger, nullable=False),
        sa.Column("retry", sa.Text, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "probes", ["closed_at", "created_at"])
    op.create_index(None, "probes", ["company", "path", "created_at"])
    op.create_table(
        "evidence",
        sa.Column("id", NUMBER, nullable=False),
        _belongs(),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("once", sa.Text),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("probe_id", "once"),
    )
    op.create_table(
        "verdicts",
        sa.Column("id", NUMBER, nullable=False),
        _belongs(),
        sa.Column("at", sa.BigInteger, nullable=False),
        *_verdict(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "verdicts", ["probe_id", "id"])
    op.create_table(
        "present",
        sa.Column("company", NAME, nullable=False),
        sa.Column("path", NAME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("probe_id", NAME, nullable=False),
        sa.Column("launched_at", sa.BigInteger, nullable=False),
        sa.Column("judged_at", sa.BigInteger, nullable=False),
        *_verdict(),
        sa.PrimaryKeyConstraint("company", "path", "kind", "role"),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    for guard in guards(op.get_bind(), revision):
        op.execute(guard)
