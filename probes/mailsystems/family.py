"""Families of causes: causes with the same fix, and so the same runbook."""

from enum import StrEnum

from probes.outcome import Cause


class CauseFamily(StrEnum):
    """Causes that are fixed in the same way. Each has a runbook page, "cause-" and its name."""

    ADDRESS = "address"  # the sender's IP address is on a list, of the receiver's or a public one
    REPUTATION = "reputation"  # its standing is judged poor, or it sends too fast
    DOMAIN = "domain"  # the sender's domain is on a list of the receiver's
    AUTHENTICATION = "authentication"  # SPF, DKIM, DMARC or the reverse name does not hold
    CONTENT = "content"  # a filter takes the mail for spam
    POLICY = "policy"  # refused by a rule that does not say which
    GREYLISTING = "greylisting"  # deferred until the code has expired
    FIREWALL = "firewall"  # no connection, or it is cut
    SUPPRESSED = "suppressed"  # the sender's own mail service no longer tries
    RECIPIENT = "recipient"  # the mailbox or its domain
    TRANSPORT = "transport"  # the receiver's server or the way to it
    OURS = "ours"  # our own network, login or message
    UNCLEAR = "unclear"  # accepted and never seen, late without a reason, refused without one


FAMILIES: dict[Cause | None, CauseFamily] = {
    Cause.IP_BLOCKED: CauseFamily.ADDRESS,
    Cause.IP_LISTED: CauseFamily.ADDRESS,
    Cause.REPUTATION: CauseFamily.REPUTATION,
    Cause.RATE_LIMITED: CauseFamily.REPUTATION,
    Cause.DOMAIN_BLOCKED: CauseFamily.DOMAIN,
    Cause.AUTHENTICATION: CauseFamily.AUTHENTICATION,
    Cause.RDNS: CauseFamily.AUTHENTICATION,
    Cause.CONTENT: CauseFamily.CONTENT,
    Cause.POLICY: CauseFamily.POLICY,
    Cause.GREYLISTED: CauseFamily.GREYLISTING,
    Cause.FIREWALL: CauseFamily.FIREWALL,
    Cause.SUPPRESSED: CauseFamily.SUPPRESSED,
    Cause.NO_SUCH_USER: CauseFamily.RECIPIENT,
    Cause.CASE_SENSITIVE_USER: CauseFamily.RECIPIENT,
    Cause.MAILBOX_FULL: CauseFamily.RECIPIENT,
    Cause.MAILBOX_DISABLED: CauseFamily.RECIPIENT,
    Cause.MOVED: CauseFamily.RECIPIENT,
    Cause.DOMAIN_UNKNOWN: CauseFamily.RECIPIENT,
    Cause.TLS: CauseFamily.TRANSPORT,
    Cause.TOO_LARGE: CauseFamily.TRANSPORT,
    Cause.RELAY_DENIED: CauseFamily.TRANSPORT,
    Cause.SERVER_FAULT: CauseFamily.TRANSPORT,
    Cause.EXPIRED: CauseFamily.TRANSPORT,
    Cause.NETWORK: CauseFamily.OURS,
    Cause.MALFORMED: CauseFamily.OURS,
    Cause.UNCLEAR: CauseFamily.UNCLEAR,
    None: CauseFamily.OURS,  # no cause of the list: our own login or listener
}


def family_of(cause: Cause | None) -> CauseFamily:
    """Return the family of a cause; None is a verdict without a cause."""
    return FAMILIES[cause]


def runbook_of(cause: Cause | None) -> str:
    """Return the name of the runbook for a cause."""
    return f"cause-{family_of(cause)}"
