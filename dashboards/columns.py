"""Columns that several boards' tables share."""

from grafana_foundation_sdk.models.dashboard import DashboardLink

from dashboards.board import page_link
from dashboards.incident_queries import MUTED, SENT
from dashboards.panels import Column, PanelLook
from dashboards.words import graded, mapped, named, plain, ranked, runbooks, tail

PLAIN = PanelLook("none", words=[plain()])

OUTCOME = Column("Value", "Outcome", PanelLook("none", words=[ranked()]), filled=True, width=180)
OUTCOME_WORD = Column("outcome", "Outcome", PanelLook("none", words=[named()]), filled=True, width=180)
PATH = Column("path", "Path", width=100)
KIND = Column("kind", "Kind", PLAIN, width=165)
CAUSE = Column("cause", "Cause", PLAIN, width=130)
GRADE = Column("grade", "Grade", PLAIN, width=175)
TO_DO = Column("runbook", "What to do", PanelLook("none", words=runbooks(), links=[page_link("Open the runbook")]))

SCOPE = Column("scope", "Scope", PLAIN, width=150)
WHO = Column("who", "Company", width=190)
NEVER = 0
ACKNOWLEDGED = Column("Value #B", "Acknowledged", PanelLook("dateTimeFromNow", words=[mapped(_0="–")]), width=130)
SINCE = Column("Value", "Since", PanelLook("dateTimeFromNow", words=[mapped(_0="–")]), width=130)
NOTICES = Column(
    "notices", "Notices", PanelLook("none", words=[mapped(**{"": "–", SENT: "✓ sent", MUTED: "– muted"})]), width=90
)
INCIDENT = Column(
    "page",
    "Incident",
    PanelLook("none", words=[tail("/incidents/(.*)", "$1")], links=[page_link("Open the incident")]),
    width=130,
)


def severity(link: DashboardLink) -> Column:
    """Return the column of severities, which leads to this page."""
    return Column("rank", "Severity", PanelLook("none", words=[graded()], links=[link]), filled=True, width=90)
