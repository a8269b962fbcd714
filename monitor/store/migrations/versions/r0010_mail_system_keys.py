"""Incidents name their mail system by its key, as the configuration does since aliases became keys.

Before, "office365" was a mail system of its own: companies that now have "m365" would not join an incident about
"@office365", and a second incident would open beside it.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

KEYS = {  # with the aliases of that release: a migration means the same for ever
    "m365": "office365 o365 microsoft365 ms365 exchange-online exo eop microsoft",
    "outlook": "hotmail outlook.com live",
    "exchange": "exchange-server exchange-on-premises msexchange",
    "google": "gsuite google-workspace gmail workspace googlemail",
    "proofpoint": "pphosted pps pod proofpoint-essentials",
    "symantec": "messagelabs broadcom",
    "barracuda": "barracuda-ess email-gateway-defense",
    "cisco": "ironport cisco-esa cisco-secure-email",
    "sophos": "sophos-central sophos-email",
    "trendmicro": "trend-micro trend",
    "fortinet": "fortimail",
    "cloudflare": "area1 cloudflare-area1",
    "amavis": "amavisd amavisd-new",
    "domino": "lotus-domino lotus",
    "postfix": "postscreen",
    "exim": "exim4",
    "hornetsecurity": "antispameurope",
    "spamtitan": "titanhq",
    "checkpoint": "avanan harmony",
    "mailassure": "spamexperts mail-assure",
    "trellix": "fireeye",
    "zix": "appriver",
    "proxmox": "pmg",
    "cpanel": "whm",
}
KEY_OF = {alias: key for key, aliases in KEYS.items() for alias in aliases.split()}

INCIDENTS = sa.table("incidents", sa.column("id", sa.Text), sa.column("data", sa.Text))


def upgrade() -> None:
    """Forward only: an older version refuses a newer store. Closed ones too, because they may reopen."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(INCIDENTS)).all():
        data = json.loads(row.data)
        key = KEY_OF.get(data["mail_system"])
        if key is None:
            continue
        if data["subject"] == f"@{data['mail_system']}":
            data["subject"] = f"@{key}"
        data["mail_system"] = key
        changed = json.dumps(data, ensure_ascii=False)
        connection.execute(sa.update(INCIDENTS).where(INCIDENTS.c.id == row.id).values(data=changed))
