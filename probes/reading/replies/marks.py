"""Marks that identify the vendor of a reply, and the pages that it links to."""

from probes.mailsystems.table import reply_marks
from probes.outcome import Cause

MARKS: tuple[tuple[str, str], ...] = tuple(reply_marks())
"""Text of the raw reply, lower case, and the key of the mail system that uses it; the first hit wins."""

LINKS: tuple[tuple[str, Cause], ...] = (  # pages that a reply names, in the raw reply, lower case
    ("mail/?p=nosuchuser", Cause.NO_SUCH_USER),
    ("answer=6596", Cause.NO_SUCH_USER),
    ("mail/answer/6596", Cause.NO_SUCH_USER),
    ("mail/?p=disableduser", Cause.MAILBOX_DISABLED),
    ("mail/?p=overquota", Cause.MAILBOX_FULL),
    ("mail/?p=dmarcrejection", Cause.AUTHENTICATION),
    ("mail/?p=unauthenticatederror", Cause.AUTHENTICATION),
    ("mail/?p=unsolicitedmessageerror", Cause.CONTENT),
    ("mail/?p=unsolicitedratelimiterror", Cause.RATE_LIMITED),
    ("mail/?p=unsolicitediperror", Cause.REPUTATION),
    ("mail/?p=blockedmessage", Cause.CONTENT),
    ("mail/?p=rfcmessagenoncompliant", Cause.MALFORMED),
    ("mail/?p=mailloop", Cause.NETWORK),
    ("mail/?p=receivingrate", Cause.RATE_LIMITED),
    ("mail/?p=toomanyrecipientserror", Cause.RATE_LIMITED),
    ("mail/?p=notauthorizederror", Cause.POLICY),
    ("mail/?p=relaydenied", Cause.RELAY_DENIED),
    ("mail/answer/7720", Cause.NETWORK),
    ("groups.google.com", Cause.POLICY),
    ("support/a/bin/topic.py", Cause.POLICY),
    ("doc-1369#451", Cause.GREYLISTED),
    ("sender.office.com", Cause.IP_LISTED),
    ("linkid=526655", Cause.IP_LISTED),
    ("linkid=526653", Cause.IP_LISTED),
    ("spf.pobox.com", Cause.AUTHENTICATION),
    ("openspf.", Cause.AUTHENTICATION),
    ("unresolvable-from-domain", Cause.DOMAIN_BLOCKED),
    ("rfc7505", Cause.DOMAIN_UNKNOWN),
)
