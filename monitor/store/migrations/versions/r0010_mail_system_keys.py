"""Incidents name their mail system by its key, as the configuration does since aliases became keys.

Before, "office365" was a mail system of its own: companies that now have "m365" would not join an incident about
"@office365", and a second incident would open beside it.
"""

import json

import sqlalchemy as sa
from alembic import op

from probes.mailsystems.words import current_word

revision = "0010"
down_revision = "0009"

INCIDENTS = sa.table("incidents", sa.column("id", sa.Text), sa.column("data", sa.Text))


def upgrade() -> None:
    """Forward only: an older version refuses a newer store. Closed ones too, because they may reopen."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(INCIDENTS)).all():
        data = json.loads(row.data)
        key = current_word(data["mail_system"])
        if key == data["mail_system"]:
            continue
        if data["subject"] == f"@{data['mail_system']}":
            data["subject"] = f"@{key}"
        data["mail_system"] = key
        changed = json.dumps(data, ensure_ascii=False)
        connection.execute(sa.update(INCIDENTS).where(INCIDENTS.c.id == row.id).values(data=changed))
