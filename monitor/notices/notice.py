"""One message to people about an incident, through one channel."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class NoticeKind(StrEnum):
    """Kinds of notices."""

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
        """True if no notice about the incident follows it."""
        return self in (NoticeKind.RESOLVED, NoticeKind.MERGED)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. `id` is a stable key, the same for each delivery attempt. `number` orders those of one incident on
    one channel, from 1 without gaps.

    `title` is one line; `text` is self-contained plain text that does not repeat the title. `labels` are few, and
    stable while nothing widens: they distinguish problems. `facts` is the same for machines: JSON values only, times as
    RFC 3339. `replaces`: the labels of the previous notice, if different.
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
