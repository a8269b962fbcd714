"""The words for every value that a person reads, one row for each: pages, notices, commands, dashboards and the
documentation use these rows and no others. Pure.

A value such as `ip_blocked` stays as it is in the configuration, in JSON, metrics and the API; a reader sees its row.
The rows of incidents are in `monitor.incidents.labels`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from probes.answer import Fault, Stage
from probes.evidence import BodyState, Folder, Handover, MailKind, Marker
from probes.kinds import Kind
from probes.outcome import Cause, Concern, Grade, Outcome
from probes.reading.facts import Finding
from probes.reading.reports import ReportKind
from probes.sender import Role
from probes.traced import Side, TraceFate


@dataclass(frozen=True, slots=True)
class Label:
    """The texts of one value.

    `label` is a few words as they stand inside a sentence; `title` begins with a capital, for badges and headings.
    `sentence` says it in a sentence or as a part of one, as each table says. `help` explains it to somebody who does
    not know the term.
    """

    label: str
    sentence: str
    help: str

    @property
    def title(self) -> str:
        """The label as it stands by itself: "Spam folder", "IP address"."""
        return self.label[:1].upper() + self.label[1:]


NO_VERDICT = Label("no verdict yet", "not tested yet", "No probe of this path and kind has been judged so far.")
NO_CAUSE = Label("no cause", "Mailpath could not send or look.", "Nothing was learned about the mail itself.")

OUTCOMES: dict[Outcome, Label] = {  # sentence: after "mail is", or after the mail's name in a title
    Outcome.INBOX: Label("inbox", "delivered", "Delivered to the inbox while the code was valid."),
    Outcome.LATE: Label("late", "delivered too late", "Delivered to the inbox, but only after the code had expired."),
    Outcome.SPAM: Label("spam folder", "in the spam folder", "Delivered to the spam (junk) folder."),
    Outcome.QUARANTINED: Label("quarantined", "held in quarantine", "Held in quarantine by the receiver's filter."),
    Outcome.BLOCKED: Label(
        "blocked", "blocked", "Permanently rejected, bounced after acceptance, or no connection at all."
    ),
    Outcome.DEFERRED: Label(
        "deferred",
        "deferred for too long",
        "Still temporarily rejected when the code expired, or the connection was refused (TCP reset).",
    ),
    Outcome.MISSING: Label(
        "missing",
        "accepted but missing",
        "Accepted, then found in no folder. Said only after a search of every folder of the mailbox.",
    ),
    Outcome.UNKNOWN: Label(
        "unknown",
        "not verified",
        "Mailpath could not send or look, or a mailbox rule moved the message to another folder. Never counted against "
        "the sender, never hidden.",
    ),
}

CAUSES: dict[Cause, Label] = {  # sentence: the reason, as a sentence
    Cause.IP_BLOCKED: Label(
        "IP address",
        "The receiver says that its own block list contains the sender's IP address.",
        "A list that the company's administrators or its mail system keep.",
    ),
    Cause.IP_LISTED: Label(
        "public blocklist",
        "The receiver says that a public DNS blocklist lists the sender's IP address.",
        "Blocklists publish IP addresses that sent spam; many mail systems reject mail from them.",
    ),
    Cause.DOMAIN_BLOCKED: Label(
        "domain",
        "The receiver blocks the sender's domain or address.",
        "A block list entry for the domain, the From address, or a wider pattern that covers them.",
    ),
    Cause.AUTHENTICATION: Label(
        "authentication",
        "SPF, DKIM or DMARC failed at the receiver.",
        "These three checks show whether a message really comes from the domain that it names.",
    ),
    Cause.CONTENT: Label(
        "content",
        "A filter classified the message as spam by its content.",
        "The text, links or layout of the message look like spam to the filter.",
    ),
    Cause.REPUTATION: Label(
        "reputation",
        "The receiver rates the sender's IP address or domain as poor.",
        "Filters rate senders by complaints, spam traps and sending history.",
    ),
    Cause.RATE_LIMITED: Label(
        "rate limit",
        "The receiver limits how much mail the sender may send in a short time.",
        "Too many messages or connections; most limits lift by themselves.",
    ),
    Cause.GREYLISTED: Label(
        "greylisting",
        "The server greylists unknown senders: it rejects them temporarily, and codes can expire before it accepts.",
        "Greylisting asks unknown senders to try again some minutes later, which spam software rarely does.",
    ),
    Cause.RDNS: Label(
        "reverse DNS",
        "The server finds no matching reverse DNS name (PTR) for the sender's IP address.",
        "Many servers reject mail from an address whose reverse name does not lead back to it.",
    ),
    Cause.TLS: Label(
        "TLS",
        "The TLS handshake or certificate check failed.",
        "TLS encrypts the connection between two mail servers.",
    ),
    Cause.POLICY: Label(
        "policy rule",
        "A rule of the receiver rejected the message, and the reply does not name the rule.",
        "The mail system's log names the rule; look there by the time of the probe.",
    ),
    Cause.FIREWALL: Label(
        "no connection",
        "No connection could be made, or it was cut before the server replied.",
        "A firewall, geo-blocking or intrusion prevention in front of the mail server, or a server that is down.",
    ),
    Cause.SUPPRESSED: Label(
        "suppression list",
        "The sender's own mail service stopped sending to this address after an earlier bounce.",
        "Mail services keep a list of addresses that bounced, and send nothing to them.",
    ),
    Cause.NO_SUCH_USER: Label(
        "no such user",
        "The server does not know the recipient's address.",
        "The mailbox was deleted, or its address is misspelled.",
    ),
    Cause.CASE_SENSITIVE_USER: Label(
        "case-sensitive address",
        "The server knows the address only in another spelling of upper and lower case.",
        "Mail servers should treat upper and lower case alike; Trimble writes addresses in lower case.",
    ),
    Cause.MAILBOX_FULL: Label(
        "mailbox full", "The recipient's mailbox is over quota.", "Delete mail or raise its quota."
    ),
    Cause.MAILBOX_DISABLED: Label(
        "mailbox disabled", "The recipient's mailbox is disabled.", "Some mail systems disable unused mailboxes."
    ),
    Cause.MOVED: Label(
        "mailbox rule",
        "Delivered, then moved to another folder by a rule of the mailbox or its server.",
        "A rule of one mailbox affects nobody else; a rule of the server affects everybody.",
    ),
    Cause.DOMAIN_UNKNOWN: Label(
        "no mail server",
        "The recipient's domain does not exist or accepts no mail.",
        "Its MX record, which names the mail server, is missing or leads nowhere.",
    ),
    Cause.TOO_LARGE: Label(
        "size limit",
        "The message exceeds the receiver's size limit.",
        "Probes have a few kilobytes: a limit so low is a mistake, or the server's disk is full.",
    ),
    Cause.MALFORMED: Label(
        "malformed message",
        "The receiver rejected the message as malformed.",
        "A fault of Mailpath's message or commands, not of the company.",
    ),
    Cause.RELAY_DENIED: Label(
        "relaying denied",
        'The server does not accept mail for this domain ("relaying denied").',
        "The MX record leads to the wrong server, or the domain is not configured there.",
    ),
    Cause.SERVER_FAULT: Label(
        "server error",
        "The receiver's server reported an error of its own.",
        "For example a full disk, a failed filter or a server behind it that is down.",
    ),
    Cause.NETWORK: Label(
        "Mailpath's network", "Mailpath's own network failed.", "Its connection, its name server or its port 25."
    ),
    Cause.EXPIRED: Label(
        "retries exhausted",
        "A server in between stopped retrying and returned the message.",
        "The next server could not be reached, or rejected the message temporarily, for too long.",
    ),
    Cause.UNCLEAR: Label(
        "cause unknown",
        "The evidence does not show a reason.",
        "The mail system's own log shows more; look there by the time of the probe.",
    ),
}

CONCERNS: dict[Concern, Label] = {  # sentence: the cause concerns ...
    Concern.SENDER: Label("sender", "the sender", "Trimble and its mail service, or a receiver that blocks them."),
    Concern.RECIPIENT: Label("recipient", "the recipient", "The mailbox, its address or its domain."),
    Concern.PATH: Label("path", "the path to the mailbox", "A mail server or a connection on the way."),
    Concern.OURSELVES: Label("Mailpath", "Mailpath itself", "Mailpath's own network, message or configuration."),
    Concern.NOBODY_KNOWN: Label("not known", "nobody in particular yet", "The evidence does not show it."),
}

GRADES: dict[Grade, Label] = {  # sentence: what the evidence proves
    Grade.REAL: Label(
        "proven",
        "The message left from the sender's own IP address, and the receiver confirms it.",
        "The message left from the source IP, and the receiver's own headers or connection prove it.",
    ),
    Grade.IMPERSONATED: Label(
        "tested at the gateway",
        "Tested inside the company's gateway; the network and firewall in front of it were not tested.",
        "Tested at the company's own gateway by XCLIENT or a PROXY header; the network in front of the gateway was not "
        "tested.",
    ),
    Grade.SCANNED: Label(
        "tested at the filter",
        "Only the content filter was asked; nothing was delivered.",
        "A content filter was asked what it would do with the message; nothing was delivered.",
    ),
    Grade.UNPROVEN: Label(
        "not proven",
        "The message came from another address than the sender's, or its address could not be read.",
        "The connecting IP was another one or could not be read, only a copy was seen, or the bounce could be forged.",
    ),
}

KINDS: dict[Kind, Label] = {  # sentence: the plural
    Kind.VERIFICATION: Label(
        "verification code", "verification codes", "Confirms an e-mail address when somebody creates an account."
    ),
    Kind.TWO_STEP_CODE: Label(
        "2-step sign-in code", "2-step sign-in codes", "The second step of a sign-in, after the password."
    ),
    Kind.PASSWORD_RESET: Label(
        "password reset code", "password reset codes", "For somebody who has forgotten the password."
    ),
    Kind.INVITATION: Label("company invitation", "company invitations", "Invites somebody to a company; has no code."),
    Kind.ADDRESS_CHANGE: Label(
        "address change notice",
        "address change notices",
        "Tells that the e-mail address of an account was changed; has no code.",
    ),
}

ROLES: dict[Role, Label] = {  # sentence: sent as ...
    Role.SENDER: Label("sender", "the sender", "The monitored identity, sent exactly as its real mail is."),
    Role.CONTROL: Label(
        "control", "the control", "A neutral sender with an IP address and a domain of its own, for comparison."
    ),
    Role.NEIGHBOUR: Label(
        "neighbour", "the neighbour", "Another domain of ours from the sender's IP address, for comparison."
    ),
}

STAGES: dict[Stage, Label] = {  # sentence: when it was
    Stage.LOOKUP: Label("DNS lookup", "during the DNS lookup", "Finds the mail servers of the domain."),
    Stage.CONNECT: Label("connect", "while connecting", "The TCP connection to the mail server."),
    Stage.PROXY: Label("PROXY header", "at the PROXY header", "Tells the gateway which client it shall see."),
    Stage.BANNER: Label("greeting", "at the server's greeting", "The first line that the server sends."),
    Stage.EHLO: Label("EHLO", "at EHLO", "The client gives its name."),
    Stage.STARTTLS: Label("STARTTLS", "at STARTTLS", "Turns on encryption."),
    Stage.AUTH: Label("AUTH", "at AUTH", "Signs in at the sender's mail service."),
    Stage.XCLIENT: Label("XCLIENT", "at XCLIENT", "Tells the gateway which client it shall see."),
    Stage.MAIL: Label("MAIL FROM", "at MAIL FROM", "Names the sender's bounce address."),
    Stage.RCPT: Label("RCPT TO", "at RCPT TO", "Names the recipient."),
    Stage.DATA: Label("DATA", "at DATA", "Announces the message."),
    Stage.END_OF_DATA: Label(
        "end of message", "at the end of the message", "The server accepts or rejects it as a whole."
    ),
    Stage.SCAN: Label("scan", "when the filter was asked", "A content filter is asked; nothing is delivered."),
}

FAULTS: dict[Fault, Label] = {  # sentence: what happened instead of a reply
    Fault.DOMAIN_UNKNOWN: Label(
        "domain accepts no mail", "the domain accepts no mail", "It does not exist, or it has no mail server."
    ),
    Fault.LOOKUP_FAILED: Label(
        "DNS lookup failed", "the name servers did not answer", "Nothing is known of the domain."
    ),
    Fault.REFUSED: Label("connection refused", "connection refused", "A TCP reset or an ICMP answer."),
    Fault.UNREACHABLE: Label(
        "unreachable", "no route to the server from this machine", "The network has no way there."
    ),
    Fault.TIMED_OUT: Label("timed out", "no answer in time", "Nothing came within the time limit."),
    Fault.RESET: Label("connection reset", "connection reset", "The connection was cut after it was made."),
    Fault.CLOSED: Label("connection closed", "connection closed without a reply", "The server hung up."),
    Fault.NONSENSE: Label("not SMTP", "the answer is not SMTP", "Something other than a mail server answered."),
    Fault.TLS: Label("TLS failed", "TLS failed", "The handshake or the certificate check failed."),
    Fault.NOT_OFFERED: Label("not offered", "not offered", "The server does not offer what this route needs."),
}

HANDOVERS: dict[Handover, Label] = {  # sentence: how an attempt ended
    Handover.ACCEPTED: Label("accepted", "Accepted by the server.", "The receiver is responsible for it from here on."),
    Handover.REFUSED: Label("rejected", "Permanently rejected.", "Trying again would not help."),
    Handover.DEFERRED: Label("deferred", "Temporarily deferred.", "Mail servers try again later."),
    Handover.WITHHELD: Label(
        "not sent", "Not sent, because it would have been spoofing.", "This route may not send as the sender."
    ),
}

FOLDERS: dict[Folder, Label] = {  # sentence: where it was found
    Folder.INBOX: Label("inbox", "in the inbox", "The folder that people read."),
    Folder.JUNK: Label("spam folder", "in the spam folder", "The folder for spam (junk)."),
    Folder.OTHER: Label("another folder", "in another folder", "A rule of the mailbox moved it there."),
    Folder.COPY: Label("copy", "as a copy", "A copy was sent to Mailpath; the reader's own folder is not known."),
}

MARKERS: dict[Marker, Label] = {  # sentence: how it was recognised
    Marker.HEADER: Label("header", "by its header", "A header of the message that names the probe."),
    Marker.MESSAGE_ID: Label("Message-ID", "by its Message-ID", "The message's identifier."),
    Marker.ENVELOPE: Label("bounce address", "by its bounce address", "The envelope sender."),
    Marker.BODY: Label("body", "by its body", "The text of the message."),
}

BODIES: dict[BodyState, Label] = {  # sentence: after "text"
    BodyState.INTACT: Label("unchanged", "unchanged", "The text is exactly what was sent."),
    BodyState.ALTERED: Label("altered", "altered on the way", "A banner, a footer or rewritten links were added."),
    BodyState.UNVERIFIED: Label("not verified", "not verified", "It has no signature, or was not read to its end."),
}

MAIL_KINDS: dict[MailKind, Label] = {  # sentence: what came back
    MailKind.BOUNCE: Label("bounce", "a bounce", "Delivery failed permanently."),
    MailKind.DELAY: Label("delay notice", "a delay notice", "A server is still trying to deliver."),
    MailKind.SUCCESS: Label("delivery receipt", "a delivery receipt", "A server says that it delivered."),
    MailKind.COMPLAINT: Label("complaint", "a complaint", "An abuse report (RFC 5965)."),
    MailKind.AUTO_REPLY: Label(
        "automatic reply", "an automatic reply", "For example an absence notice; never a bounce."
    ),
    MailKind.OTHER: Label(
        "other mail", "some other mail", "It has neither the structure of a report nor an address that failed."
    ),
}

SIDES: dict[Side, Label] = {  # sentence: whose system a trace speaks for
    Side.SENDER: Label("sender's service", "the sender's own mail service", "It sends the mail, and logs the replies."),
    Side.RECEIVER: Label("receiver", "the company's mail system", "It logs what it did with each message."),
}

FATES: dict[TraceFate, Label] = {  # sentence: after the name of a trace's source
    TraceFate.HANDED_OVER: Label("taken", "took the message", "Nothing more is known yet."),
    TraceFate.PENDING: Label("in progress", "is still at work on it", "Neither delivered nor refused so far."),
    TraceFate.DEFERRED: Label(
        "deferred", "was refused temporarily and will try again", "Mail servers try again later."
    ),
    TraceFate.DELIVERED: Label("delivered", "delivered it", "Taken by the company's server, or put into the mailbox."),
    TraceFate.JUNK: Label("spam folder", "put it into the spam folder", "The folder for spam (junk)."),
    TraceFate.QUARANTINED: Label("quarantined", "put it into quarantine", "An administrator may release it."),
    TraceFate.HELD: Label("held", "holds it back until somebody releases it", "Neither delivered nor refused."),
    TraceFate.REFUSED: Label("refused", "was refused, or refused it, for good", "It is not tried again."),
    TraceFate.SUPPRESSED: Label(
        "suppressed", "does not send to this address any more", "Because of an earlier failure."
    ),
    TraceFate.GONE: Label("discarded", "discarded or deleted it", "It is in no folder."),
    TraceFate.NEVER_SEEN: Label("no record", "has no record of it", "It never came there, or is not in the log yet."),
    TraceFate.NOT_ASKED: Label("not asked", "could not be asked", "This says nothing about the message."),
}

FINDINGS: dict[Finding, Label] = {  # sentence: the filter says that the message is ...
    Finding.CLEAN: Label("clean", "clean", "Not spam."),
    Finding.SPAM: Label("spam", "spam", "Unwanted mail."),
    Finding.PHISHING: Label("phishing", "phishing", "Mail that steals passwords."),
    Finding.BULK: Label("bulk", "bulk mail", "Newsletters and the like."),
    Finding.QUARANTINED: Label("quarantined", "held in quarantine", "Held back by the filter."),
    Finding.UNSURE: Label("unsure", "possibly spam", "Neither clean nor spam by its score."),
}

REPORT_KINDS: dict[ReportKind, Label] = {  # sentence: what it reports
    ReportKind.AGGREGATE: Label("DMARC aggregate report", "how many messages passed DMARC", "RFC 7489 and RFC 9990."),
    ReportKind.FAILURE: Label("DMARC failure report", "one message that failed DMARC", "RFC 6591."),
    ReportKind.TLS: Label("TLS report", "how many sessions were encrypted", "RFC 8460."),
}

TABLES: tuple[Mapping[StrEnum, Label], ...] = (  # type: ignore[assignment]  # each has its own enum as keys
    OUTCOMES,
    CAUSES,
    CONCERNS,
    GRADES,
    KINDS,
    ROLES,
    STAGES,
    FAULTS,
    HANDOVERS,
    FOLDERS,
    MARKERS,
    BODIES,
    MAIL_KINDS,
    SIDES,
    FATES,
    FINDINGS,
    REPORT_KINDS,
)
"""All tables of the library."""


def outcome_label(outcome: Outcome | None) -> Label:
    """An outcome's row; None is that of a check without a verdict."""
    return OUTCOMES[outcome] if outcome else NO_VERDICT


def cause_label(cause: Cause | None) -> Label:
    """A cause's row; None is that of a verdict without one."""
    return CAUSES[cause] if cause else NO_CAUSE


def verdict_label(outcome: Outcome | None, cause: Cause | None) -> str:
    """Outcome and cause in a few words: "Blocked: IP address", "Late: cause unknown", "Inbox"."""
    title = outcome_label(outcome).title
    return f"{title}: {CAUSES[cause].label}" if cause else title


def reason_of(outcome: Outcome, cause: Cause | None) -> str:
    """Describe the failure in one plain sentence without any text of a server."""
    if cause is None:
        return NO_CAUSE.sentence if outcome is Outcome.UNKNOWN else f"Mail is {OUTCOMES[outcome].sentence}."
    if cause is Cause.UNCLEAR:
        return f"Mail is {OUTCOMES[outcome].sentence}; the cause is unknown."
    return CAUSES[cause].sentence
