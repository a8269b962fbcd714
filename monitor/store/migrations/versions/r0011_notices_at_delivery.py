"""Notices are rendered again when they are delivered, several that wait as one. What was delivered stays as it was."""

import sqlalchemy as sa
from alembic import op

from monitor.store.database import guards

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Forward only: an older version refuses a newer store. Notices of before have no basis, and are delivered as they
    are."""
    op.add_column("notices", sa.Column("basis", sa.Text))
    op.add_column("notices", sa.Column("handle", sa.Text, nullable=False, server_default=""))
    op.add_column("notices", sa.Column("sent_as", sa.Text, nullable=False, server_default=""))
    for guard in guards(op.get_bind(), revision):
        op.execute(guard)
