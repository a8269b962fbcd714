"""One statement of a trace: what somebody other than the mailbox says became of a message. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from probes.outcome import Cause

MAX_TEXT_CHARS = 1000  # of a server's words, or of a rule's name


SOURCES: dict[str, str] = {
    "mailgun": "Mailgun",
    "graph": "Microsoft 365",
    "gmail_reports": "Google Workspace",
    "cloudflare": "Cloudflare Email Security",
    "mimecast": "Mimecast",
    "cisco": "Cisco Secure Email",
}
"""The kinds of traces, and their names for people."""


def source_name(source: str) -> str:
    """Return the name of a kind of trace for people; of one that this version does not know, its key."""
    return SOURCES.get(source, source)


class Side(StrEnum):
    """The sides that a trace may speak for."""

    SENDER = "sender"  # the service that sends for the sender: knows what it was answered
    RECEIVER = "receiver"  # the company's own mail system: knows what it did with the message


class TraceFate(StrEnum):
    """The fate of a message, as a trace states it."""

    HANDED_OVER = "handed_over"  # taken by the one who is asked, and no more is known
    PENDING = "pending"  # still at work on it
    DEFERRED = "deferred"  # temporarily refused by the next server; it is tried again
    DELIVERED = "delivered"  # sender's side: taken by the company's server; receiver's side: put into the mailbox
    JUNK = "junk"
    QUARANTINED = "quarantined"
    HELD = "held"  # until somebody releases it
    REFUSED = "refused"
    SUPPRESSED = "suppressed"  # the sender's service no longer sends to this address
    GONE = "gone"  # discarded, or deleted after delivery
    NEVER_SEEN = "never_seen"  # the trace has no record of it
    NOT_ASKED = "not_asked"  # the trace could not be asked: says nothing of the message


class SuppressionReason(StrEnum):
    """Reasons for which the sender's service no longer sends to an address."""

    BOUNCED = "bounced"  # mail to it came back
    COMPLAINED = "complained"  # mail to it was reported as spam
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Suppression:
    """The entry of an address on a list of suppressed ones. `entry`: what it says of the failure, and since when, ""
    for nothing."""

    reason: SuppressionReason
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Traced:
    """One statement. `at` is when we were answered, `happened_at` when it happened by the other side's clock.

    `number` counts the times that this trace was asked about the probe, from 1. `source` is the name of the kind of
    trace and `side` whom it speaks for. `from_ip` is the address that the message left from, or that it came from;
    `to_host` the server that it was for. `code`, `enhanced` and `text` are a server's reply, verbatim; for NOT_ASKED
    `text` says why. `rule` is what acted on it: a policy's name, or a filter's verdict. `cause` is what the details
    state where no reply does, None if they state nothing.
    """

    at: datetime
    source: str
    side: Side
    fate: TraceFate
    number: int = 1
    happened_at: datetime | None = None
    from_ip: str = ""
    to_host: str = ""
    code: int | None = None
    enhanced: str | None = None
    text: str = ""
    rule: str = ""
    cause: Cause | None = None
    type: Literal["traced"] = "traced"

    @property
    def reply(self) -> str:
        """The server's reply with its codes, or the reason."""
        return " ".join(filter(None, (str(self.code or ""), self.enhanced, self.text)))

    @property
    def statement(self) -> tuple[object, ...]:
        """All that it says, equal however often it is said."""
        return (self.source, self.fate, self.from_ip, self.to_host, self.code, self.enhanced, self.text, self.rule)

    @property
    def once(self) -> str | None:
        """Each answer is stored once, also where two processes asked."""
        words = chr(0).join(str(part) for part in self.statement)
        said = hashlib.sha256(words.encode(errors="replace")).hexdigest()[:20]
        return f"trace:{self.source}:{self.number}:{said}"
