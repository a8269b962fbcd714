"""Diagnoses, and the mixture that each of their probes tests."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.add_column("probes", sa.Column("arm", sa.Text))
    op.create_table(
        "diagnoses",
        sa.Column("id", NAME, nullable=False),
        sa.Column("company", NAME, nullable=False),
        sa.Column("path", NAME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("other", sa.Text, nullable=False),
        sa.Column("incident", NAME, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("spacing", sa.BigInteger, nullable=False),
        sa.Column("setup", sa.Text, nullable=False),
        sa.Column("driver", sa.Text, nullable=False),
        sa.Column("alive_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("conclusion", sa.Text),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "diagnoses", ["company", "path", "began_at"])
    op.create_index(None, "diagnoses", ["ended_at", "began_at"])
    running: dict[str, Any] = {f"{op.get_bind().dialect.name}_where": sa.text("ended_at IS NULL")}
    op.create_index("ix_diagnoses_one_of_a_path", "diagnoses", ["company", "path"], unique=True, **running)
