"""Records of Gmail's log in Google's Reports API: each event of a message is a statement. Pure; all of it is hostile.

Sources: developers.google.com/workspace/admin/reports/v1/appendix/activity/gmail for the types of events; the discovery
document of 29 September 2026 for the form. Only `event_info` is documented; `message_info.rfc2822_message_id` is in
records of real domains, either nested as the document has it or as one name with a dot in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from probes.traced import Side, Traced, TraceFate

SOURCE = "gmail_reports"
BEFORE = timedelta(minutes=10)  # that Google's clock may be behind ours
WINDOW = timedelta(days=20)  # after the handover in which it is looked for; 30 days are the most
MAX_RECORDS = 1000  # of one answer
MAX_EVENTS = 100  # of one record
MAX_PARAMETERS = 500  # of one event
DEPTH = 3
QUARANTINE_ONLY = {"filters": "event_info.mail_event_type==5"}  # documented as a filter

_EVENT_TYPE, _MESSAGE_ID = "event_info.mail_event_type", "message_info.rfc2822_message_id"


class EventMeaning(NamedTuple):
    """The fate that a type of event states, and the event in words."""

    fate: TraceFate
    words: str


MEANINGS: Mapping[int, EventMeaning] = {  # mail_event_type; others say nothing of where the message is
    2: EventMeaning(TraceFate.HANDED_OVER, "message received"),  # by Gmail; into which folder it does not say
    4: EventMeaning(TraceFate.JUNK, "flagged as spam after delivery"),
    5: EventMeaning(TraceFate.QUARANTINED, "message quarantined"),
    6: EventMeaning(TraceFate.DELIVERED, "released from quarantine"),
    7: EventMeaning(TraceFate.DELIVERED, "opened for the first time"),
    12: EventMeaning(TraceFate.DELIVERED, "moved to the inbox"),
    13: EventMeaning(TraceFate.DELIVERED, "moved to the trash"),  # of the mailbox, by its user or a filter
    14: EventMeaning(TraceFate.DELIVERED, "removed from the trash"),
}


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One event of a message: its type, and when it happened."""

    type: int
    at: datetime | None


def period(sent_at: datetime, now: datetime) -> Mapping[str, str]:
    """Return the query for events since a message was sent: both times are required."""
    end = max(sent_at, min(now, sent_at + WINDOW))
    return {
        "eventName": "delivery", "startTime": _text(sent_at - BEFORE), "endTime": _text(end),
        "maxResults": str(MAX_RECORDS),
    }  # fmt: skip


def events_of(answer: Any, message_id: str) -> list[MailEvent] | None:
    """Return the events of this message, None if the answer is no list. A list without records has no key `items`."""
    if not isinstance(answer, dict) or not isinstance(items := answer.get("items", []), list):
        return None
    found: dict[MailEvent, None] = {}
    for record in items[:MAX_RECORDS]:
        identity = record.get("id") if isinstance(record, dict) else None
        at = _time(identity.get("time")) if isinstance(identity, dict) else None
        events = record.get("events") if isinstance(record, dict) else None
        for event in events[:MAX_EVENTS] if isinstance(events, list) else ():
            values = dict(_parameters(event.get("parameters") if isinstance(event, dict) else None))
            if _bare(values.get(_MESSAGE_ID, "")) == _bare(message_id) and (number := _number(values.get(_EVENT_TYPE))):
                found[MailEvent(number, at)] = None
    return [*found]


def statements(events: list[MailEvent], number: int, now: datetime) -> list[Traced]:
    """Return what these events say, the earliest first."""
    known = ((each, MEANINGS[each.type]) for each in events if each.type in MEANINGS)
    found = [
        Traced(
            at=now, source=SOURCE, side=Side.RECEIVER, fate=meaning.fate, number=number, happened_at=each.at,
            text=meaning.words,
        )
        for each, meaning in known
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.happened_at or now, each.fate))


def next_page(answer: Any) -> str:
    """Return the token of the next page, "" if this is the last one."""
    token = answer.get("nextPageToken") if isinstance(answer, dict) else None
    return token if isinstance(token, str) and 0 < len(token) <= 2000 else ""


def _parameters(listed: Any, prefix: str = "", depth: int = DEPTH) -> Iterator[tuple[str, str]]:
    """Yield the name and value of each parameter, those of a nested one with its name before them."""
    for each in listed[:MAX_PARAMETERS] if isinstance(listed, list) else ():
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str):
            continue
        for key in ("value", "intValue"):
            if isinstance(value := each.get(key), str):
                yield prefix + name, value
        inner = each.get("messageValue")
        if isinstance(inner, dict) and depth > 1:
            yield from _parameters(inner.get("parameter"), f"{prefix}{name}.", depth - 1)


def _bare(message_id: str) -> str:
    return message_id.strip().removeprefix("<").removesuffix(">").lower()


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0


def _text(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _time(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        return at.astimezone(UTC) if at and at.tzinfo else None
    except (ValueError, OverflowError):
        return None
