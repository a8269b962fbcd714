"""Notifications that services send as JSON: Amazon SES through SNS, in a message or alone.

Sources: "Amazon SNS notification contents for Amazon SES" and "Contents of event data that Amazon SES publishes to
Amazon SNS" in the SES developer guide; "HTTP/HTTPS notification JSON format" in that of SNS. SNS sends e-mail in two
forms: the notification as the text, above a footer about unsubscribing, or in an envelope as an escaped string.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from probes.outcome import Cause
from probes.reading.bounces.address import address_in, plain
from probes.reading.bounces.recipient import StatedCause
from probes.reading.bounces.report import action_of, untyped
from probes.reading.facts import MailKind

MAX_JSON_CHARS = 1 << 18  # SNS sends at most 256 KiB
RECIPIENTS_READ = 5000
MAX_ENVELOPES = 4  # a notification in SNS's envelope in a queue's or bus's
MAX_WORD_CHARS = 1000

Json = dict[str, Any]


class Notified(NamedTuple):
    """A notification's statement about one recipient. `stated` is the meaning of the service's own word for it."""

    address: str
    action: str
    status: str
    text: str
    stated: StatedCause | None = None
    permanent: bool | None = None


class Notification(NamedTuple):
    """A complete notification. `server` is the receiving server's address, "" if unknown."""

    kind: MailKind
    recipients: tuple[Notified, ...]
    reporting_mta: str
    server: str = ""


class _Event(NamedTuple):
    """One type of event: the object about it, the list of recipients in that, and the usual action."""

    kind: MailKind
    about: str = ""
    recipients: str = ""
    action: str = "failed"


_EVENTS: Mapping[str, _Event] = {
    "bounce": _Event(MailKind.BOUNCE, "bounce", "bouncedRecipients"),
    "complaint": _Event(MailKind.COMPLAINT, "complaint", "complainedRecipients", "delivered"),
    "delivery": _Event(MailKind.SUCCESS, "delivery", "recipients", "delivered"),
    "deliverydelay": _Event(MailKind.DELAY, "deliveryDelay", "delayedRecipients", "delayed"),
    "reject": _Event(MailKind.BOUNCE, "reject"),  # SES found a virus, and sent nothing
    "renderingfailure": _Event(MailKind.BOUNCE, "failure"),  # of a template: nothing was sent
    "send": _Event(MailKind.OTHER),
    "open": _Event(MailKind.OTHER),
    "click": _Event(MailKind.OTHER),
    "subscription": _Event(MailKind.OTHER),
    "received": _Event(MailKind.OTHER),
}
_CAUSES: Mapping[str, Cause] = {  # bounceSubType and delayType, if the diagnostic tells nothing
    "MailboxFull": Cause.MAILBOX_FULL,
    "MessageTooLarge": Cause.TOO_LARGE,
    "ContentRejected": Cause.CONTENT,
    "AttachmentRejected": Cause.CONTENT,
    "CustomTimeoutExceeded": Cause.EXPIRED,
    "SpamDetected": Cause.REPUTATION,  # "a large amount of unsolicited email from your account"
    "IPFailure": Cause.IP_BLOCKED,  # "is being blocked or throttled"
    "RecipientServerError": Cause.SERVER_FAULT,
    "InternalFailure": Cause.SERVER_FAULT,
    "TransientCommunicationFailure": Cause.NETWORK,
    "BYOIPHostNameLookupUnavailable": Cause.RDNS,
}
_UNSENT: Mapping[str, Cause] = {  # these decide, whatever the diagnostic says: SES itself did not send
    "Suppressed": Cause.SUPPRESSED,
    "OnAccountSuppressionList": Cause.SUPPRESSED,
    "UnsubscribedRecipient": Cause.SUPPRESSED,
    "reject": Cause.CONTENT,
    "renderingfailure": Cause.MALFORMED,
}
_LASTING: Mapping[str, bool] = {"Permanent": True, "Transient": False}


def notification_in(text: str) -> Notification | None:
    """Read "notificationType" (identity notifications) or "eventType" (configuration sets), with or without SNS's
    envelope; None for other texts."""
    said = _opened(_object(text))
    name = said.get("notificationType", said.get("eventType")) if said else None
    key = name[:40].replace(" ", "").lower() if isinstance(name, str) else ""
    event = _EVENTS.get(key)
    if said is None or event is None:
        return None
    about = _inner(said, event.about)
    return Notification(
        event.kind,
        tuple(_recipients(said, about, key, event)),
        _string(about, "reportingMTA"),
        _string(about, "remoteMtaIp"),
    )


_HARD_WRAP = re.compile(r"!?\r?\n ?")  # sendmail cuts long lines by "!", a line break and a space


def _object(text: str) -> Json | None:
    """Parse the object at the start of a text, whatever stands below; also one whose long lines were cut."""
    text = text.lstrip("\ufeff \t\r\n")[:MAX_JSON_CHARS]
    if not text.startswith("{"):
        return None
    for written in (text, _HARD_WRAP.sub("", text)):
        try:
            said, _ = json.JSONDecoder(strict=False).raw_decode(written)
        except (ValueError, RecursionError):
            continue
        return said if isinstance(said, dict) else None
    return None


def _opened(said: Json | None) -> Json | None:
    """Take a notification out of its envelopes."""
    for _ in range(MAX_ENVELOPES):
        if said is None or "notificationType" in said or "eventType" in said:
            break
        inner = next((said[name] for name in ("Message", "detail", "body") if name in said), None)
        said = inner if isinstance(inner, dict) else _object(inner) if isinstance(inner, str) else None
    return said


def _recipients(said: Json, about: Json, key: str, event: _Event) -> Iterator[Notified]:
    if event.kind is MailKind.OTHER:
        return
    word = _string(about, "bounceSubType") or _string(about, "delayType")
    stated = _stated(word, key)
    lasting = True if key in _UNSENT else _LASTING.get(_string(about, "bounceType"))
    told = next((_string(about, name) for name in ("smtpResponse", "reason", "errorMessage") if name in about), "")
    listed = about.get(event.recipients) if event.recipients else _inner(said, "mail").get("destination")
    for one in listed[:RECIPIENTS_READ] if isinstance(listed, list) else ():
        group = one if isinstance(one, dict) else {"emailAddress": one}
        address = _address(_string(group, "emailAddress"))
        if not address:
            continue
        status = _string(group, "status")
        action = action_of({"action": _string(group, "action") or event.action}, status or None)
        yield Notified(address, action, status, untyped(_string(group, "diagnosticCode")) or told, stated, lasting)


def _stated(word: str, key: str) -> StatedCause | None:
    if unsent := _UNSENT.get(word) or _UNSENT.get(key):
        return StatedCause(unsent, decides=True)
    cause = _CAUSES.get(word)
    return StatedCause(cause) if cause else None


def _address(written: str) -> str:
    together = "".join(written[:MAX_WORD_CHARS].splitlines())
    return address_in(together) or plain(together)


def _inner(source: Json, name: str) -> Json:
    value = source.get(name)
    return value if isinstance(value, dict) else {}


def _string(source: Json, name: str) -> str:
    value = source.get(name)
    return value if isinstance(value, str) else ""
