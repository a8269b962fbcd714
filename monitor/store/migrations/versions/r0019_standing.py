"""Standing: facts over time, changes of what is published, and names in real mail."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_table(
        "standing_facts",
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("suspected", sa.Boolean, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("reading", sa.Text, nullable=False),
        sa.Column("settled", sa.Text),
        sa.Column("doubt_state", sa.Text),
        sa.Column("doubt_since", sa.BigInteger),
        sa.Column("doubt_at", sa.BigInteger),
        sa.Column("current", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("question", "subject", "since"),
    )
    op.create_index(None, "standing_facts", ["current", "seen_at"])
    op.create_index(None, "standing_facts", ["seen_at"])
    op.create_table(
        "standing_changes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("old", sa.Text, nullable=False),
        sa.Column("new", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "standing_changes", ["at"])
    op.create_table(
        "standing_names",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", "name"),
    )
    op.create_index(None, "standing_names", ["last_at"])
