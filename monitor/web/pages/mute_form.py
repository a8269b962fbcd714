"""The form that makes a mute, as the page of an incident and that of mutes have it."""

from collections.abc import Mapping

from monitor.actions.mutes import MuteRequest

LENGTHS = (("1h", "1 hour"), ("4h", "4 hours"), ("8h", "8 hours"), ("1d", "1 day"), ("3d", "3 days"), ("7d", "1 week"))
OTHER, UNTIL, WEEKLY = "other", "until", "weekly"
"""What is chosen where none of LENGTHS is: what was typed beside it counts."""

TIME_FIELDS = dict.fromkeys(("times", "until", "weekly"), "lasts")
"""The field of the form that shows an error of these fields of a request."""


def mute_request(typed: Mapping[str, str], place: Mapping[str, str]) -> MuteRequest:
    """Return the mute that was typed, for this place."""
    chosen = typed.get("lasts", "")
    lengths = {OTHER: typed.get("lasts_other", ""), UNTIL: "", WEEKLY: ""}
    return MuteRequest(
        company=place.get("company", ""),
        path=place.get("path", ""),
        mail_system=place.get("mail_system", ""),
        cause=place.get("cause", ""),
        everything=bool(place.get("everything")),
        lasts=lengths.get(chosen, chosen),
        until=typed.get("until", "") if chosen == UNTIL else "",
        weekly=typed.get("weekly", "") if chosen == WEEKLY else "",
        why=typed.get("why", ""),
    )
