"""One message to people about an incident, through one channel."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class NoticeKind(StrEnum):
    """What a notice is about."""

    OPENED = "opened"
    WIDENED = "widened"  # its scope, or it took in another incident
    GREW = "grew"  # many more companies than were told
    NARROWED = "narrowed"  # most companies recovered, and the rest was looked at again
    CHANGED = "changed"  # it is another's trouble than was told
    CAUSE_CHANGED = "cause_changed"
    REMINDER = "reminder"
    RESOLVED = "resolved"
    MERGED = "merged"  # from now on another incident speaks for it: to those who heard of it, it is over

    @property
    def ends(self) -> bool:
        """Whether nothing more is said of the incident after it."""
        return self in (NoticeKind.RESOLVED, NoticeKind.MERGED)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. `id` is the stable key: the same for each try to deliver it. `number` orders those of one incident on
    one channel, from 1 without gaps.

    `title` is one line, `text` plain text that makes sense by itself, title not repeated. `labels` are few and stable
    while nothing widens: they tell one problem from another. `facts` is the same for machines: JSON values only, times
    as RFC 3339. `replaces`: the labels of the notice before, where they were others.
    """

    id: str
    incident: str
    channel: str
    number: int
    news: NoticeKind
    at: datetime
    title: str
    text: str
    labels: dict[str, str]
    facts: dict[str, Any]
    replaces: dict[str, str] | None = None
