"""Evidence is packed with dictionaries, and deleted sooner where a probe brought no news."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from monitor.store.database import guards

revision = "0015"
down_revision = "0014"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Forward only: an older version refuses a newer store. Evidence of before stays as it is until it is deleted."""
    op.create_table(
        "evidence_dictionaries",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("probes", sa.Column("evidence_deleted_at", sa.BigInteger))
    deleted: dict[str, Any] = {f"{op.get_bind().dialect.name}_where": sa.text("evidence_deleted_at IS NOT NULL")}
    op.create_index("ix_probes_without_evidence", "probes", ["closed_at"], **deleted)
    for guard in guards(op.get_bind(), revision):
        op.execute(guard)
