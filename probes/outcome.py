"""The closed sets that a verdict is made of: outcome, cause, whom a cause concerns, and grade."""

from enum import StrEnum


class Outcome(StrEnum):
    """Results of a probe."""

    INBOX = "inbox"
    LATE = "late"  # in the inbox, but after the code died
    SPAM = "spam"
    QUARANTINED = "quarantined"
    BLOCKED = "blocked"  # refused, or bounced after acceptance
    DEFERRED = "deferred"  # still temporarily refused when the code died
    MISSING = "missing"  # accepted, never seen
    UNKNOWN = "unknown"  # we could not look: never counted against the sender, never hidden


class Concern(StrEnum):
    """The party that a cause concerns, and that has to act."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    PATH = "path"
    OURSELVES = "ourselves"
    NOBODY_KNOWN = "nobody_known"


class Cause(StrEnum):
    """Reasons for any result but `inbox`."""

    IP_BLOCKED = "ip_blocked"
    IP_LISTED = "ip_listed"  # on a DNS blocklist
    DOMAIN_BLOCKED = "domain_blocked"
    AUTHENTICATION = "authentication"
    CONTENT = "content"
    REPUTATION = "reputation"
    RATE_LIMITED = "rate_limited"
    GREYLISTED = "greylisted"
    RDNS = "rdns"
    TLS = "tls"
    POLICY = "policy"
    FIREWALL = "firewall"  # no connection, or reset
    SUPPRESSED = "suppressed"  # the sender's own mail service no longer tries
    NO_SUCH_USER = "no_such_user"
    CASE_SENSITIVE_USER = "case_sensitive_user"
    MAILBOX_FULL = "mailbox_full"
    MAILBOX_DISABLED = "mailbox_disabled"
    MOVED = "moved"  # delivered, and a rule of the mailbox or its server put it into another folder
    DOMAIN_UNKNOWN = "domain_unknown"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    RELAY_DENIED = "relay_denied"
    SERVER_FAULT = "server_fault"
    NETWORK = "network"
    EXPIRED = "expired"  # given up after retries
    UNCLEAR = "unclear"

    @property
    def concerns(self) -> Concern:
        """The party that this cause concerns. Only causes that concern the sender may say "the sender is blocked"."""
        return CONCERNS[self]


CONCERNS: dict[Cause, Concern] = {
    Cause.IP_BLOCKED: Concern.SENDER,
    Cause.IP_LISTED: Concern.SENDER,
    Cause.DOMAIN_BLOCKED: Concern.SENDER,
    Cause.AUTHENTICATION: Concern.SENDER,
    Cause.CONTENT: Concern.SENDER,
    Cause.REPUTATION: Concern.SENDER,
    Cause.RATE_LIMITED: Concern.SENDER,
    Cause.GREYLISTED: Concern.SENDER,
    Cause.RDNS: Concern.SENDER,
    Cause.TLS: Concern.PATH,
    Cause.POLICY: Concern.SENDER,
    Cause.FIREWALL: Concern.SENDER,
    Cause.SUPPRESSED: Concern.SENDER,
    Cause.NO_SUCH_USER: Concern.RECIPIENT,
    Cause.CASE_SENSITIVE_USER: Concern.RECIPIENT,
    Cause.MAILBOX_FULL: Concern.RECIPIENT,
    Cause.MAILBOX_DISABLED: Concern.RECIPIENT,
    Cause.MOVED: Concern.RECIPIENT,
    Cause.DOMAIN_UNKNOWN: Concern.RECIPIENT,
    Cause.TOO_LARGE: Concern.PATH,
    Cause.MALFORMED: Concern.OURSELVES,
    Cause.RELAY_DENIED: Concern.PATH,
    Cause.SERVER_FAULT: Concern.PATH,
    Cause.NETWORK: Concern.OURSELVES,
    Cause.EXPIRED: Concern.PATH,
    Cause.UNCLEAR: Concern.NOBODY_KNOWN,
}


class Grade(StrEnum):
    """The strength of a verdict's proof, best first. Grades are never mixed in one figure."""

    REAL = "real"  # left from the source IP, and the receiver's own headers say so
    IMPERSONATED = "impersonated"  # XCLIENT or PROXY on the company's own gateway
    SCANNED = "scanned"  # a content filter was asked, nothing was delivered
    UNPROVEN = "unproven"  # the connecting IP was another or could not be read, a copy was seen, a bounce may be forged
