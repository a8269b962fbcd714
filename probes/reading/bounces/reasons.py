"""What mail systems say in their own words of why they gave up: no server answered, so there is no code to go by.

`probes.reading.replies` reads what servers answer; these are the phrases of those who ask them.
"""

import re

from probes.verdict import Cause

READ = 4096

_ROWS: tuple[tuple[str, Cause], ...] = (  # first hit wins
    (r"groups\.google\.com|support\.google\.com/a/[\w.-]+/bin/topic", Cause.POLICY),  # Google Groups: may not post
    (r"couldn'?t create \"", Cause.SERVER_FAULT),  # procmail and its like
    (r"user mailbox exceeds allowed size|over ?quota|quota (?:has been )?exceed|exceed\w* (?:his|her|the|its|their)? ?(?:disk |storage )?quota|"
     r"mail(?:box|folder)(?: is|'s)? full|disk quota|reached disk quota|storage quota|full mailbox|not enough disk space|quota exceeded|"
     r"552.{0,40}full", Cause.MAILBOX_FULL),
    (r"size limit exceeded|message (?:too large|size exceeds)|too big|exceeds maximum size", Cause.TOO_LARGE),
    (r"account (?:is|has been) (?:locked|disabled|suspended|inactive|expired|closed)|user\(s\) account is disabled", Cause.MAILBOX_DISABLED),
    (r"resolver\.rst\.(?:auth|notauth|restrict)\w*", Cause.POLICY),  # Exchange
    (r"not listed in (?:domino directory|public name)|unknown recipient|recipient name is not recogni[sz]ed|resolver\.adr\.\w*notfound|"
     r"recip\w*notfound|doesn'?t have an? \S+ account|address couldn'?t be found|address not found|check if address is correct|"
     r"no mailbox here by that name|invalid final delivery userid|user(?: is)? (?:unknown|not known|not found|not exist)|unknown user|"
     r"unknown local[- ]part|recipient email address is possibly incorrect|no such user|wasn't found at|invalid user address|"
     r"unknown or illegal|mailbox (?:not found|unavailable)|no valid mailbox|could(?:n't| not) be found or is unable|"
     r"pas de bo.te aux lettres|empf.{1,3}nger unbekannt|user does not have a", Cause.NO_SUCH_USER),
    (r"unrout(?:e)?able (?:mail )?(?:address|domain)|indicated no smtp service|domain (?:does not exist|not found|is not reachable)|"
     r"domain name not found|host (?:unknown|not found)|unknown (?:host|domain)|name service error|couldn'?t find (?:any host|a mail exchanger)|"
     r"lookup failure|doesn'?t receive email|not accept mail|nxdomain|dns query failed|nullmx|null mx|no mx record|"
     r"all relevant mx records point to non-existent|name or service not known|host or domain name not found|dns error|no mail host", Cause.DOMAIN_UNKNOWN),
    (r"too many hops|mail loop|loop(?:ing| detected|s back| alert)|duplicated message-id|forwarded more than the maximum|hop count", Cause.SERVER_FAULT),
    (r"connection (?:timed out|refused|reset|closed|dropped|lost)|timed out|time-?out|network (?:error|is unreachable|unreachable)|no route to host|"
     r"lost connection|unable to connect|requests to connect|could not connect|can'?t connect|socket error|unreachable|"
     r"could not find a gateway|not able to establish|connect to \S+|establish an smtp connection|name server|host name lookup", Cause.NETWORK),
    (r"procmail|pipe to \||command (?:died|failed|time limit)|mailer error|local delivery failed|ldap|temporary (?:failure|local problem)|"
     r"operating system error|can'?t create|cannot (?:create|open)|child (?:status|process)|exited with|service (?:currently )?unavailable|"
     r"configuration error|internal (?:server )?error|i/o error|no space left|system error|local configuration", Cause.SERVER_FAULT),
    (r"retry timeout exceeded|retry time not reached|could not deliver for the last|(?:envelope|message|delivery time) expired|"
     r"(?:deliver\w*|undelivered) (?:this message )?(?:after|for) (?:too long|\d+(?:\.\d+)? (?:days?|hours?|attempts?))|in the queue too long|"
     r"could not be delivered for|failed \d+ attempts|timed? ?out before|maximum-time-expired|message timed out|been in the (?:mail )?queue|"
     r"aborted after|kept? trying|giving up after|too long in queue|unable to deliver this message after|time limit", Cause.EXPIRED),
    (r"rejected|refused|denied|not permitted|not allowed", Cause.POLICY),
)  # fmt: skip

REASONS = tuple((re.compile(pattern, re.IGNORECASE), cause) for pattern, cause in _ROWS)


def reason_in(text: str) -> Cause:
    """Why a mail system gave up, by its own words; `UNCLEAR` where none of them is known."""
    said = text[:READ]
    return next((cause for words, cause in REASONS if words.search(said)), Cause.UNCLEAR)
