"""Incidents, their history and notices, and mutes; verdicts are numbered without ever using a number twice."""

import sqlalchemy as sa
from alembic import op

from monitor.store.database import guards

revision = "0002"
down_revision = "0001"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _of_incident() -> sa.Column[str]:
    return sa.Column("incident", NAME, sa.ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False)


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    _number_verdicts_once()
    _incidents()
    _notices()
    _mutes()
    for guard in guards(op.get_bind(), revision):
        op.execute(guard)


def _number_verdicts_once() -> None:
    """Without AUTOINCREMENT SQLite numbers on from the newest that is there, not from the newest that ever was."""
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("verdicts", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", NAME, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "incidents", ["closed_at", "opened_at"])
    op.create_index(None, "incidents", ["opened_at"])
    op.create_table(
        "history",
        sa.Column("id", NUMBER, nullable=False),
        _of_incident(),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("turn", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "history", ["incident", "id"])


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", NAME, nullable=False),
        _of_incident(),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("news", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("tried_at", sa.BigInteger),
        sa.Column("next_try_at", sa.BigInteger),
        sa.Column("delivered_at", sa.BigInteger),
        sa.Column("fault", sa.Text, nullable=False),
        sa.Column("lasts", sa.Boolean, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("replaces", sa.Text),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("incident", "channel", "number"),
    )
    op.create_index(None, "notices", ["delivered_at", "channel", "incident", "number"])
    op.create_index(None, "notices", ["lasts", "channel"])


def _mutes() -> None:
    op.create_table(
        "mutes",
        sa.Column("id", NAME, nullable=False),
        sa.Column("company", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("mail_system", sa.Text, nullable=False),
        sa.Column("cause", sa.Text),
        sa.Column("begins_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger),
        sa.Column("weekly", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "mutes", ["ended_at", "ends_at"])
