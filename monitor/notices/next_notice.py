"""What people know of an incident against what is so. The difference is the next notice, for each channel by itself.

It looks at states and not at events: what came and went while nobody was to be told leaves no notice behind, and what
lasts is told once, however long a mute or a stop of the service kept it back.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import takewhile

from monitor.incidents.incident import Incident, LastNotice, Resolution
from monitor.notices.context import NoticeRequest, context_of
from monitor.notices.headline import title
from monitor.notices.notice import Notice, NoticeKind
from monitor.notices.payload import facts, labels
from monitor.notices.wording import text

FACTORS = (2, 4, 10)
"""So many times as many companies are news, and then again with each power of ten."""


def news_for(
    incident: Incident,
    told: LastNotice | None,
    now: datetime,
    *,
    settle: timedelta,
    remind: timedelta,
    waiting: bool,
    visible: Collection[str] | None = None,
    took_in: bool = False,
) -> NoticeKind | None:
    """What this channel is to be told now. `waiting`: it has not got the last notice yet. `visible`: the companies that
    it may hear about, None for all. `took_in`: this incident took in another one that the channel knows of."""
    if incident.muted_by:
        return None
    if not incident.open:
        ends = NoticeKind.MERGED if incident.ending is Resolution.MERGED else NoticeKind.RESOLVED
        return ends if told and not told.over else None
    touched = len(seen(incident, visible))
    if told is None or told.over:
        if took_in:
            return NoticeKind.WIDENED
        return NoticeKind.OPENED if touched and _for(incident.opened_at, now) >= settle else None
    if not touched:  # others have it still
        return NoticeKind.RESOLVED
    steady = _for(incident.changed_at, now) >= settle
    if told.nature not in (None, incident.nature):
        return NoticeKind.CHANGED if steady else None
    if took_in or incident.scope.wider_than(told.scope):
        return NoticeKind.WIDENED
    if incident.narrowed_at and told.at < incident.narrowed_at:
        return NoticeKind.NARROWED
    worse = incident.severity.graver_than(told.severity)
    unheard = incident.cause not in (told.cause, *told.causes)  # one that comes and goes is news once
    if (unheard or worse) and steady:
        return NoticeKind.CAUSE_CHANGED
    if not incident.recovering and grew(told, touched) and _for(told.at, now) >= settle:
        return NoticeKind.GREW
    return (
        NoticeKind.REMINDER if not waiting and abs(now - told.at) >= remind else None
    )  # a clock set back is no reminder


def seen(incident: Incident, visible: Collection[str] | None) -> tuple[str, ...]:
    """The companies that it touches now, of those that may be heard about."""
    if visible is None:
        return incident.named if incident.touches else ()
    return tuple(company for company in incident.touches if company in visible)


def grew(told: LastNotice, companies: int) -> bool:
    """Whether so many more companies have it than were told that it is news. From one to several it is wider."""
    if told.base < 2:
        return False
    return any(told.companies < step <= companies for step in _steps(told.base, companies))


def _steps(base: int, most: int) -> Iterator[int]:
    """Twice, four times, ten times as many, twenty times, and so on, up to so many."""
    factors = (factor * 10**power for power in range(len(str(most))) for factor in FACTORS)
    return takewhile(lambda step: step <= most, (base * factor for factor in factors))


def size_told(news: NoticeKind, told: LastNotice | None, companies: int) -> tuple[int, int]:
    """`base` and `companies` of `LastNotice`, after this news of so many companies."""
    goes_on = told is not None and not told.over and told.base
    if not goes_on or news in (NoticeKind.WIDENED, NoticeKind.NARROWED, NoticeKind.CHANGED):
        return companies, companies
    return told.base, max(told.companies, companies)  # type: ignore[union-attr]


def _for(since: datetime, now: datetime) -> timedelta:
    """How long it has been so. After a clock went back it has been so for as long as anybody asks for."""
    return now - since if now >= since else timedelta.max


def notice_of(request: NoticeRequest, channel: str) -> Notice:
    """The next notice for this channel."""
    before, incident = request.before, request.incident
    number = before.number + 1 if before else 1
    context = context_of(request)
    marks = labels(context)
    return Notice(
        id=f"{incident.id}-{channel}-{number}",
        incident=incident.id,
        channel=channel,
        number=number,
        news=request.news,
        at=request.now,
        title=title(context),
        text=text(context),
        labels=marks,
        facts=facts(context),
        replaces=dict(before.labels) if before and not before.over and dict(before.labels) != marks else None,
    )
