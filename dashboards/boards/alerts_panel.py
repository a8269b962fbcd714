"""A panel of several boards: the alerts of Prometheus about Mailpath and the mail."""

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.board import page_link
from dashboards.columns import NEVER, SINCE, severity
from dashboards.incident_queries import alerts
from dashboards.panels import Column, PanelLook, Query, rows
from dashboards.queries import or_none
from dashboards.words import BAD, GOOD, WARNING, coloured, mapped, tail

STATES = coloured({"firing": ("! firing", BAD), "pending": ("◔ pending", WARNING), "": ("✓ none", GOOD)})
MAYBE = PanelLook("none", words=[mapped(**{"": "–"})])
RUNBOOK = page_link("Open the runbook")


def alerts_panel(chosen: str) -> Panel:
    """Return the panel for the alerts that this selector matches."""
    return rows(
        "Alerts in Prometheus",
        "What the alert rules of Prometheus say now: firing, or pending until it has lasted long enough. None is also "
        "shown if no rules are loaded. Each leads to its runbook. Alertmanager may have silenced some.",
        Query(or_none(alerts(chosen), NEVER, page="", rank="0", alertstate="", name="–", mail_system="")),
        columns=[
            Column("alertstate", "State", PanelLook("none", words=[STATES]), filled=True, width=100),
            severity(page_link("Open the runbook", "${__data.fields.page}")),
            SINCE,
            Column("page", "Alert", PanelLook("none", words=[tail("/runbooks/(.*)", "$1")], links=[RUNBOOK])),
            Column("name", "Company", width=230),
            Column("mail_system", "Mail system", MAYBE, width=150),
        ],
        sort=["Severity", "Since"],
    )
