"""What refusals say, and what it means."""

from probes.evidence import Stage
from probes.verdict import Cause

PHRASES: tuple[tuple[str, Cause], ...] = (  # lower case; the first hit wins, so order is policy
    ("greylist", Cause.GREYLISTED),  # Postgrey, Exim, OpenSMTPD
    ("graylist", Cause.GREYLISTED),
    ("grey-list", Cause.GREYLISTED),
    ("postgrey", Cause.GREYLISTED),
    ("internal resources are temporarily unavailable", Cause.GREYLISTED),  # Mimecast, "451 Codes"
    ("blocked using customer block list", Cause.IP_BLOCKED),  # Microsoft 365, 5.7.513
    ("banned sending ip", Cause.IP_LISTED),  # Microsoft 365, 5.7.606-649
    ("blocked using", Cause.IP_LISTED),  # Postfix reject_rbl_client, Barracuda, Trend Micro
    ("spamhaus", Cause.IP_LISTED),
    ("blocklist", Cause.IP_LISTED),
    ("block list", Cause.IP_LISTED),
    ("blacklist", Cause.IP_LISTED),
    ("dnsbl", Cause.IP_LISTED),
    ("rbl ", Cause.IP_LISTED),
    ("ipcheck.proofpoint.com", Cause.REPUTATION),
    ("poor reputation", Cause.REPUTATION),  # Cisco, HAT
    ("reputation", Cause.REPUTATION),
    ("cannot find your hostname", Cause.RDNS),  # Postfix reject_unknown_client_hostname
    ("cannot find your reverse hostname", Cause.RDNS),
    ("reverse dns", Cause.RDNS),
    ("ptr record", Cause.RDNS),
    ("sender policy framework", Cause.AUTHENTICATION),
    ("spf", Cause.AUTHENTICATION),
    ("dkim", Cause.AUTHENTICATION),
    ("dmarc", Cause.AUTHENTICATION),
    ("unauthenticated", Cause.AUTHENTICATION),
    ("client host rejected", Cause.IP_BLOCKED),  # Postfix check_client_access
    ("client host [", Cause.IP_BLOCKED),
    ("sender address rejected", Cause.DOMAIN_BLOCKED),  # Postfix check_sender_access
    ("sender address blocked", Cause.DOMAIN_BLOCKED),  # Mimecast
    ("envelope blocked", Cause.DOMAIN_BLOCKED),  # Mimecast
    ("relay access denied", Cause.RELAY_DENIED),  # Postfix
    ("relaying denied", Cause.RELAY_DENIED),  # sendmail
    ("relay not permitted", Cause.RELAY_DENIED),  # Exim
    ("previously bounced address", Cause.SUPPRESSED),  # Mailgun, code 605
    ("user unknown", Cause.NO_SUCH_USER),
    ("unknown user", Cause.NO_SUCH_USER),
    ("no such user", Cause.NO_SUCH_USER),
    ("does not exist", Cause.NO_SUCH_USER),
    ("recipient address rejected", Cause.NO_SUCH_USER),  # Postfix reject_unlisted_recipient
    ("mailbox unavailable", Cause.NO_SUCH_USER),
    ("over quota", Cause.MAILBOX_FULL),
    ("quota exceeded", Cause.MAILBOX_FULL),
    ("mailbox full", Cause.MAILBOX_FULL),
    ("mailbox is full", Cause.MAILBOX_FULL),
    ("disabled", Cause.MAILBOX_DISABLED),
    ("starttls", Cause.TLS),
    ("tls required", Cause.TLS),
    ("encryption required", Cause.TLS),
    ("too many", Cause.RATE_LIMITED),
    ("rate limit", Cause.RATE_LIMITED),
    ("unusual rate", Cause.RATE_LIMITED),
    ("spam", Cause.CONTENT),
    ("content rejected", Cause.CONTENT),
    ("unsolicited", Cause.CONTENT),
    ("message too large", Cause.TOO_LARGE),
    ("size exceeds", Cause.TOO_LARGE),
    ("insufficient system storage", Cause.SERVER_FAULT),
    ("local problem", Cause.SERVER_FAULT),
)

ENHANCED: dict[str, Cause] = {  # RFC 3463, RFC 7372 and the IANA registry, without the class digit
    "1.1": Cause.NO_SUCH_USER,
    "1.2": Cause.DOMAIN_UNKNOWN,
    "1.6": Cause.NO_SUCH_USER,
    "1.10": Cause.DOMAIN_UNKNOWN,
    "2.1": Cause.MAILBOX_DISABLED,
    "2.2": Cause.MAILBOX_FULL,
    "3.0": Cause.SERVER_FAULT,
    "3.1": Cause.SERVER_FAULT,
    "3.2": Cause.GREYLISTED,  # postscreen's first-contact test, "450 4.3.2 Service currently unavailable"
    "3.4": Cause.TOO_LARGE,
    "4.1": Cause.DOMAIN_UNKNOWN,
    "4.4": Cause.DOMAIN_UNKNOWN,
    "6.0": Cause.MALFORMED,
    "7.20": Cause.AUTHENTICATION,
    "7.21": Cause.AUTHENTICATION,
    "7.22": Cause.AUTHENTICATION,
    "7.23": Cause.AUTHENTICATION,
    "7.24": Cause.AUTHENTICATION,
    "7.25": Cause.RDNS,
    "7.26": Cause.AUTHENTICATION,
    "7.27": Cause.AUTHENTICATION,
    "7.28": Cause.RATE_LIMITED,
    "7.29": Cause.AUTHENTICATION,
    "7.30": Cause.TLS,
}

STAGES: dict[Stage, Cause] = {  # what a bare 5.7.1 means by where it was said (RFC 5321, section 4.3.2)
    Stage.BANNER: Cause.IP_BLOCKED,
    Stage.XCLIENT: Cause.IP_BLOCKED,
    Stage.EHLO: Cause.POLICY,
    Stage.STARTTLS: Cause.TLS,
    Stage.MAIL: Cause.DOMAIN_BLOCKED,
    Stage.RCPT: Cause.POLICY,
    Stage.END_OF_DATA: Cause.CONTENT,
}
