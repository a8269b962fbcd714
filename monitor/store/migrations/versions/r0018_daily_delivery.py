"""Delivery times beside the results by day, filled from those by hour."""

from alembic import op

from monitor.store.filling import Fill

revision = "0018"
down_revision = "0017"

FILL = Fill(
    """
INSERT INTO daily_results (day, company, path, kind, grade, outcome, cause, count, delivery_counts)
SELECT day, company, path, kind, grade, outcome, cause, sum(number), json_group_object(bucket, number)
FROM (
    SELECT h.hour - h.hour % 86400000000 AS day, h.company, h.path, h.kind, h.grade, h.outcome, h.cause,
           j.key AS bucket, sum(j.value) AS number
    FROM hourly_results h, json_each(h.delivery_counts) j
    WHERE h.hour >= :first AND h.hour < :end
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
)
WHERE true
GROUP BY 1, 2, 3, 4, 5, 6, 7
ON CONFLICT (day, company, path, kind, grade, outcome, cause) DO UPDATE SET delivery_counts = excluded.delivery_counts
""",
    source="hourly_results",
    column="hour",
    span=86_400_000_000,
)


def upgrade() -> None:
    """Forward only: an older version refuses a newer store."""
    FILL.begin(op.get_bind(), revision)
