"""Format the times of a mute, for the page and the command that list mutes."""

from datetime import datetime

from monitor.incidents.mute import Mute, ends, following, over
from monitor.incidents.weekly import DAYS
from probes.display import clock, lasting


def mute_times(mute: Mute, now: datetime) -> str:
    """Format its times as seen now: "until Thu 2026-11-26 08:00 UTC (2 h)", "every sun 02:00-04:00 (next Sun …)"."""
    if mute.ended_at:
        return f"ended {_day(mute.ended_at)} by {mute.ended_by}"
    until = f"until {_day(mute.ends_at)}" if mute.ends_at else ""
    if mute.ends_at and over(mute, now):
        return until
    if not mute.weekly:
        return f"{until} ({lasting(mute.ends_at - now)})" if mute.ends_at else "until ended by hand"
    present, coming = ends(mute, now), following(mute, now)
    turn = f"now until {_day(present)}" if present else f"next {_day(coming)}" if coming else ""
    return " ".join(filter(None, (f"every {mute.weekly}", until, turn and f"({turn})")))


def _day(at: datetime) -> str:
    return f"{DAYS[at.weekday()].capitalize()} {clock(at)}"
