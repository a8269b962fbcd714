"""Of the audit log refused sign-ins may be forgotten, which anybody can cause; they are found by what they are."""

from alembic import op

from monitor.store.database import guards

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_index(None, "deeds", ["what", "at"])
    for guard in guards(op.get_bind(), revision):
        op.execute(guard)
