"""Google: Gmail for companies. Settings are those of the Admin console: Apps > Google Workspace > Gmail.

Sources: support.google.com/a/answer 2368132 and 7381367 (spam setting, address lists, authentication), 60751 and
60752 (allowlist, inbound gateway, up to 24 hours), 2623280 (Email Log Search), 3726730 (replies with "gcdp").
"""

from datetime import timedelta

from probes.mailsystems.family import CauseFamily
from probes.mailsystems.system import MailSystem, RunBy
from probes.outcome import Cause

GOOGLE = MailSystem(
    "google",
    "Google Workspace",
    RunBy.VENDOR,
    aliases=("gsuite", "google-workspace", "gmail", "workspace", "googlemail"),
    hosts=("google.com", "googlemail.com"),
    reply_marks=("gsmtp", "support.google.com", "gmail", "l.google.com"),
    remedies={
        CauseFamily.ADDRESS: (
            "Search for the mail in Email Log Search: it names the rule that rejects {ip}.",
            "Remove {ip} from that rule. Do not add it to Inbound gateway: that list is for your own relays.",
        ),
        CauseFamily.DOMAIN: ("In Spam, phishing and malware > Blocked senders, remove {domain}.",),
        CauseFamily.CONTENT: (
            "In Spam, phishing and malware > Spam, add an address list with {domain} that bypasses the spam filter.",
            "Leave authentication required for that list (the default).",
        ),
        CauseFamily.POLICY: (
            "A reply that contains 'gcdp' comes from a rule of the company: Email Log Search names it.",
            "Except {domain} from that rule, with authentication required.",
        ),
        CauseFamily.UNCLEAR: (
            "Search for the mail in Email Log Search: it shows spam, the admin quarantine or the rule that took it.",
            "Release it there.",
        ),
    },
    exceptions={
        Cause.IP_LISTED: (
            "Report the reply to Google Workspace support. Do not add {ip} to Inbound gateway: that list is for your "
            "own relays.",
        ),
    },
    takes_effect_within=timedelta(hours=24),
)
