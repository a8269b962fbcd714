"""Microsoft Graph's answers about mail, and the queries for them. Pure; every answer is hostile.

Sources: learn.microsoft.com/graph/api/resources/message, .../mailfolder, and /graph/api/user-list-messages.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from probes.mailboxes.excerpt import BODY_LIMIT, HEADER_LIMIT

MAX_ID_CHARS = 1000
MAX_NAME_CHARS = 300
NEXT_PAGE = "@odata.nextLink"
LISTED = {"$select": "id,receivedDateTime", "$top": "1000"}
READ = {"$select": "id,internetMessageHeaders,receivedDateTime,parentFolderId", "$top": "50"}
FOLDERS = {"$select": "id,displayName,childFolderCount", "$top": "100"}

_FIELD = re.compile(r"[!-9;-~]{1,200}")  # RFC 5322, section 2.2
_BREAKS = re.compile(r"[\r\n]+")


@dataclass(frozen=True, slots=True)
class GraphMessage:
    """A message as listed. `headers`: its header section as far as HEADER_LIMIT, empty if it was not asked for."""

    id: str
    came: datetime | None
    headers: bytes = b""
    folder_id: str = ""


@dataclass(frozen=True, slots=True)
class GraphFolder:
    """A folder as listed. `parent`: it has folders in it."""

    id: str
    name: str
    parent: bool = False


def since(floor: datetime) -> Mapping[str, str]:
    """Return the query for mail that came at this time or later, the newest first."""
    at = floor.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"$filter": f"receivedDateTime ge {at}", "$orderby": "receivedDateTime desc"}


def items_of(answer: Any) -> list[Any] | None:
    """Return the items of a list, None if the answer is no list: that of an error has none either."""
    items = answer.get("value") if isinstance(answer, dict) else None
    return items if isinstance(items, list) else None


def next_page(answer: Any) -> str:
    """Return the URL of the next page, "" if this is the last one."""
    link = answer.get(NEXT_PAGE) if isinstance(answer, dict) else None
    return link if isinstance(link, str) else ""


def message(item: Any) -> GraphMessage | None:
    """Read a message; None if it is none."""
    if not isinstance(item, dict) or not (key := _id(item)):
        return None
    folder = item.get("parentFolderId")
    return GraphMessage(
        key, _time(item.get("receivedDateTime")), _headers(item.get("internetMessageHeaders")),
        folder if isinstance(folder, str) else "",
    )  # fmt: skip


def folder(item: Any) -> GraphFolder | None:
    """Read a folder; None if it is none."""
    if not isinstance(item, dict) or not (key := _id(item)):
        return None
    name, children = item.get("displayName"), item.get("childFolderCount")
    shown = _BREAKS.sub(" ", name)[:MAX_NAME_CHARS] if isinstance(name, str) else ""
    return GraphFolder(key, shown or key[:MAX_NAME_CHARS], isinstance(children, int) and children > 0)


def body(item: Any) -> bytes:
    """Read the text of a message's body; empty if it has none, or one too long to be a probe's."""
    content = item.get("body") if isinstance(item, dict) else None
    text = content.get("content") if isinstance(content, dict) else None
    octets = text.encode("utf-8", "replace") if isinstance(text, str) and len(text) < BODY_LIMIT else b""
    return octets if len(octets) < BODY_LIMIT else b""


def _id(item: dict[str, Any]) -> str:
    key = item.get("id")
    return key if isinstance(key, str) and 0 < len(key) <= MAX_ID_CHARS else ""


def _time(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        return at.astimezone(UTC) if at and at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _headers(listed: Any) -> bytes:
    """Return the header section that this list of names and values stands for. A value is one line, whatever it holds:
    otherwise it could bring fields of its own."""
    section = b""
    for name, value in _fields(listed):
        section += f"{name}: {_BREAKS.sub(' ', value)}\r\n".encode("utf-8", "replace")
        if len(section) >= HEADER_LIMIT:
            break
    return section[:HEADER_LIMIT]


def _fields(listed: Any) -> Iterator[tuple[str, str]]:
    for each in listed if isinstance(listed, list) else ():
        name, value = (each.get("name"), each.get("value")) if isinstance(each, dict) else (None, None)
        if isinstance(name, str) and isinstance(value, str) and _FIELD.fullmatch(name):
            yield name, value[:HEADER_LIMIT].lstrip()
