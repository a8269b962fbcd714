"""Refusals of the sender's real mail, and what servers said. Nothing is filled in: nobody kept it before."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_table(
        "real_refusals",
        sa.Column("company", NAME, primary_key=True),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("reply", "host", "from_ip")),
        sa.Column("taken", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "real_replies",
        sa.Column("company", NAME, nullable=False),
        sa.Column("day", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("company", "day", "cause", "reply"),
    )
    op.create_index(None, "real_replies", ["day"])
