"""Rows of Cloudflare Email Security: each is a statement of what became of a message. Pure; all of it is hostile.

Sources: developers.cloudflare.com/api, Email Security, Investigate, "Search email messages", and Cloudflare's own
libraries, which are made from its OpenAPI document, for the fields and their values; developers.cloudflare.com/
cloudflare-one/email-security/reference/dispositions-and-attributes for the meaning of each disposition. What a
`delivery_status` means is documented by its word alone, and no sample of a real account was seen.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from probes.display import one_line
from probes.outcome import Cause
from probes.traced import Side, Traced, TraceFate

SOURCE = "cloudflare"
MAX_ROWS = 50
MAX_LISTED = 50  # of the lists in a row
MAX_RULE_CHARS = 200


class StatusMeaning(NamedTuple):
    """The fate that a status states, and the status in words; "" where its fate says it all. `by_filter`: Cloudflare
    itself did it, and its verdict is the reason."""

    fate: TraceFate
    words: str = ""
    by_filter: bool = False


QUARANTINED = StatusMeaning(TraceFate.QUARANTINED, by_filter=True)
SCANNED = StatusMeaning(TraceFate.HANDED_OVER, "scanned")
MOVED = StatusMeaning(TraceFate.HANDED_OVER, "moved to another folder after delivery", by_filter=True)

STATUSES: Mapping[str, StatusMeaning] = {  # `delivery_status`, a list; of several words the first one here counts
    "moved": MOVED,
    # To the server behind the gateway: whether that one put it into the mailbox, the gateway does not know
    "delivered": StatusMeaning(TraceFate.HANDED_OVER, "delivered to the mail system behind it"),
    "move_failed": StatusMeaning(TraceFate.HANDED_OVER, "delivered; could not be moved to another folder"),
    "bounced": StatusMeaning(TraceFate.REFUSED, "bounced by the mail system behind it"),
    "rejected": StatusMeaning(TraceFate.REFUSED, by_filter=True),
    "deferred": StatusMeaning(TraceFate.DEFERRED),
    "queued": StatusMeaning(TraceFate.PENDING),
}

FOLDERS: Mapping[str, TraceFate] = {  # the destinations of a move: "Move a message"
    "Inbox": TraceFate.DELIVERED,
    "JunkEmail": TraceFate.JUNK,
    "DeletedItems": TraceFate.GONE,
    "RecoverableItemsDeletions": TraceFate.GONE,
    "RecoverableItemsPurges": TraceFate.GONE,
}

CAUSES: Mapping[str, Cause] = {  # `final_disposition`. SPOOF is not here: see `_cause`
    "MALICIOUS": Cause.CONTENT,  # several triggers of phishing
    "MALICIOUS-BEC": Cause.CONTENT,
    "SUSPICIOUS": Cause.CONTENT,  # associated with phishing campaigns
    "SPAM": Cause.CONTENT,
    "BULK": Cause.CONTENT,
}
SPOOF = "SPOOF"
CHECKS = ("spf", "dkim", "dmarc")

SUBMISSIONS = frozenset(  # `delivery_mode` of what was sent in for a review or a report: not the message itself
    {
        "REVIEW_SUBMISSION",
        "DMARC_UNVERIFIED",
        "DMARC_FAILURE_REPORT",
        "DMARC_AGGREGATE_REPORT",
        "THREAT_INTEL_SUBMISSION",
        "SIMULATION_SUBMISSION",
    }
)


def rows_of(answer: Any, message_id: str) -> list[Mapping[str, Any]] | None:
    """Return the rows about this message, None if the answer is no list of rows."""
    items = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(items, list):
        return None
    rows = (row for row in items[:MAX_ROWS] if isinstance(row, dict))
    return [row for row in rows if _bare(_text(row, "message_id")) == _bare(message_id)]


def statement(row: Mapping[str, Any], number: int, now: datetime) -> Traced | None:
    """Return what the row says, None if it is about something else than the message itself."""
    if _text(row, "delivery_mode") in SUBMISSIONS:
        return None
    meaning = _meaning(row)
    fate = _folder(row) or meaning.fate if meaning is MOVED else meaning.fate
    refused = fate is TraceFate.REFUSED  # its text would be the server's reply
    return Traced(
        at=now, source=SOURCE, side=Side.RECEIVER, fate=fate, number=number, happened_at=_happened(row),
        text="" if refused else meaning.words, rule=_rule(row, meaning.words if refused else ""),
        cause=_cause(row) if meaning.by_filter else None,
    )  # fmt: skip


def _meaning(row: Mapping[str, Any]) -> StatusMeaning:
    """Return what its status means. `is_quarantined` says where the message is now; the status says more, but is in
    newer answers only."""
    words = {each for each in _list(row, "delivery_status") if isinstance(each, str)}
    now_there = row.get("is_quarantined")
    if now_there is True or ("quarantined" in words and now_there is not False):
        return QUARANTINED
    return next((meaning for word, meaning in STATUSES.items() if word in words), SCANNED)


def _folder(row: Mapping[str, Any]) -> TraceFate | None:
    """Return what the last move of its log made of it, None if that is not known."""
    moves = [each for each in _list(row, "action_log") if isinstance(each, dict) and each.get("operation") == "MOVE"]
    dated = sorted(((at, place) for place, each in enumerate(moves) if (at := _time(each.get("completed_at")))))
    details = moves[dated[-1][1]].get("properties") if dated else None
    return FOLDERS.get(_text(details, "folder")) if isinstance(details, dict) else None


def _cause(row: Mapping[str, Any]) -> Cause | None:
    """Return the cause that its details state. A SPOOF failed authentication, or has different addresses in envelope
    and header, which no rule forbids; so authentication is the cause only if a check failed."""
    if _blocklisted(row):
        return Cause.POLICY
    if (verdict := _text(row, "final_disposition")) != SPOOF:
        return CAUSES.get(verdict)
    checks = row.get("validation")
    failed = isinstance(checks, dict) and any(checks.get(name) == "fail" for name in CHECKS)
    return Cause.AUTHENTICATION if failed else None


def _rule(row: Mapping[str, Any], words: str) -> str:
    """Return what acted on it: a list of blocked senders, or the verdict and its reasons."""
    parts = [words] if words else []
    if _blocklisted(row):
        parts.append("blocked senders")
    if (verdict := _text(row, "final_disposition")) and verdict != "NONE":
        reasons = [each for each in _list(row, "detection_reasons") if isinstance(each, str) and each]
        parts.append(f"{verdict}: {', '.join(reasons)}" if reasons else verdict)
    return one_line("; ".join(parts), MAX_RULE_CHARS).strip()


def _blocklisted(row: Mapping[str, Any]) -> bool:
    properties = row.get("properties")
    return isinstance(properties, dict) and properties.get("blocklisted_message") is True


def _happened(row: Mapping[str, Any]) -> datetime | None:
    """Return when it was scanned; `ts` is the older name."""
    return next(_times(row), None)


def _times(row: Mapping[str, Any]) -> Iterator[datetime]:
    for name in ("scanned_at", "ts"):
        if at := _time(row.get(name)):
            yield at


def _text(row: Mapping[str, Any], name: str) -> str:
    return value if isinstance(value := row.get(name), str) else ""


def _list(row: Mapping[str, Any], name: str) -> list[Any]:
    return value[:MAX_LISTED] if isinstance(value := row.get(name), list) else []


def _bare(message_id: str) -> str:
    return message_id.strip().removeprefix("<").removesuffix(">").lower()


def _time(text: Any) -> datetime | None:
    """Return a time of Cloudflare, which is in UTC where it does not say."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC) if at else None
    except (ValueError, OverflowError):
        return None
