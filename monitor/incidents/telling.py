"""What people know of an incident against what is so. The difference is the next notice, for each channel by itself.

It looks at states and not at events: what came and went while nobody was to be told leaves no notice behind, and what
lasts is told once, however long a mute or a stop of the service kept it back.
"""

from datetime import datetime, timedelta

from monitor.incidents import wording
from monitor.incidents.facts import facts
from monitor.incidents.incident import Ending, Incident, Told
from monitor.incidents.notice import News, Notice
from monitor.incidents.scene import Telling


def news_for(
    incident: Incident, told: Told | None, now: datetime, *, settle: timedelta, remind: timedelta, waiting: bool
) -> News | None:
    """What this channel is to be told now. `waiting`: it has not got the last notice yet."""
    if incident.muted_by:
        return None
    if not incident.open:
        ends = News.MERGED if incident.ending is Ending.MERGED else News.RESOLVED
        return ends if told and not told.over else None
    if told is None or told.over:
        return News.OPENED if _for(incident.opened_at, now) >= settle else None
    if incident.scope.wider_than(told.scope):
        return News.WIDENED
    worse = incident.severity.graver_than(told.severity)
    unheard = incident.cause not in (told.cause, *told.causes)  # one that comes and goes is news once
    if (unheard or worse) and _for(incident.changed_at, now) >= settle:
        return News.CAUSE_CHANGED
    return News.REMINDER if not waiting and abs(now - told.at) >= remind else None  # a clock set back is no reminder


def _for(since: datetime, now: datetime) -> timedelta:
    """How long it has been so. After a clock went back it has been so for as long as anybody asks for."""
    return now - since if now >= since else timedelta.max


def notice_of(telling: Telling, channel: str) -> Notice:
    """The next notice for this channel."""
    before, incident = telling.before, telling.incident
    number = before.number + 1 if before else 1
    labels = wording.labels(telling)
    return Notice(
        id=f"{incident.id}-{channel}-{number}",
        incident=incident.id,
        channel=channel,
        number=number,
        news=telling.news,
        at=telling.now,
        title=wording.title(telling),
        text=wording.text(telling),
        labels=labels,
        facts=facts(telling),
        replaces=dict(before.labels) if before and not before.over and dict(before.labels) != labels else None,
    )
