"""Columns that several boards' tables share."""

from dashboards.board import incidents_link, runbook_link
from dashboards.panels import Column, PanelLook
from dashboards.words import graded, mapped, named, plain, ranked, runbooks

PLAIN = PanelLook("none", words=[plain()])

OUTCOME = Column("Value", "Outcome", PanelLook("none", words=[ranked()]), filled=True, width=130)
OUTCOME_WORD = Column("outcome", "Outcome", PanelLook("none", words=[named()]), filled=True, width=130)
PATH = Column("path", "Path", width=100)
KIND = Column("kind", "Kind", PLAIN, width=130)
CAUSE = Column("cause", "Cause", PLAIN, width=130)
GRADE = Column("grade", "Grade", PLAIN, width=110)
TO_DO = Column("runbook", "What to do", PanelLook("none", words=[runbooks()], links=[runbook_link()]))

SEVERITY = Column(
    "Value", "Severity", PanelLook("none", words=[graded()], links=[incidents_link()]), filled=True, width=90
)
SCOPE = Column("scope", "Scope", PLAIN, width=110)
WHOSE = Column("company", "Company", PanelLook("none", words=[mapped(_="several")]), width=130)
