"""Render what waits for a channel about one incident as one notice, from the incident as it is at delivery.

A channel that was down gets one notice per incident, not a replay: what began and ended in the meantime is one line
that it was over. The receiver may have had a notice whose delivery failed, so an end is always delivered.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from monitor.incidents.incident import Incident
from monitor.notices.context import NoticeRequest
from monitor.notices.next_notice import notice_of
from monitor.notices.notice import Notice, NoticeBasis, NoticeKind, NoticeQueue

Tell = Callable[[Incident, NoticeKind, NoticeBasis, bool], NoticeRequest]
"""Builds a request from an incident, the kind of notice, its basis, and whether the channel missed all of it."""

STRONGEST_FIRST = (
    NoticeKind.OPENED,
    NoticeKind.WIDENED,
    NoticeKind.CHANGED,
    NoticeKind.CAUSE_CHANGED,
    NoticeKind.GREW,
    NoticeKind.NARROWED,
    NoticeKind.ACKNOWLEDGED,
    NoticeKind.REMINDER,
)


def combined(queue: NoticeQueue, tell: Tell) -> Notice:
    """Return the one notice to deliver; with the id and number of the last one that it stands for.

    Notices of older releases, and those whose incident is gone, are delivered one by one as they were stored.
    """
    first, last = queue.waiting[0], queue.waiting[-1]
    incident = queue.incidents.get(first.incident)
    if incident is None or first.basis is None or last.basis is None:
        return _after(first, queue.delivered)
    news = news_of([notice.news for notice in queue.waiting])
    took_in = [id_ for notice in queue.waiting if notice.basis for id_ in notice.basis.took_in]
    basis = NoticeBasis(first.basis.before, last.basis.visible, tuple(dict.fromkeys(took_in)))
    knew = first.basis.before is not None and not first.basis.before.over
    rendered = notice_of(tell(incident, news, basis, news.ends and not knew), last.channel)
    return _after(replace(rendered, id=last.id, number=last.number, at=last.at, basis=last.basis), queue.delivered)


def news_of(waiting: Sequence[NoticeKind]) -> NoticeKind:
    """Return what several kinds in a row come to: the end, or the strongest since the last end."""
    if waiting[-1].ends:
        return waiting[-1]
    after_end = next((place for place in range(len(waiting), 0, -1) if waiting[place - 1].ends), 0)
    return min(waiting[after_end:], key=STRONGEST_FIRST.index)


def _after(notice: Notice, delivered: Notice | None) -> Notice:
    """Return the notice as the successor of what the channel has."""
    if delivered is None:
        return replace(notice, replaces=None)
    if notice.news.ends and not delivered.news.ends:  # what ends is what was opened, as severe as it was told to be
        notice = replace(notice, labels=dict(delivered.labels))
    differs = not delivered.news.ends and delivered.labels != notice.labels
    return replace(notice, replaces=dict(delivered.labels) if differs else None, handle=delivered.handle)
