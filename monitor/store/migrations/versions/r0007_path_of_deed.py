"""The audit log names the path of each line, so that what was sent on a path by hand counts after a restart."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Forward only: an older version refuses a newer store. Lines of before name no path."""
    op.add_column("deeds", sa.Column("path", sa.Text, nullable=False, server_default=""))
