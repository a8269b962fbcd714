"""Compare a channel's knowledge of an incident with its state. The difference is the next notice, separately per
channel.

It compares states, not events: something that came and went during a mute leaves no notice, and a lasting problem is
reported once, however long a mute or a stop of the service delayed it.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import takewhile

from monitor.incidents.incident import Incident, LastNotice, Nature, Resolution
from monitor.notices.context import NoticeRequest, context_of
from monitor.notices.headline import title
from monitor.notices.notice import Notice, NoticeBasis, NoticeKind
from monitor.notices.payload import facts, labels
from monitor.notices.wording import text

FACTORS = (2, 4, 10)
"""Growth by each of these factors is news, and again with each power of ten."""


def notice_due(
    incident: Incident,
    told: LastNotice | None,
    now: datetime,
    *,
    settle: timedelta,
    remind: timedelta,
    waiting: bool,
    visible: Collection[str] | None = None,
    took_in: bool = False,
    held_by: str = "",
    keeps_open: bool = False,
) -> NoticeKind | None:
    """Return the kind of notice due on this channel. `waiting`: the last notice is not delivered yet. `visible`: the
    companies that it may see, None for all. `took_in`: this incident absorbed another one that the channel knows.
    `held_by`: who has acknowledged it, and needs no reminder. `keeps_open`: see `Channel`."""
    if incident.muted_by:
        return None
    if not incident.open:
        ends = NoticeKind.MERGED if incident.ending is Resolution.MERGED else NoticeKind.RESOLVED
        return ends if told and not told.over else None
    touched = len(seen(incident, visible)) or int(concerns_all(incident) and visible is None)
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
    new_cause = incident.cause not in (told.cause, *told.causes)  # one that comes and goes is news once
    if (new_cause or worse) and steady:
        return NoticeKind.CAUSE_CHANGED
    if not incident.recovering and grew(told, touched) and _for(told.at, now) >= settle:
        return NoticeKind.GREW
    if keeps_open and held_by and held_by != told.held_by:
        return NoticeKind.ACKNOWLEDGED
    return (
        NoticeKind.REMINDER if not waiting and not held_by and abs(now - told.at) >= remind else None
    )  # a clock set back is no reminder


def seen(incident: Incident, visible: Collection[str] | None) -> tuple[str, ...]:
    """Return the affected companies that are visible."""
    if visible is None:
        return incident.named if incident.touches else ()
    return tuple(company for company in incident.touches if company in visible)


def concerns_all(incident: Incident) -> bool:
    """Test if it is about the sender whoever receives its mail, so that it names no company."""
    return incident.open and incident.nature is Nature.STANDING


def grew(told: LastNotice, companies: int) -> bool:
    """Test if enough more companies than last reported have it to be news. From one to several counts as wider."""
    if told.base < 2:
        return False
    return any(told.companies < step <= companies for step in _steps(told.base, companies))


def _steps(base: int, most: int) -> Iterator[int]:
    """Yield the steps: twice, four times, ten times as many, twenty times, and so on."""
    factors = (factor * 10**power for power in range(len(str(most))) for factor in FACTORS)
    return takewhile(lambda step: step <= most, (base * factor for factor in factors))


def size_after(news: NoticeKind, told: LastNotice | None, companies: int) -> tuple[int, int]:
    """Return `base` and `companies` of `LastNotice` after this notice about so many companies."""
    goes_on = told is not None and not told.over and told.base
    if not goes_on or news in (NoticeKind.WIDENED, NoticeKind.NARROWED, NoticeKind.CHANGED):
        return companies, companies
    return told.base, max(told.companies, companies)  # type: ignore[union-attr]


def _for(since: datetime, now: datetime) -> timedelta:
    """Return how long a state has lasted. After a clock was set back, as long as needed."""
    return now - since if now >= since else timedelta.max


def notice_of(request: NoticeRequest, channel: str) -> Notice:
    """Build the next notice for this channel."""
    before, incident, visible = request.before, request.incident, request.visible
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
        basis=NoticeBasis(
            before,
            None if visible is None else tuple(sorted(visible)),
            tuple(taken.id for taken in request.took_in),
        ),
    )
