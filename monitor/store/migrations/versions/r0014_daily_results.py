"""Results by day beside those by hour, filled from these."""

import sqlalchemy as sa
from alembic import op

from monitor.store.filling import Fill

revision = "0014"
down_revision = "0013"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

FILL = Fill(
    """
INSERT INTO daily_results (day, company, path, kind, grade, outcome, cause, count)
SELECT hour - hour % 86400000000, company, path, kind, grade, outcome, cause, sum(count)
FROM hourly_results
WHERE hour >= :first AND hour < :end
GROUP BY 1, 2, 3, 4, 5, 6, 7
ON CONFLICT (day, company, path, kind, grade, outcome, cause) DO UPDATE SET count = excluded.count
""",
    source="hourly_results",
    column="hour",
    span=86_400_000_000,
)


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    op.create_table(
        "daily_results",
        sa.Column("day", sa.BigInteger, nullable=False),
        sa.Column("company", NAME, nullable=False),
        sa.Column("path", NAME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("grade", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("day", "company", "path", "kind", "grade", "outcome", "cause"),
        sqlite_with_rowid=False,
    )
    op.create_index(None, "daily_results", ["company", "day"])
    FILL.begin(op.get_bind(), revision)
