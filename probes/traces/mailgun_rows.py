"""Rows of Mailgun's log as statements. Pure; every row is hostile.

The fields are those of documentation.mailgun.com, "Event structure", and of mailgun-go's `events` (18 July 2026). What
they mean is in the tables below; the words of the company's server are read by the reply table like any others.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_address
from typing import Any

from probes.display import one_line
from probes.outcome import Cause
from probes.traced import MAX_TEXT_CHARS, Side, Traced, TraceFate
from probes.traces import SentMail, TraceQuestion

SOURCE = "mailgun"
ROWS_PER_MESSAGE = 20  # of which the last are kept: eight attempts are usual
MAX_ID_CHARS = 998
MAX_HOST_CHARS = 255
MAX_EVENT_ID_CHARS = 100

FATES: dict[tuple[str, str], TraceFate] = {
    # event and severity: documentation.mailgun.com, "Event types"; mailgun-go events/events.go
    ("accepted", ""): TraceFate.HANDED_OVER,
    ("delivered", ""): TraceFate.DELIVERED,
    ("failed", "temporary"): TraceFate.DEFERRED,
    ("failed", "permanent"): TraceFate.REFUSED,
    ("rejected", ""): TraceFate.REFUSED,
}

SUPPRESSED: dict[str, str] = {
    # reason: the list that the address is on. mailgun-go events/enums.go; documentation.mailgun.com, "Suppressions"
    "suppress-bounce": "bounces",
    "suppress-unsubscribe": "unsubscribes",
    "suppress-complaint": "complaints",
}
SUPPRESSED_CODES: dict[int, str] = {
    # mailgun-mcp-server src/custom-tools/investigate-message-delivery.ts (commit 73263d19) reads them so
    605: "bounces",
    606: "unsubscribes",
    607: "complaints",
}
GIVEN_UP = "old"
"""The reason of the last failure after all retries, which may still have the severity "temporary":
feedback.mailgun.com 914635/37219720."""

NO_SERVER = 498
"""Mailgun's own code: no MX, or none that it could reach (help.mailgun.com 360012750413; feedback.mailgun.com
156243/45424228). Nobody was asked."""


def read_rows(items: object, questions: Sequence[TraceQuestion], at: datetime) -> dict[str, list[Traced]]:
    """Return the statements about these messages by their Message-ID, the earliest first."""
    asked = {question.message_id: question for question in questions}
    found: dict[str, dict[str, Traced]] = {}
    for row in items if isinstance(items, list) else ():
        question = asked.get(_message_id(row))
        if question and _for(row, question.recipient) and (traced := _statement(row, at)):
            found.setdefault(question.message_id, {})[_event_id(row)] = traced
    return {message_id: _in_order(rows.values()) for message_id, rows in found.items()}


def sent_rows(items: object, at: datetime) -> list[SentMail]:
    """Return what these rows say of any mail, each with its id, its recipient and its Message-ID."""
    rows = [row for row in items if isinstance(row, dict)] if isinstance(items, list) else []
    found = ((row, _statement(row, at)) for row in rows)
    return [SentMail(_event_id(row), _recipient(row), traced, _message_id(row)) for row, traced in found if traced]


def _recipient(row: Mapping[str, Any]) -> str:
    named = row.get("recipient")
    return named.strip().lower()[:MAX_ID_CHARS] if isinstance(named, str) else ""


def suppression_list(traced: Traced) -> str:
    """Return the list by which a message was suppressed; "" if it was not."""
    return traced.rule if traced.fate is TraceFate.SUPPRESSED else ""


def read_suppression(value: object) -> str:
    """Return what an entry of a list says: the failure by which the address came onto it, and when."""
    if not isinstance(value, Mapping):
        return ""
    since = _text(value.get("created_at"), 60)
    code, error = _code(value.get("code")), _text(value.get("error"), MAX_TEXT_CHARS)
    words = " ".join(filter(None, (str(code or ""), error)))
    return ", ".join(filter(None, (words, f"since {since}" if since else "")))


def _in_order(rows: Iterable[Traced]) -> list[Traced]:
    return sorted(rows, key=lambda traced: traced.happened_at or traced.at)[-ROWS_PER_MESSAGE:]


def _statement(row: Mapping[str, Any], at: datetime) -> Traced | None:
    event, severity, reason = (_word(row.get(name)) for name in ("event", "severity", "reason"))
    fate = FATES.get((event, severity if event == "failed" else ""))
    if fate is None:
        return None
    status, envelope = _table(row.get("delivery-status")), _table(row.get("envelope"))
    code = _code(status.get("code"))
    enhanced = _enhanced(status.get("enhanced-code"))
    text = _reply(status, enhanced) or (_text(row.get("reason"), MAX_TEXT_CHARS) if event == "rejected" else "")
    listed = SUPPRESSED.get(reason) or SUPPRESSED_CODES.get(code or 0, "") if event == "failed" else ""
    cause: Cause | None = None
    if listed:
        fate, cause = TraceFate.SUPPRESSED, Cause.SUPPRESSED
    elif event == "rejected":
        cause = Cause.RELAY_DENIED
    elif event == "failed" and code == NO_SERVER:
        cause = Cause.NETWORK
    elif event == "failed" and reason == GIVEN_UP:
        fate = TraceFate.REFUSED
        if last := _last_words(status):
            code, enhanced, text = _code(status.get("last-code")), None, last
        cause = None if _last_words(status) else Cause.EXPIRED
    return Traced(
        at, SOURCE, Side.SENDER, fate,
        happened_at=_time(row), from_ip=_ip(envelope.get("sending-ip")), to_host=_host(status.get("mx-host")),
        code=code, enhanced=enhanced, text=text, rule=listed, cause=cause,
    )  # fmt: skip


def _message_id(row: object) -> str:
    headers = _table(_table(_table(row).get("message")).get("headers"))
    found = headers.get("message-id")
    return (
        found.strip().removeprefix("<").removesuffix(">")
        if isinstance(found, str) and len(found) < MAX_ID_CHARS
        else ""
    )


def _for(row: Mapping[str, Any], recipient: str) -> bool:
    """Test if the row is about this recipient; a row without one is."""
    named = row.get("recipient")
    return named.strip().lower() == recipient.lower() if isinstance(named, str) and named else True


def _event_id(row: Mapping[str, Any]) -> str:
    """Return the id by which a row that comes twice is known; a digest of its content, if it has none, because ids are
    stored and the content has an address and a subject."""
    named = row.get("id")
    if isinstance(named, str) and 0 < len(named) <= MAX_EVENT_ID_CHARS:
        return named
    return sha256(repr(sorted(row.items(), key=str)).encode(errors="replace")).hexdigest()


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: object) -> str:
    return value.strip().lower()[:60] if isinstance(value, str) else ""


def _text(value: object, most: int) -> str:
    return one_line(value, most) if isinstance(value, str) else ""


def _reply(status: Mapping[str, Any], enhanced: str | None) -> str:
    """Return the server's words without the code that stands before them: the code has a field of its own."""
    text = _text(status.get("message"), MAX_TEXT_CHARS) or _text(status.get("description"), MAX_TEXT_CHARS)
    return text.removeprefix(enhanced).lstrip() if enhanced else text


