"""Mail systems' own reasons for final failure: no server answered, so there is no code.

`probes.reading.replies` reads servers' answers; these are the phrases of the systems that ask them.
"""

import re

from probes.outcome import Cause

READ = 4096

ROWS: tuple[tuple[Cause, tuple[str, ...]], ...] = (  # first hit wins: of the mailbox first, then of the way there
    (Cause.POLICY, (r"groups\.google\.com", r"support\.google\.com/a/[\w.-]+/bin/topic")),  # Google Groups
    (Cause.POLICY, (r"resolver\.rst\.\w+",)),  # Exchange: closed to strangers
    (Cause.SERVER_FAULT, (r"couldn'?t create \"",)),  # procmail, and then names the user
    (
        Cause.MAILBOX_FULL,
        (
            r"(?:mailbox|message count) exceed\w{0,20} ",  # IMail, Biglobe
            r"exceed\w{0,20} (?:(?:his|her|the|its|their) )?"
            r"(?:allowed |local |storage |disk |maximum ){0,3}(?:quota|limit)",
            r"over ?quota|quota (?:has been |is )?(?:exceeded|full)",
            r"(?:storage|disk) quota|reached (?:disk|their|its) quota",
            r"(?:mail)?(?:box|folder)(?: is|'s| was)? (?:currently )?full|full mailbox|not enough (?:disk )?space",
            r"mailbox (?:size )?limit|too many messages in",
        ),
    ),
    (Cause.TOO_LARGE, (r"size limit exceeded|(?:message|mail) (?:is )?too (?:large|big)|message size exceed",)),
    (
        Cause.MAILBOX_DISABLED,
        (
            r"(?:account|mailbox|user|address) (?:is |has been |was )?"
            r"(?:locked|disabled|suspended|inactive|expired|closed)",
            r"no longer (?:active|in use|works|employed|with)",
        ),
    ),
    (
        Cause.NO_SUCH_USER,
        (
            r"not listed in (?:the )?(?:domino directory|public name)",  # Domino
            r"unknown recipient|recipient name is not recogni[sz]ed",
            r"resolver\.adr\.\w{0,20}notfound|recip\w{0,20}notfound",  # Exchange
            r"doesn'?t have an? \S+ account|no mailbox here by that name",  # Yahoo, qmail
            r"address (?:couldn'?t be|not) found|wasn'?t found at",
            r"email address is possibly incorrect",  # Gmail, Mimecast
            r"check if address is correct|invalid (?:final delivery userid|user address|recipient|mailbox)",
            r"user(?: is)? (?:unknown|not known|not found|not exist)",
            r"(?:unknown|no such) (?:local[- ]part|user|recipient|mailbox)",
            r"unknown or illegal|mailbox (?:not found|unavailable|does not exist|unknown)",
            r"no valid (?:mailbox|recipients for this mm)",
            r"(?:user|recipient|mailbox|account) (?:does not|doesn'?t) exist",
            r"does not have a final email delivery point",
            r"bo.te aux lettres inconnue|destinataire inconnu|empf.{1,3}nger unbekannt",
            r"usuario desconocido|宛先不明|存在しません",
        ),
    ),
    (
        Cause.DOMAIN_UNKNOWN,
        (
            r"unroute?able (?:mail )?(?:address|domain)|indicated no smtp service|all relevant mx records",  # Exim
            r"domain (?:name )?(?:does not exist|not found|is not reachable)|(?:host|domain)(?: name)? (?:is )?unknown",
            r"(?:unknown|no such) (?:host|domain)|host (?:or domain name )?not found",
            r"name service error|dns (?:error|query failed)",
            r"couldn'?t find (?:any host|a mail exchanger)|lookup failure",
            r"null ?mx|no mx record|nxdomain|name or service not known",
            r"doesn'?t receive email|(?:domain|host)\S* (?:does|do) not accept mail|no mail host",
        ),
    ),
    (
        Cause.SERVER_FAULT,
        (
            r"too many hops|mail loop|loop(?:ing| detected|s back| alert|ed)|duplicated message-id|hop count",
            r"forwarded more than the maximum",
        ),
    ),
    (
        Cause.NETWORK,
        (
            r"connection (?:timed out|refused|reset|closed|dropped|lost)|timed out|lost connection|no route to host",
            r"network (?:error|(?:is )?unreachable)|host (?:is )?(?:not reachable|unreachable|down)|socket error",
            r"(?:unable|not able|fail\w{0,20}|can'?t|could not|couldn'?t|cannot) "
            r"(?:to )?(?:connect|establish|find a gateway)",
            r"requests to connect|connect to \S+|name server|host name lookup",
        ),
    ),
    (
        Cause.SERVER_FAULT,
        (
            r"procmail|pipe to \||command (?:died|failed|time limit)|mailer error|local delivery failed|ldap",
            r"temporary (?:failure|local problem)|operating system error|can'?t create|cannot (?:create|open)",
            r"child (?:status|process)|exited with",
            r"service (?:currently )?unavailable|resources temporarily unavailable",
            r"configuration error|local configuration|internal (?:server )?error|i/o error|no space left|system error",
        ),
    ),
    (
        Cause.EXPIRED,  # last: what kept it so long tells more
        (
            r"retry time(?:out exceeded| not reached)",
            r"(?:envelope|message|delivery time) expired|message timed out",
            r"could not (?:be delivered|deliver) for",
            r"in the queue too long|maximum-time-expired|time limit",  # sendmail, qmail
            r"(?:undelivered|deliver this message|aborted|giving up|failed) "
            r"(?:after |for )?(?:too long|\d+(?:\.\d+)? (?:day|hour|attempt))",
            r"too long in (?:the )?queue|been in the (?:mail )?queue|retried for",
        ),
    ),
)

REASONS = tuple((re.compile("|".join(patterns), re.IGNORECASE), cause) for cause, patterns in ROWS)


def reason_in(text: str) -> Cause:
    """Return a mail system's reason in its own words; `UNCLEAR` if no phrase is known."""
    said = text[:READ]
    return next((cause for words, cause in REASONS if words.search(said)), Cause.UNCLEAR)
