"""Actions of people on incidents, apart from the incident that the rules write anew; and the uses of links."""

import sqlalchemy as sa
from alembic import op

from monitor.store.database import guards

revision = "0012"
down_revision = "0011"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_table(
        "incident_actions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("incident", NAME, sa.ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("relapses", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "incident_actions", ["incident", "id"])
    op.create_table(
        "used_links",
        sa.Column("notice", NAME, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("incident", NAME, sa.ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("notice", "action"),
    )
    op.create_index(None, "used_links", ["incident"])
    for guard in guards(op.get_bind(), revision):
        op.execute(guard)
