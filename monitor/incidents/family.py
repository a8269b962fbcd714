"""Families of causes: those that have one fix, and so one runbook."""

from enum import StrEnum

from probes.verdict import Cause


class Family(StrEnum):
    """Causes that are mended in the same way. Each has its page in the runbooks, "cause-" and its name."""

    ADDRESS = "address"  # the sender's IP address is on a list, of the receiver's or a public one
    REPUTATION = "reputation"  # its standing is judged poor, or it sends too fast
    DOMAIN = "domain"  # the sender's domain is on a list of the receiver's
    AUTHENTICATION = "authentication"  # SPF, DKIM, DMARC or the reverse name does not hold
    CONTENT = "content"  # a filter takes the mail for spam
    POLICY = "policy"  # refused by a rule that does not say which
    GREYLISTING = "greylisting"  # put off until the code is dead
    FIREWALL = "firewall"  # no connection, or it is cut
    SUPPRESSED = "suppressed"  # the sender's own mail service no longer tries
    RECIPIENT = "recipient"  # the mailbox or its domain
    TRANSPORT = "transport"  # the receiver's server or the way to it
    OURS = "ours"  # our own network, login or message
    UNCLEAR = "unclear"  # accepted and never seen, late without a reason, refused without one


FAMILIES: dict[Cause | None, Family] = {
    Cause.IP_BLOCKED: Family.ADDRESS,
    Cause.IP_LISTED: Family.ADDRESS,
    Cause.REPUTATION: Family.REPUTATION,
    Cause.RATE_LIMITED: Family.REPUTATION,
    Cause.DOMAIN_BLOCKED: Family.DOMAIN,
    Cause.AUTHENTICATION: Family.AUTHENTICATION,
    Cause.RDNS: Family.AUTHENTICATION,
    Cause.CONTENT: Family.CONTENT,
    Cause.POLICY: Family.POLICY,
    Cause.GREYLISTED: Family.GREYLISTING,
    Cause.FIREWALL: Family.FIREWALL,
    Cause.SUPPRESSED: Family.SUPPRESSED,
    Cause.NO_SUCH_USER: Family.RECIPIENT,
    Cause.CASE_SENSITIVE_USER: Family.RECIPIENT,
    Cause.MAILBOX_FULL: Family.RECIPIENT,
    Cause.MAILBOX_DISABLED: Family.RECIPIENT,
    Cause.MOVED: Family.RECIPIENT,
    Cause.DOMAIN_UNKNOWN: Family.RECIPIENT,
    Cause.TLS: Family.TRANSPORT,
    Cause.TOO_LARGE: Family.TRANSPORT,
    Cause.RELAY_DENIED: Family.TRANSPORT,
    Cause.SERVER_FAULT: Family.TRANSPORT,
    Cause.EXPIRED: Family.TRANSPORT,
    Cause.NETWORK: Family.OURS,
    Cause.MALFORMED: Family.OURS,
    Cause.UNCLEAR: Family.UNCLEAR,
    None: Family.OURS,  # no cause of the list: our own login or listener
}


def family_of(cause: Cause | None) -> Family:
    """The family of a cause; None is that of a verdict without one."""
    return FAMILIES[cause]


def runbook_of(cause: Cause | None) -> str:
    """The name of the runbook for a cause."""
    return f"cause-{family_of(cause)}"
