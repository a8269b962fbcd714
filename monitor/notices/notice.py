"""One message to people about an incident, through one channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from monitor.incidents.incident import Incident, LastNotice


class NoticeKind(StrEnum):
    """Kinds of notices."""

    OPENED = "opened"
    WIDENED = "widened"  # its scope, or it took in another incident
    GREW = "grew"  # many more companies than were told
    NARROWED = "narrowed"  # most companies recovered, and the rest was looked at again
    CHANGED = "changed"  # it is another's trouble than was told
    CAUSE_CHANGED = "cause_changed"
    ACKNOWLEDGED = "acknowledged"  # somebody has it
    REMINDER = "reminder"
    RESOLVED = "resolved"
    MERGED = "merged"  # from now on another incident speaks for it: to those who heard of it, it is over

    @property
    def ends(self) -> bool:
        """True if no notice about the incident follows it."""
        return self in (NoticeKind.RESOLVED, NoticeKind.MERGED)


@dataclass(frozen=True, slots=True)
class NoticeBasis:
    """The inputs of a notice beside its incident: what the channel knew before, the companies that it may see (None:
    all), and the absorbed incidents that it knew of."""

    before: LastNotice | None
    visible: tuple[str, ...] | None
    took_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. `id` is a stable key, the same for each delivery attempt. `number` orders those of one incident on
    one channel, from 1 without gaps.

    `title` is one line; `text` is self-contained plain text that does not repeat the title. `labels` are few, and
    stable while nothing widens: they distinguish problems. `facts` is the same for machines: JSON values only, times as
    RFC 3339. `replaces`: the labels of the previous notice, if different. `handle`: the receiver's own name for what it
    keeps about this incident, "" if it has none yet.

    It is rendered when it is due, so that pages can show it, and again when it is delivered; from `basis`, which
    notices of older releases do not have.
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
    handle: str = ""
    basis: NoticeBasis | None = None


@dataclass(frozen=True, slots=True)
class NoticeQueue:
    """The notices about one incident that wait for one channel, oldest first, and what was `delivered` last, if any.

    `incidents`, by id: this one, and those that its notices may have to name.
    """

    waiting: Sequence[Notice]
    delivered: Notice | None
    incidents: Mapping[str, Incident]


_BASES: TypeAdapter[NoticeBasis] = TypeAdapter(NoticeBasis)


def encode_basis(basis: NoticeBasis) -> str:
    """Encode as one line of JSON."""
    return _BASES.dump_json(basis).decode()


def decode_basis(text: str | bytes) -> NoticeBasis:
    """Decode the result of `encode_basis`."""
    return _BASES.validate_json(text)
