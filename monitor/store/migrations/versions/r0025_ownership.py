"""Workers, the buckets of mailboxes that they own, and the turns that they claimed."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_table(
        "workers",
        sa.Column("site", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("site", "name"),
    )
    op.create_table(
        "buckets",
        sa.Column("site", NAME, nullable=False),
        sa.Column("bucket", sa.Integer, nullable=False),
        sa.Column("owner", NAME),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("site", "bucket"),
    )
    op.create_table(
        "turns",
        sa.Column("company", NAME, nullable=False),
        sa.Column("path", NAME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.Column("owner", NAME, nullable=False),
        sa.PrimaryKeyConstraint("company", "path", "kind"),
        sqlite_with_rowid=False,
    )
