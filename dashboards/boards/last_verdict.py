"""The one panel that is on several boards: how old what they show is."""

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.panels import PanelLook, Query, colour_from, number
from dashboards.queries import how_many, overdue, since_last_verdict
from dashboards.words import WARNING, mapped


def last_verdict(chosen: str) -> Panel:
    """Of the paths that this selector chooses."""
    return number(
        "Last verdict",
        "How long ago these paths had a verdict, and how many of them had none for more than twice the time in which "
        "each of their kinds is probed once: what the board shows of those may no longer be so.",
        Query(since_last_verdict(chosen), "ago"),
        Query(how_many(overdue(chosen)), "paths overdue"),
        look=PanelLook("s", words=[mapped(**{"-1": "none yet"})], decimals=0),
        overrides=[colour_from(1, "paths overdue", WARNING, unit="short")],
    )
