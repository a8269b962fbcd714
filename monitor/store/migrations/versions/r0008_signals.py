"""Signals: what all follow by number. Probes know why they were sent. Three tables get the field's names."""

import sqlalchemy as sa
from alembic import op

from monitor.store.database import guards

revision = "0008"
down_revision = "0007"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

RENAMED = (("present", "current_verdicts"), ("deeds", "audit_log"), ("remembered", "idempotency_keys"))

PURPOSES = (
    "UPDATE probes SET purpose = 'control' WHERE role <> 'sender'",
    """UPDATE probes SET purpose = 'manual' WHERE role = 'sender'
       AND id IN (SELECT substr(about, -16) FROM deeds WHERE what = 'probe')""",  # "..., probe ID"
)

SIGNALS = (
    "INSERT INTO signals (id, source, at, verdict) SELECT id, 'probe', at, id FROM verdicts ORDER BY id",
    "UPDATE facts SET name = 'signals_seen' WHERE name = 'rules_saw'",
)


def upgrade() -> None:
    """Forward only: an older version refuses a newer store. Each verdict of before is a signal of the same number."""
    op.add_column("probes", sa.Column("purpose", sa.Text, nullable=False, server_default="scheduled"))
    op.create_table(
        "signals",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("verdict", NUMBER, sa.ForeignKey("verdicts.id", ondelete="CASCADE")),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("verdict"),
        sqlite_autoincrement=True,
    )
    for statement in (*PURPOSES, *SIGNALS):
        op.execute(statement)
    op.drop_index("ix_deeds_what_at", "deeds")
    op.drop_index("ix_remembered_at", "remembered")
    for before, name in RENAMED:
        op.rename_table(before, name)
    op.create_index(None, "audit_log", ["what", "at"])
    op.create_index(None, "idempotency_keys", ["at"])
    for guard in guards(op.get_bind(), revision):
        op.execute(guard)
