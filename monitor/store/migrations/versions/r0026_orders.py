"""Orders of probes that another process launches."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_table(
        "orders",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("company", NAME, nullable=False),
        sa.Column("path", NAME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("arm", sa.Text),
        sa.Column("requester", sa.Text),
        sa.Column("way", sa.Text),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("probe_id", NAME),
        sa.Column("refused", sa.Text),
    )
