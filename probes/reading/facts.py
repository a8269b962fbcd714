"""Results of the readers, as plain frozen values. Field names are those of `mailpath read --json`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from probes.answer import Stage
from probes.evidence import MailKind as MailKind
from probes.outcome import Cause, Concern


@dataclass(frozen=True, slots=True)
class Rival:
    """Another cause that the same reply may have, and its probability, 0 to 1."""

    cause: Cause
    probability: float


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """One refusal. `confidence` is the probability that `cause` is right, 0 to 1; `rivals` are the other candidates,
    most probable first, also those between which an unclear reply could not be decided.

    `permanent` is None if neither codes nor words tell; `retry_after` is the wait that it offers.

    `vendor` is the product whose wording it is ("m365", "postfix", ...), "" if none in particular.
    """

    cause: Cause
    confidence: float
    permanent: bool | None = None
    code: int | None = None
    enhanced: str | None = None
    stage: Stage | None = None
    blocklist: str | None = None
    retry_after: timedelta | None = None
    address: str | None = None
    vendor: str = ""
    rivals: tuple[Rival, ...] = ()

    @property
    def concerns(self) -> Concern:
        """The party that the cause concerns."""
        return self.cause.concerns

    @property
    def is_acceptance(self) -> bool:
        """True if the server agrees to a command: that is no refusal, whatever else stands there."""
        return self.code is not None and self.code // 100 in (2, 3)


@dataclass(frozen=True, slots=True)
class RecipientFacts:
    """A bounce's statement about one recipient. `action` as in RFC 3464: failed, delayed, delivered, relayed,
    expanded."""

    address: str
    action: str
    status: str | None
    reply: str
    cause: Cause
    permanent: bool | None
    remote_mta: str = ""
    facts: ReplyFacts | None = None


@dataclass(frozen=True, slots=True)
class BounceFacts:
    """A message about another message. `token` is the probe's, wherever it survived; not verified here.

    `left_out` is the number of recipients beyond those in `recipients`, as far as the message was read.
    """

    kind: MailKind
    recipients: tuple[RecipientFacts, ...]
    reporting_mta: str = ""
    token: str | None = None
    left_out: int = 0

    @property
    def is_bounce(self) -> bool:
        """True if it says that a message was not delivered, or not yet."""
        return self.kind in (MailKind.BOUNCE, MailKind.DELAY)


class Finding(StrEnum):
    """A filter's opinion of a message."""

    CLEAN = "clean"
    SPAM = "spam"
    PHISHING = "phishing"
    BULK = "bulk"
    QUARANTINED = "quarantined"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class FilterFacts:
    """One filter's verdict. `line` is the header that states it, one line of at most 300 characters.

    `believed`: the receiver's side stated it, as far as the headers tell, and `MessageFacts.verdict` rests on it.
    """

    vendor: str
    verdict: Finding
    score: float | None = None
    threshold: float | None = None
    rules: tuple[str, ...] = ()
    line: str = ""
    believed: bool = True


@dataclass(frozen=True, slots=True)
class AuthenticationFacts:
    """Results of the receiver's own checks ("pass", "fail", "softfail", "none", ...); None if not stated."""

    spf: str | None = None
    dkim: str | None = None
    dmarc: str | None = None
    arc: str | None = None


@dataclass(frozen=True, slots=True)
class HopFacts:
    """One Received line. `ip` is the address that connected; `delay` the time since the hop below."""

    by: str
    ip: str
    at: datetime | None
    helo: str = ""
    rdns: str = ""
    tls: str = ""
    delay: timedelta | None = None


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """The receiver's statements about an arrived message. Hops are topmost (latest) first.

    `verdict` is that of all filters; `folder` is set if a header names it ("inbox", "junk"); `notes` are facts about
    the arrival in words ("subject marked [EXTERNAL]", "links rewritten by ...", "greylisted for 301 s").
    """

    connecting_ip: str | None
    hops: tuple[HopFacts, ...]
    authentication: AuthenticationFacts
    filters: tuple[FilterFacts, ...]
    verdict: Finding | None
    folder: str | None = None
    notes: tuple[str, ...] = ()
