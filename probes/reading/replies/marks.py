"""Marks that identify the vendor of a reply, and the pages that it links to."""

from probes.mailsystems.table import reply_marks
from probes.outcome import Cause

MARKS: tuple[tuple[str, str], ...] = tuple(reply_marks())
"""Text of the raw reply, lower case, and the key of the mail system that uses it; the first hit wins."""

LINKS: tuple[tuple[str, Cause, str], ...] = (  # pages that a reply names, in the raw reply, lower case
    ("mail/?p=nosuchuser", Cause.NO_SUCH_USER, "google"),
    ("answer=6596", Cause.NO_SUCH_USER, "google"),
    ("mail/answer/6596", Cause.NO_SUCH_USER, "google"),
    ("mail/?p=disableduser", Cause.MAILBOX_DISABLED, "google"),
    ("mail/?p=overquota", Cause.MAILBOX_FULL, "google"),
    ("mail/?p=dmarcrejection", Cause.AUTHENTICATION, "google"),
    ("mail/?p=unauthenticatederror", Cause.AUTHENTICATION, "google"),
    ("mail/?p=unsolicitedmessageerror", Cause.CONTENT, "google"),
    ("mail/?p=unsolicitedratelimiterror", Cause.RATE_LIMITED, "google"),
    ("mail/?p=unsolicitediperror", Cause.REPUTATION, "google"),
    ("mail/?p=blockedmessage", Cause.CONTENT, "google"),
    ("mail/?p=rfcmessagenoncompliant", Cause.MALFORMED, "google"),
    ("mail/?p=mailloop", Cause.NETWORK, "google"),
    ("mail/?p=receivingrate", Cause.RATE_LIMITED, "google"),
    ("mail/?p=toomanyrecipientserror", Cause.RATE_LIMITED, "google"),
    ("mail/?p=notauthorizederror", Cause.POLICY, "google"),
    ("mail/?p=relaydenied", Cause.RELAY_DENIED, "google"),
    ("mail/answer/7720", Cause.NETWORK, "google"),
    ("groups.google.com", Cause.POLICY, "google"),
    ("support/a/bin/topic.py", Cause.POLICY, "google"),
    ("doc-1369#451", Cause.GREYLISTED, "mimecast"),
    ("sender.office.com", Cause.IP_LISTED, "m365"),
    ("linkid=526655", Cause.IP_LISTED, "m365"),
    ("linkid=526653", Cause.IP_LISTED, "m365"),
    ("spf.pobox.com", Cause.AUTHENTICATION, ""),
    ("openspf.", Cause.AUTHENTICATION, ""),
    ("unresolvable-from-domain", Cause.DOMAIN_BLOCKED, "yahoo"),
    ("rfc7505", Cause.DOMAIN_UNKNOWN, ""),
)
