"""Results by hour, which stay when their probes are deleted; filled from the verdicts that are there."""

import sqlalchemy as sa
from alembic import op

from monitor.store.filling import Fill

revision = "0013"
down_revision = "0012"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

FILL = Fill(
    """
INSERT INTO hourly_results (hour, company, path, kind, grade, outcome, cause, count)
SELECT p.created_at - p.created_at % 3600000000, p.company, p.path, p.kind, v.grade, v.outcome, coalesce(v.cause, ''),
       count(*)
FROM probes p JOIN verdicts v ON v.id = (SELECT max(id) FROM verdicts WHERE probe_id = p.id)
WHERE p.created_at >= :first AND p.created_at < :end AND p.role = 'sender' AND p.purpose <> 'diagnosis'
GROUP BY 1, 2, 3, 4, 5, 6, 7
ON CONFLICT (hour, company, path, kind, grade, outcome, cause) DO UPDATE SET count = excluded.count
""",
    source="probes",
    column="created_at",
    span=3_600_000_000,
)


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_table(
        "hourly_results",
        sa.Column("hour", sa.BigInteger, nullable=False),
        sa.Column("company", NAME, nullable=False),
        sa.Column("path", NAME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("grade", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("hour", "company", "path", "kind", "grade", "outcome", "cause"),
        sqlite_with_rowid=False,
    )
    op.create_index(None, "hourly_results", ["company", "hour"])
    FILL.begin(op.get_bind(), revision)
