"""Share links to the status pages of companies."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_table(
        "shares",
        sa.Column("id", NAME, nullable=False),
        sa.Column("company", NAME, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("opened_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("revoked_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index(None, "shares", ["company"])
    op.create_index(None, "shares", ["expires_at"])
