"""Rows of the message tracking of Cisco Secure Email: what each says became of a message. Pure; all of it is hostile.

Sources: samples of real answers in public integrations (demisto/content, Packs/CiscoSMA, of AsyncOS on an SMA;
opencybersecurityalliance/stix-shifter, cisco_secure_email, on an ESA). A row may have several of Cisco's own message
numbers (MID), because a message is split by policy and rewritten: `messageStatus`, `recipientMap` and `messageID` are
by MID, and each may lack some. Of the words of a status only "Delivered" and "Quarantined by Anti-Spam/Graymail" were
seen. "Dropped", "Bounced", "Hard bounced" and "Soft bounced" are those of the search's parameters (`deliveryStatus`,
`hardBounced`, `softBounced`); that a row says them in these words is not confirmed. Any other word says nothing.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address
from typing import Any

from probes.display import one_line
from probes.outcome import Cause
from probes.traced import Side, Traced, TraceFate

SOURCE = "cisco"
MAX_ROWS = 50
MAX_MIDS = 50  # of one row
MAX_RULE_CHARS = 200
INCOMING = "incoming"

FATES: tuple[tuple[str, TraceFate], ...] = (  # how `messageStatus` begins, in lower case; first hit wins
    ("delivered", TraceFate.HANDED_OVER),  # to the server behind it
    ("quarantined", TraceFate.QUARANTINED),
    ("dropped", TraceFate.GONE),
    ("hard bounced", TraceFate.REFUSED),
    ("bounced", TraceFate.REFUSED),
    ("soft bounced", TraceFate.DEFERRED),
    # "Aborted" is not here: reception ended before the message was taken, so that it is about another attempt
)
BY_FILTER = frozenset({TraceFate.QUARANTINED, TraceFate.GONE})

CAUSES: tuple[tuple[str, Cause], ...] = (  # words behind "by" in lower case; first hit wins
    ("anti-spam", Cause.CONTENT),  # seen
    # Not confirmed: the quarantines and filters are called so in Cisco's user guide
    ("anti-virus", Cause.CONTENT),
    ("outbreak", Cause.CONTENT),
    ("malware", Cause.CONTENT),
    ("filter", Cause.POLICY),
    ("policy", Cause.POLICY),
)

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = re.compile(  # "07 Sep 2022 08:10:33 (GMT)", "29 Aug 2023 10:00:48 (GMT +00:00)"
    r"(\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) \(GMT(?: ?([+-])(\d\d):(\d\d))?\)", re.ASCII
)


def rows_of(answer: Any) -> list[Mapping[str, Any]] | None:
    """Return the attributes of the rows, None if the answer is no list of rows."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        return None
    rows = (row.get("attributes") for row in data[:MAX_ROWS] if isinstance(row, dict))
    return [row for row in rows if isinstance(row, dict)]


def is_about(row: Mapping[str, Any], message_id: str) -> bool:
    """Test if the row has this Message-ID. It may have it for one of its MIDs alone."""
    known = _by_mid(row, "messageID").values()
    return any(isinstance(each, str) and _bare(each) == _bare(message_id) for each in known)


def statements(row: Mapping[str, Any], recipient: str, number: int, now: datetime) -> list[Traced]:
    """Return what the row says about the message to this recipient, nothing for words that are not known. A filter may
    drop or quarantine a copy, or the message as it was before it was rewritten; so where one MID was delivered, the
    others are not what became of the message."""
    if _text(row, "direction").lower() not in ("", INCOMING):
        return []
    happened_at, from_ip = _time(row.get("timestamp")), _ip(row.get("senderIp"))
    found = []
    for mid, status in _by_mid(row, "messageStatus").items():
        fate = _fate(status)
        if fate is None or not _for(row, mid, recipient):
            continue
        rule = _rule(str(status)) if fate in BY_FILTER else ""
        found.append(
            Traced(
                at=now, source=SOURCE, side=Side.RECEIVER, fate=fate, number=number, happened_at=happened_at,
                from_ip=from_ip, rule=rule, cause=_cause(rule) if fate is TraceFate.QUARANTINED else None,
            )
        )  # fmt: skip
    return [each for each in found if each.fate is TraceFate.HANDED_OVER] or found


def _fate(status: Any) -> TraceFate | None:
    if not isinstance(status, str):
        return None
    words = status.strip().lower()
    return next((fate for beginning, fate in FATES if re.match(rf"{beginning}\b", words)), None)


def _rule(status: str) -> str:
    """Return what acted on it: the words behind "by"."""
    return one_line(status[: 2 * MAX_RULE_CHARS], MAX_RULE_CHARS).partition(" by ")[2].strip()


def _cause(rule: str) -> Cause | None:
    return next((cause for words, cause in CAUSES if words in rule.lower()), None)


def _for(row: Mapping[str, Any], mid: str, recipient: str) -> bool:
    """Test if this MID is for this recipient; one without readable recipients may be."""
    listed = _by_mid(row, "recipientMap").get(mid, row.get("recipient"))
    people = listed[:MAX_ROWS] if isinstance(listed, list) else [listed]
    known = [each.lower() for each in people if isinstance(each, str) and each]
    return not known or recipient.lower() in known


def _by_mid(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = row.get(name)
    return {mid: value[mid] for mid in [*value][:MAX_MIDS]} if isinstance(value, dict) else {}


def _text(row: Mapping[str, Any], name: str) -> str:
    return value if isinstance(value := row.get(name), str) else ""


def _bare(message_id: str) -> str:
    return message_id.strip().removeprefix("<").removesuffix(">").lower()


def _ip(value: Any) -> str:
    try:
        return str(ip_address(value)) if isinstance(value, str) else ""
    except ValueError:
        return ""


def _time(text: Any) -> datetime | None:
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None or found[2] not in MONTHS:
        return None
    sign = -1 if found[7] == "-" else 1
    try:
        zone = timezone(sign * timedelta(hours=int(found[8] or 0), minutes=int(found[9] or 0)))
        day, hour, minute, second = (int(found[each]) for each in (1, 4, 5, 6))
        at = datetime(int(found[3]), MONTHS.index(found[2]) + 1, day, hour, minute, second, tzinfo=zone)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
