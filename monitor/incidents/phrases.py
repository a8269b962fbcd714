"""The words that notices are made of: tables, and how names, times and other people's text are written. Pure."""

from monitor.incidents.incident import Failure, Nature, Reason, Scope
from probes.display import clock
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome

MAX_NAME_CHARS = 40  # of a company, in a title

OUTCOMES: dict[Outcome, str] = {  # after "mail from ..."
    Outcome.INBOX: "arrives",
    Outcome.LATE: "too late",
    Outcome.SPAM: "in the spam folder",
    Outcome.QUARANTINED: "held in quarantine",
    Outcome.BLOCKED: "blocked",
    Outcome.DEFERRED: "put off until too late",
    Outcome.MISSING: "accepted and never seen",
    Outcome.UNKNOWN: "not to be judged",
}

CAUSES: dict[Cause | None, str] = {
    Cause.IP_BLOCKED: "by IP address",
    Cause.IP_LISTED: "on a public blocklist",
    Cause.DOMAIN_BLOCKED: "by domain",
    Cause.AUTHENTICATION: "authentication fails",
    Cause.CONTENT: "taken for spam",
    Cause.REPUTATION: "poor reputation",
    Cause.RATE_LIMITED: "too much at once",
    Cause.GREYLISTED: "greylisting",
    Cause.RDNS: "reverse name",
    Cause.TLS: "TLS fails",
    Cause.POLICY: "a rule it does not name",
    Cause.FIREWALL: "no connection",
    Cause.SUPPRESSED: "no longer tried",
    Cause.NO_SUCH_USER: "not known there",
    Cause.CASE_SENSITIVE_USER: "known only with capitals",
    Cause.MAILBOX_FULL: "full",
    Cause.MAILBOX_DISABLED: "closed",
    Cause.MOVED: "sorted by a rule",
    Cause.DOMAIN_UNKNOWN: "its domain takes no mail",
    Cause.TOO_LARGE: "found too large",
    Cause.MALFORMED: "our message is found wrong",
    Cause.RELAY_DENIED: "server not for this domain",
    Cause.SERVER_FAULT: "server in trouble",
    Cause.NETWORK: "our network",
    Cause.EXPIRED: "given up after many attempts",
    Cause.UNCLEAR: "no reason given",
    None: "we cannot send or look",
}

GRADES: dict[Grade, tuple[str, str]] = {  # in a word, and what it proves
    Grade.REAL: ("proven", "the mail left from the sender's own address."),
    Grade.IMPERSONATED: (
        "at its gateway",
        "the company's own gateway took us for the sender; the network before it was not asked.",
    ),
    Grade.SCANNED: ("by its filter", "the filter was asked; nothing was delivered."),
    Grade.UNPROVEN: (
        "not proven",
        "it came from another address than the sender's, or the address could not be read.",
    ),
}

KINDS: dict[Kind, str] = {
    Kind.VERIFICATION: "verification codes",
    Kind.TWO_STEP_CODE: "2-step codes",
    Kind.PASSWORD_RESET: "reset codes",
    Kind.INVITATION: "invitations",
    Kind.ADDRESS_CHANGE: "address changes",
}

SCOPES: dict[Scope, str] = {
    Scope.MAILBOX: "one path",
    Scope.KIND: "some of the mail at one company",
    Scope.COMPANY: "one company",
    Scope.THEIR_SYSTEM: "one company's mail system, for everybody's mail",
    Scope.MAIL_SYSTEM: "one mail system",
    Scope.EVERYBODY: "everybody",
    Scope.OURSELVES: "Mailpath itself",
}

REASONS: dict[Reason, str] = {  # what decided whose trouble it is, a sentence; "" where nothing is to be added
    Reason.NOT_COMPARED: "Not yet compared with a neutral sender.",
    Reason.CONTROL_THROUGH: "Compared: a neutral sender got through{at}, so it is about this sender.",
    Reason.NEIGHBOUR_THROUGH: "Compared: our other domain, from the same IP address, got through{at}, so it is the "
    "domain or the text, not the address.",
    Reason.NEIGHBOUR_STOPPED: "Compared: our other domain, from the same IP address, got the same answer{at}, so it is "
    "not the domain: the address, or the company's mail system.",
    Reason.SAME_ANSWER: "Compared: a neutral sender got the same answer{at}.",
    Reason.SAME_LIST: "Compared: a neutral sender was refused by the same list{at}.",
    Reason.SAME_TEXT: "Compared: a neutral sender's mail of the same shape got the same answer{at}.",
    Reason.NOT_ITS_DOMAIN: "The server says so of the recipient's domain, and nothing of the sender.",
    Reason.BOTH_LOST: "Compared: a neutral sender's mail was accepted and not seen either, last{at}.",
    Reason.CONTROL_FAILS: "Compared: a neutral sender failed too, last{at}.",
    Reason.ONLY_HERE: "Other companies can be reached. Whether this one refuses this sender only is not known.",
    Reason.NOTHING_REACHED: "Nobody else was reached since: whether it is the company or our own line is not known.",
    Reason.NO_WAY_OUT: "Nobody was reached since it began.",
    Reason.LOOKUP: "No sender has a part in a lookup.",
    Reason.GATEWAY_DOWN: "Other companies answer.",
    Reason.NOT_ASKED: "",
    Reason.OUR_MESSAGE: "",
    Reason.PROBE_MAILBOX: "",
}


def decided_by(failure: Failure) -> str:
    """What decided whose trouble it is, a sentence; "" where nothing is to be added."""
    if failure.reason is Reason.NOT_COMPARED and failure.nature is not Nature.MAIL:
        return ""
    if failure.reason is Reason.NOT_COMPARED and failure.of_last:
        return "A neutral sender that gets through tells nothing here: most of the sender's mail does too."
    at = f" at {clock(failure.compared_at)}" if failure.compared_at else ""
    return REASONS[failure.reason].format(at=at)
