"""The answer that stopped a message is kept beside the verdict, so that the sender's is compared with the control's."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Forward only: an older version refuses a newer store. Verdicts of before have no answer."""
    for table in ("verdicts", "present"):
        op.add_column(table, sa.Column("answer", sa.Text))
