"""A panel of several boards: the age of the data they show."""

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.panels import PanelLook, Query, colour_from, number
from dashboards.queries import how_many, overdue, since_last_verdict
from dashboards.words import WARNING, mapped


def last_verdict(chosen: str) -> Panel:
    """Return the panel for the paths that this selector matches."""
    return number(
        "Last verdict",
        "Time since the last verdict on these paths, and the number of paths that are overdue: even a lost probe would "
        "have its verdict by now. Their data on this board may be out of date.",
        Query(since_last_verdict(chosen), "ago"),
        Query(how_many(overdue(chosen)), "paths overdue"),
        look=PanelLook("s", words=[mapped(**{"-1": "none yet"})], decimals=0),
        overrides=[colour_from(1, "paths overdue", WARNING, unit="short")],
    )
