"""People, tokens, sessions, invitations, the audit log and remembered answers; probes are found by their outcome."""

import sqlalchemy as sa
from alembic import op

from monitor.store.database import guards

revision = "0003"
down_revision = "0002"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


OUTCOMES = """
UPDATE probes SET outcome = (
    SELECT verdicts.outcome FROM verdicts WHERE verdicts.probe_id = probes.id ORDER BY verdicts.id DESC LIMIT 1
)"""


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    _outcomes()
    _people()
    _visits()
    _deeds()
    for guard in guards(op.get_bind(), revision):
        op.execute(guard)


def _outcomes() -> None:
    op.add_column("probes", sa.Column("outcome", sa.Text))
    op.execute(OUTCOMES)
    op.create_index(None, "probes", ["created_at"])
    op.create_index(None, "probes", ["company", "created_at"])
    op.create_index(None, "probes", ["outcome", "created_at"])
    op.create_index(None, "probes", ["company", "outcome", "created_at", "role"])


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("rights", sa.Text, nullable=False),
        sa.Column("companies", sa.Text),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("disabled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("rights", sa.Text, nullable=False),
        sa.Column("companies", sa.Text),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )


def _visits() -> None:
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index(None, "sessions", ["person"])
    op.create_index(None, "sessions", ["expires_at"])
    op.create_table(
        "invitations",
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("person"),
        sa.UniqueConstraint("digest"),
    )


def _deeds() -> None:
    op.create_table(
        "deeds",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("company", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "remembered",
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("caller", "key"),
    )
    op.create_index(None, "remembered", ["at"])
