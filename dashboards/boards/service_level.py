"""Looks and words of the panels of the service level. Their series are recorded by `mailpath-slo.rules.yml`."""

from dashboards.panels import PanelLook
from dashboards.words import BAD, GOOD, NOTHING, WARNING, mapped

NO_BUDGET = 2
"""In place of a budget, of which at most 1 is left, where there is none."""

BUDGET = PanelLook(
    "percentunit",
    words=[mapped(**{f"_{NO_BUDGET}": "–"})],
    steps=[(0.0, WARNING), (0.5, GOOD), (NO_BUDGET, NOTHING)],
    lowest=BAD,
    decimals=0,
)

NOT_A_SHARE = -1
"""In place of a share of nothing."""

IN_TIME = PanelLook(
    "percentunit",
    words=[mapped(**{str(NOT_A_SHARE): "–"})],
    steps=[(0.0, BAD), (0.95, WARNING), (0.99, GOOD)],
    decimals=1,
)

MISSED = PanelLook("percentunit", least=0, most=1, decimals=1, no_value="no codes in this time")

SLO = (
    "Results that are not known, and trouble of a probe's own mailbox, do not count. Needs `mailpath-slo.rules.yml` in "
    "Prometheus."
)
