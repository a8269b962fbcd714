"""DMARC and TLS reports by receivers."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_table(
        "reports",
        sa.Column("id", NAME, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "reporter", "report_id", "domain", "policy")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("begins_at", "ends_at", "day", "received_at")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "reports", ["kind", "day"])
    op.create_index(None, "reports", ["day"])
    op.create_index(None, "reports", ["received_at"])
    op.create_table(
        "report_rows",
        sa.Column("report", NAME, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_ip", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("disposition", "spf", "dkim", "result", "mx")),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["report"], ["reports.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("report", "number"),
        sqlite_with_rowid=False,
    )
