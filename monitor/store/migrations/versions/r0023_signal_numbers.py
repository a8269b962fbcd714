"""Signals that several writers store side by side are numbered by their transaction."""

from alembic import op

from monitor.store.database import guards

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    for guard in guards(op.get_bind(), revision):
        op.execute(guard)
