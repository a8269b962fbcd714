"""The sender's real mail by hour. Nothing is filled in: what was counted before has no hours."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_table(
        "real_hourly",
        sa.Column("company", NAME, nullable=False),
        sa.Column("hour", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("company", "hour", "outcome", "cause"),
    )
    op.create_index(None, "real_hourly", ["hour"])
