"""Rows of Exchange Online's message trace: each is a statement of what became of a message. Pure; all of it is hostile.

Sources: learn.microsoft.com/graph/api/resources/exchangemessagetrace and .../exchangemessagetracedetail for the fields;
learn.microsoft.com/powershell/module/exchange/get-messagetracev2 for the meaning of each status. The words of details
are documented nowhere: their forms are those that administrators show of their own tenants.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from probes.display import one_line
from probes.outcome import Cause
from probes.traced import MAX_TEXT_CHARS, Side, Traced, TraceFate

SOURCE = "graph"
BEFORE = timedelta(hours=1)  # that Exchange's clock may be behind ours
WINDOW = timedelta(days=9)  # after the handover in which it is looked for; ten days in all are the most
MAX_ROWS = 50
MAX_DETAILS = 200
MAX_ID_CHARS = 200
MAX_RULE_CHARS = 200

FATES: Mapping[str, TraceFate] = {  # the status of a row: learn.microsoft.com, Get-MessageTraceV2, -Status
    "delivered": TraceFate.DELIVERED,  # delivered to its destination
    "expanded": TraceFate.HANDED_OVER,  # to a group's members, each of whom has a row of their own
    "failed": TraceFate.REFUSED,  # delivery was attempted and failed
    "filteredAsSpam": TraceFate.JUNK,  # marked as spam
    "quarantined": TraceFate.QUARANTINED,
    "pending": TraceFate.PENDING,  # underway, or deferred and being retried
    "gettingStatus": TraceFate.PENDING,  # waiting for a status
    "recalled": TraceFate.GONE,  # by its sender; only if unknown members are asked for
}
OTHERWISE = TraceFate.HANDED_OVER  # a status of later years: Exchange has it, and no more is known
EXPLAINED = frozenset({TraceFate.REFUSED, TraceFate.JUNK, TraceFate.QUARANTINED})
"""Fates of which the details say why."""

_REASON = re.compile(r"\bLED=(?P<reason>[^}]{1,2000})")  # "Reason: [{LED=550 5.7.1 text};{MSG=};{FQDN=};{IP=};{LRT=}]"
_CODES = re.compile(
    r"(?:Reason:\s*)?\[?\{?\s*(?P<code>[45]\d\d)[ -](?:(?P<enhanced>[45]\.\d{1,3}\.\d{1,3})\s*)?(?P<text>.*)", re.S
)
_QUOTED = re.compile(r"(?:Transport|DLP) rule: '(?P<name>[^']{1,200})'")
CAUSES: tuple[tuple[str, Cause], ...] = (  # words of an event in lower case, what it means; first hit wins
    ("malware", Cause.CONTENT),
    ("phish", Cause.CONTENT),
    ("spam", Cause.CONTENT),
    ("dlp rule", Cause.POLICY),
    ("transport rule", Cause.POLICY),
)

_FILTERS = ("malware", "spam", "phish")  # events of filters, in the order in which they outweigh each other


@dataclass(frozen=True, slots=True)
class MessageTraceRow:
    """One row: a message to one recipient."""

    id: str
    recipient: str
    status: str
    received: datetime | None
    from_ip: str
    to_ip: str

    @property
    def fate(self) -> TraceFate:
        """The meaning of its status."""
        return FATES.get(self.status, OTHERWISE)


def question(message_id: str, sent_at: datetime, now: datetime) -> Mapping[str, str]:
    """Return the query for the rows of this message: both times are required, and none may be in the future."""
    start, end = sent_at - BEFORE, max(sent_at, min(now, sent_at + WINDOW))
    value = message_id.replace("'", "''")
    text = f"messageId eq '<{value}>' and receivedDateTime ge {_at(start)} and receivedDateTime le {_at(end)}"
    return {"$filter": text, "$top": str(MAX_ROWS)}


def rows_of(answer: Any, recipient: str) -> list[MessageTraceRow] | None:
    """Return the rows about this recipient, each once; all of them if Exchange knows it by another address. None if the
    answer is no list of rows."""
    items = answer.get("value") if isinstance(answer, dict) else None
    if not isinstance(items, list):
        return None
    found = list(dict.fromkeys(row for row in map(_row, items[:MAX_ROWS]) if row))
    own = [row for row in found if row.recipient.lower() == recipient.lower()]
    return own or found


def details_of(answer: Any) -> list[dict[str, str]]:
    """Return the events of the details: their texts by name."""
    items = answer.get("value") if isinstance(answer, dict) else None
    found = [each for each in items[:MAX_DETAILS] if isinstance(each, dict)] if isinstance(items, list) else []
    return [
        {name: value for name in ("event", "action", "description") if isinstance(value := each.get(name), str)}
        for each in found
    ]


def statement(row: MessageTraceRow, details: Sequence[Mapping[str, str]], number: int, now: datetime) -> Traced:
    """Return what the row and its details say."""
    code, enhanced, text = _refusal(details) if row.fate is TraceFate.REFUSED else (None, None, "")
    return Traced(
        at=now, source=SOURCE, side=Side.RECEIVER, fate=row.fate, number=number, happened_at=row.received,
        from_ip=row.from_ip, to_host=row.to_ip, code=code, enhanced=enhanced, text=text,
        rule=_named(acted) if (acted := _acted(details, row.fate, text)) else "", cause=_cause(acted),
    )  # fmt: skip


def _at(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _row(item: Any) -> MessageTraceRow | None:
    if not isinstance(item, dict):
        return None
    key, recipient, status = (item.get(name) for name in ("id", "recipientAddress", "status"))
    if not isinstance(key, str) or not isinstance(status, str) or not 0 < len(key) <= MAX_ID_CHARS:
        return None
    known = recipient if isinstance(recipient, str) and len(recipient) <= 2 * MAX_ID_CHARS else ""
    ips = (_ip(item.get(name)) for name in ("fromIP", "toIP"))
    return MessageTraceRow(key, known, status[:MAX_ID_CHARS], _time(item.get("receivedDateTime")), *ips)


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


def _refusal(details: Sequence[Mapping[str, str]]) -> tuple[int | None, str | None, str]:
    """Return the codes and the text of the last failure: what the sender of a real mail would read in its bounce."""
    words = [each.get("description", "") for each in details if each.get("event", "").lower().startswith("fail")]
    for text in reversed(words):
        reason = found["reason"] if (found := _REASON.search(text)) else text
        if codes := _CODES.match(reason.strip()):
            return int(codes["code"]), codes["enhanced"], one_line(codes["text"], MAX_TEXT_CHARS).strip()
    return None, None, one_line(words[-1], MAX_TEXT_CHARS) if words else ""


def _acted(details: Sequence[Mapping[str, str]], fate: TraceFate, text: str) -> Mapping[str, str] | None:
    """Return the event that acted on the message, if any. A rule of the company that merely fits, such as one that lets
    the sender in, is not named for what a filter did; nor for a refusal that does not say that a rule refused."""
    events = [(each.get("event", "").lower(), each) for each in details]
    rules = [each for event, each in events if event.startswith(("transport rule", "dlp rule"))]
    if fate is TraceFate.REFUSED:
        return rules[-1] if rules and "TRANSPORT.RULES" in text.upper() else None
    for name in _FILTERS:
        if found := [each for event, each in events if name in event]:
            return found[-1]
    return rules[-1] if rules else None


def _cause(acted: Mapping[str, str] | None) -> Cause | None:
    """Return the cause that the event states; None for a refusal without one, whose reply tells it."""
    event = acted.get("event", "").lower() if acted else ""
    return next((cause for words, cause in CAUSES if words in event), None)


def _named(detail: Mapping[str, str]) -> str:
    event, description = detail.get("event", ""), detail.get("description", "")
    name = found["name"] if (found := _QUOTED.search(description)) else description
    return one_line(f"{event}: {name}" if name else event, MAX_RULE_CHARS)
