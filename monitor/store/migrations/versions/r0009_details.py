"""A verdict keeps what it rests on, as fields. Its sentence is rendered from them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Forward only: an older version refuses a newer store. Verdicts of before have no detail, and keep their
    sentence."""
    for table in ("verdicts", "current_verdicts"):
        op.add_column(table, sa.Column("detail", sa.Text))
