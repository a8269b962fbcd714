"""Of the audit log refused sign-ins may be forgotten, which anybody can cause; they are found by what they are."""

from alembic import op

revision = "0006"
down_revision = "0005"

GUARDS = {
    "sqlite": (
        "DROP TRIGGER deeds_are_kept",
        """CREATE TRIGGER deeds_are_kept BEFORE DELETE ON deeds
           WHEN NOT (OLD.what = 'sign-in refused' AND OLD.way = 'session')
           BEGIN SELECT RAISE(ABORT, 'nothing that people did is ever deleted from the audit log'); END""",
    ),
}


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_index(None, "deeds", ["what", "at"])
    for guard in GUARDS[op.get_bind().dialect.name]:
        op.execute(guard)
