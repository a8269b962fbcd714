"""Delivery times beside the results by hour, filled from the verdicts that are there."""

import sqlalchemy as sa
from alembic import op

from monitor.store.filling import Fill

revision = "0017"
down_revision = "0016"

BOUNDS = (1, 5, 15, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 660, 900, 1800, 3600)  # seconds
BUCKET = " ".join(f"WHEN v.delivery <= {bound}000000 THEN '{bound}'" for bound in BOUNDS)

FILL = Fill(
    f"""
INSERT INTO hourly_results (hour, company, path, kind, grade, outcome, cause, count, delivery_counts)
SELECT hour, company, path, kind, grade, outcome, cause, sum(number), json_group_object(bucket, number)
FROM (
    SELECT p.created_at - p.created_at % 3600000000 AS hour, p.company, p.path, p.kind, v.grade, v.outcome,
           coalesce(v.cause, '') AS cause, CASE {BUCKET} ELSE 'more' END AS bucket, count(*) AS number
    FROM probes p JOIN verdicts v ON v.id = (SELECT max(id) FROM verdicts WHERE probe_id = p.id)
    WHERE p.created_at >= :first AND p.created_at < :end AND p.role = 'sender' AND p.purpose <> 'diagnosis'
      AND v.delivery IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
)
WHERE true
GROUP BY 1, 2, 3, 4, 5, 6, 7
ON CONFLICT (hour, company, path, kind, grade, outcome, cause) DO UPDATE SET delivery_counts = excluded.delivery_counts
""",  # noqa: S608 - numbers of ours
    source="probes",
    column="created_at",
    span=3_600_000_000,
)


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    for table in ("hourly_results", "daily_results"):
        op.add_column(table, sa.Column("delivery_counts", sa.Text))
    FILL.begin(op.get_bind(), revision)
