"""Remedies as companies carried them out."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_table(
        "applied_remedies",
        sa.Column("id", NAME, nullable=False),
        sa.Column("company", NAME, nullable=False),
        sa.Column("incident", NAME, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("remedy", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("acts_at", sa.BigInteger, nullable=False),
        sa.Column("review_on", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("test", NAME, nullable=False),
        sa.Column("test_at", sa.BigInteger, nullable=False),
        sa.Column("setup", sa.Text, nullable=False),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("state", sa.Text),
        sa.Column("proofs", sa.Text, nullable=False),
        sa.Column("proven_at", sa.BigInteger),
        sa.Column("renewed_at", sa.BigInteger),
        sa.Column("renewed_by", sa.Text, nullable=False),
        sa.Column("undone_at", sa.BigInteger),
        sa.Column("undone_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "applied_remedies", ["company", "changed_at"])
    op.create_index(None, "applied_remedies", ["incident"])
    op.create_index(None, "applied_remedies", ["decided_at", "test_at"])
    awaited: dict[str, Any] = {f"{op.get_bind().dialect.name}_where": sa.text("decided_at IS NULL")}
    op.create_index("ix_applied_remedies_one_tested", "applied_remedies", ["company"], unique=True, **awaited)
