"""Rows of Mimecast's tracking: each is a statement of what became of a message. Pure; all of it is hostile.

Sources: integrations.mimecast.com, Message Finder, Search, for the fields; community.mimecast.com, DOC-1466 and
DOC-2182, for the queues that are searched and what they hold. The values of `status` are documented nowhere: `archived`
is that of a real account, the others are the names of those queues and not confirmed. A word that is not here says
nothing.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from probes.display import one_line
from probes.outcome import Cause
from probes.traced import Side, Traced, TraceFate

SOURCE = "mimecast"
MAX_ROWS = 50
MAX_RULE_CHARS = 200
INBOUND = "inbound"  # a route; a message to others may have the same Message-ID

FATES: Mapping[str, TraceFate] = {  # `status`, in lower case
    "archived": TraceFate.HANDED_OVER,  # in its final state: delivered to the server behind it, or bounced
    "accepted": TraceFate.HANDED_OVER,  # not archived yet; it may be held, or on retry
    "held": TraceFate.HELD,
    "rejected": TraceFate.REFUSED,  # no data was accepted, and the sender was told
    "bounced": TraceFate.REFUSED,  # accepted, and refused by the next server
    "deferred": TraceFate.DEFERRED,
}
EXPLAINED = frozenset({TraceFate.HELD, TraceFate.REFUSED, TraceFate.DEFERRED})

CAUSES: tuple[tuple[str, Cause], ...] = (  # words of `info` of a held message in lower case; first hit wins
    # Reasons of "Get Hold Message List" are such as "Message Hold Applied - Spam Signature policy"
    ("spam", Cause.CONTENT),
    ("virus", Cause.CONTENT),
    ("malware", Cause.CONTENT),
    ("policy", Cause.POLICY),
)

_ERROR = re.compile(r"[A-Za-z0-9_.-]{1,80}")


def failure_of(answer: Any) -> str:
    """Return the code of the first error of an answer that has some, "" for none."""
    failed = answer.get("fail") if isinstance(answer, dict) else None
    if not isinstance(failed, list) or not failed:
        return ""
    errors = failed[0].get("errors") if isinstance(failed[0], dict) else None
    first = errors[0] if isinstance(errors, list) and errors else failed[0]
    code = first.get("code") if isinstance(first, dict) else None
    return code if isinstance(code, str) and _ERROR.fullmatch(code) else "an error without a code"


def rows_of(answer: Any) -> list[Mapping[str, Any]] | None:
    """Return the rows, None if the answer is no list of rows."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        return None
    lists = (each.get("trackedEmails") for each in data[:MAX_ROWS] if isinstance(each, dict))
    rows: list[Mapping[str, Any]] = [
        row for listed in lists if isinstance(listed, list) for row in listed[:MAX_ROWS] if isinstance(row, dict)
    ]
    return rows[:MAX_ROWS]


def statement(row: Mapping[str, Any], recipient: str, number: int, now: datetime) -> Traced | None:
    """Return what the row says, None if it is about another recipient, or its status is unknown."""
    fate = FATES.get(_text(row, "status").lower())
    if fate is None or _text(row, "route").lower() not in ("", INBOUND) or not _for(row, recipient):
        return None
    info = one_line(_text(row, "info"), MAX_RULE_CHARS).strip()
    return Traced(
        at=now, source=SOURCE, side=Side.RECEIVER, fate=fate, number=number, happened_at=_time(row.get("received")),
        from_ip=_ip(row.get("senderIP")), rule=info if fate in EXPLAINED else "",
        cause=_cause(info) if fate is TraceFate.HELD else None,
    )  # fmt: skip


def _cause(info: str) -> Cause | None:
    return next((cause for words, cause in CAUSES if words in info.lower()), None)


def _for(row: Mapping[str, Any], recipient: str) -> bool:
    """Test if the row is for this recipient; one without readable recipients may be."""
    listed = row.get("to")
    people = listed[:MAX_ROWS] if isinstance(listed, list) else [listed]
    known = [_text(each, "emailAddress").lower() for each in people if isinstance(each, dict)]
    return not any(known) or recipient.lower() in known


def _text(row: Mapping[str, Any], name: str) -> str:
    return value if isinstance(value := row.get(name), str) else ""


def _ip(value: Any) -> str:
    try:
        return str(ip_address(value)) if isinstance(value, str) else ""
    except ValueError:
        return ""


def _time(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        return at.astimezone(UTC) if at and at.tzinfo else None
    except (ValueError, OverflowError):
        return None
