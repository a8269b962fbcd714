"""Notifications that services send as JSON in a message: Amazon SES through SNS."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from probes.reading.facts import MailKind

MAX_JSON_CHARS = 1 << 18


class Notified(NamedTuple):
    """A notification's statement about one recipient."""

    address: str
    action: str
    status: str
    text: str


class Notification(NamedTuple):
    """A complete notification."""

    kind: MailKind
    recipients: tuple[Notified, ...]
    reporting_mta: str


_KINDS = {"Bounce": MailKind.BOUNCE, "Complaint": MailKind.COMPLAINT, "Delivery": MailKind.SUCCESS}


def notification_in(text: str) -> Notification | None:
    """Read "notificationType" (identity notifications) or "eventType" (configuration sets); None for other texts."""
    text = text.lstrip()
    if not text.startswith("{"):
        return None
    try:
        said, _ = json.JSONDecoder(strict=False).raw_decode(text[:MAX_JSON_CHARS])
    except (ValueError, RecursionError):
        return None
    name = said.get("notificationType", said.get("eventType")) if isinstance(said, dict) else None
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        return None
    about = said.get(str(name).lower())
    about = about if isinstance(about, dict) else {}
    return Notification(kind, tuple(_recipients(kind, about)), _string(about, "reportingMTA"))


def _recipients(kind: MailKind, about: dict[str, Any]) -> Iterator[Notified]:
    for name in ("bouncedRecipients", "complainedRecipients", "recipients"):
        listed = about.get(name)
        for one in listed[:500] if isinstance(listed, list) else ():
            if isinstance(one, str):
                yield Notified(one[:1000], "delivered", "", _string(about, "smtpResponse"))
            elif isinstance(one, dict):
                action = _string(one, "action") or ("failed" if kind is MailKind.BOUNCE else "delivered")
                yield Notified(
                    _string(one, "emailAddress")[:1000], action, _string(one, "status"), _string(one, "diagnosticCode")
                )


def _string(source: dict[str, Any], name: str) -> str:
    value = source.get(name)
    return value if isinstance(value, str) else ""