def _last_words(status: Mapping[str, Any]) -> str:
    return _text(status.get("last-message"), MAX_TEXT_CHARS)


def _code(value: object) -> int | None:
    """Return a reply code, or one of Mailgun's own, which have a 6 in front."""
    if isinstance(value, str) and re.fullmatch(r"[1-9]\d\d", value, re.ASCII):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 200 <= value <= 699 else None


def _enhanced(value: object) -> str | None:
    found = isinstance(value, str) and re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", value, re.ASCII)
    return str(value) if found else None


def _host(value: object) -> str:
    return (
        value if isinstance(value, str) and re.fullmatch(rf"[\w.:\[\]-]{{1,{MAX_HOST_CHARS}}}", value, re.ASCII) else ""
    )


def _ip(value: object) -> str:
    try:
        return str(ip_address(value)) if isinstance(value, str) else ""
    except ValueError:
        return ""


def _time(row: Mapping[str, Any]) -> datetime | None:
    """Return when it happened: `@timestamp` of the log (ISO 8601), or `timestamp` of events (seconds)."""
    written, seconds = row.get("@timestamp"), row.get("timestamp")
    try:
        if isinstance(written, str):
            at = datetime.fromisoformat(written[:40])
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        if isinstance(seconds, int | float) and not isinstance(seconds, bool):
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
