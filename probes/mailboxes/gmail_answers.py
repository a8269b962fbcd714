"""Answers of Gmail's API. Pure; every answer is hostile.

Source: Gmail's discovery document, revision 20261005. 64-bit numbers are texts.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from probes.display import one_line
from probes.mailboxes.excerpt import HEADER_LIMIT

INBOX_LABEL, SPAM_LABEL, TRASH_LABEL = "INBOX", "SPAM", "TRASH"
MAX_LABELS = 10_000  # Gmail allows a user 10,000
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)
_FIELD = re.compile(r"[!-9;-~]{1,200}")  # RFC 5322, section 2.2
_BREAKS = re.compile(r"[\r\n]+")


@dataclass(frozen=True, slots=True)
class GmailMessage:
    """A message without its body: when Google accepted it, the labels it has, and its header section."""

    id: str
    labels: frozenset[str]
    came: datetime | None
    size: int
    headers: bytes


@dataclass(frozen=True, slots=True)
class GmailLabel:
    """A label that a user made: what people call a folder."""

    id: str
    name: str


def listed_ids(answer: Any) -> list[str] | None:
    """Return the ids of a list of messages; None if it is none. An empty list has no key `messages`."""
    if not isinstance(answer, dict):
        return None
    rows = answer.get("messages", [])
    return [each["id"] for each in rows if isinstance(each, dict) and _is_id(each.get("id"))] if _list(rows) else None


def next_page(answer: Any) -> str:
    """Return the token of the next page, "" if this is the last one."""
    token = answer.get("nextPageToken") if isinstance(answer, dict) else None
    return token if isinstance(token, str) and 0 < len(token) <= 2000 else ""


def history_id(answer: Any) -> str:
    """Return the id from which the history goes on, "" without one."""
    value = answer.get("historyId") if isinstance(answer, dict) else None
    return value if isinstance(value, str) and _NUMBER.fullmatch(value) and value.strip("0") else ""


def changed(answer: Any) -> dict[str, frozenset[str] | None]:
    """Return the messages that came or got a label, with their labels then, None if it does not say. Nothing new has no
    key `history`."""
    rows = answer.get("history", []) if isinstance(answer, dict) else []
    found: dict[str, frozenset[str] | None] = {}
    for row in rows if _list(rows) else ():
        for kind in ("messagesAdded", "labelsAdded"):
            events = row.get(kind, []) if isinstance(row, dict) else []
            for event in events if _list(events) else ():
                message = event.get("message") if isinstance(event, dict) else None
                if isinstance(message, dict) and _is_id(message.get("id")):
                    named = message.get("labelIds")
                    found[message["id"]] = _texts(named) if _list(named) else None
    return found


def labels(answer: Any) -> list[GmailLabel]:
    """Return the labels that the user made."""
    rows = answer.get("labels", []) if isinstance(answer, dict) else []
    return [
        GmailLabel(row["id"], one_line(row["name"], 255))
        for row in (rows[:MAX_LABELS] if _list(rows) else ())
        if isinstance(row, dict)
        and row.get("type") == "user"
        and isinstance(row.get("name"), str)
        and row["name"]
        and _is_id(row.get("id"))
    ]


def message(answer: Any) -> GmailMessage | None:
    """Read a message in the format metadata; None if it is none."""
    if not isinstance(answer, dict) or not _is_id(answer.get("id")):
        return None
    payload, named, size = answer.get("payload"), answer.get("labelIds", []), answer.get("sizeEstimate")
    return GmailMessage(
        answer["id"],
        _texts(named) if _list(named) else frozenset(),
        _time(answer.get("internalDate")),
        size if type(size) is int and size >= 0 else 0,
        _headers(payload.get("headers") if isinstance(payload, dict) else None),
    )


def raw_message(answer: Any) -> bytes:
    """Return the octets of a message in the format raw, empty if it has none."""
    raw = answer.get("raw") if isinstance(answer, dict) else None
    if not isinstance(raw, str) or not raw.isascii():
        return b""
    try:
        return base64.urlsafe_b64decode(raw.rstrip("=") + "=" * (-len(raw.rstrip("=")) % 4))
    except (ValueError, binascii.Error):
        return b""


def _time(value: Any) -> datetime | None:
    """Return the time of so many milliseconds since 1970, None if it is none."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(value))
    except OverflowError:
        return None


def _headers(fields: Any) -> bytes:
    """Return the header section that this list of names and values stands for. A value is one line, whatever it holds:
    otherwise it could bring fields of its own."""
    lines, length = list[bytes](), 0
    for name, value in _pairs(fields):
        lines.append(f"{name}: {_BREAKS.sub(' ', value)}\r\n".encode("utf-8", "replace"))
        length += len(lines[-1])
        if length >= HEADER_LIMIT:
            break
    return b"".join(lines)[:HEADER_LIMIT]


def _pairs(fields: Any) -> Iterator[tuple[str, str]]:
    for each in fields if _list(fields) else ():
        name, value = (each.get("name"), each.get("value")) if isinstance(each, dict) else (None, None)
        if isinstance(name, str) and isinstance(value, str) and _FIELD.fullmatch(name):
            yield name, value[:HEADER_LIMIT].lstrip()


def _texts(values: Any) -> frozenset[str]:
    return frozenset(each for each in values if isinstance(each, str))


def _list(value: Any) -> bool:
    return isinstance(value, list)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
