"""Google Workspace. Settings are those of the Admin console: Apps > Google Workspace > Gmail; no command sets them."""

from datetime import timedelta

from probes.mailsystems.parts import (
    ADDRESS,
    ALL_GUARDS,
    ANY_FACTOR,
    AUTHENTICATION,
    BLOCKED,
    DOMAIN,
    DOMAIN_BLOCKED,
    LISTED,
    NO_BARE_DOMAIN,
    NO_SPAM_FILTER,
    NOTHING_TO_UNDO,
    NOVEMBER,
    POLICY,
    SHARED_ADDRESS,
    SIGNED,
    SPAM,
    TEXT,
    UNCLEAR,
)
from probes.mailsystems.remedy import Certainty, FactSource, Guard, NotPossible, Remedy, Rung
from probes.mailsystems.system import MailSystem, RunBy
from probes.outcome import Cause

_GMAIL = ("Google Admin console", "Apps", "Google Workspace", "Gmail")
_SAFETY = (*_GMAIL, "Spam, phishing and malware")
_ADMIN = "the administrator privilege Gmail > Settings"
_LINK = "https://admin.google.com"
_LOG_SEARCH = FactSource("Email Log Search", NOVEMBER, "support.google.com/a/answer/2623280")
_SPAM = FactSource("Spam setting and address lists", NOVEMBER, "support.google.com/a/answer/2368132")
_ALLOWLIST = FactSource("Email allowlist and inbound gateway", NOVEMBER, "support.google.com/a/answer/60751")
_DAY = timedelta(hours=24)
_NO_GATEWAY = "Do not add {ip} to Inbound gateway: that list is for your own relays."
_LOOK = "Search for the mail in Email Log Search: it names the rule that stopped it."

_REMEDIES = (
    Remedy(
        "google-remove-ip-rule",
        "google",
        "Remove the address from the rule that rejects it",
        BLOCKED,
        ADDRESS,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        where=("Google Admin console", "Reporting", "Email Log Search"),
        link=_LINK,
        needs=_ADMIN,
        look_first=("Search for the mail in Email Log Search: it names the rule that rejects {ip}.",),
        steps=("Remove {ip} from that rule, under Compliance or under Blocked senders.",),
        undo=("Add {ip} to the rule again.",),
        never=_NO_GATEWAY,
        takes_effect_within=_DAY,
        sources=(_LOG_SEARCH, _ALLOWLIST),
    ),
    Remedy(
        "google-remove-sender-block",
        "google",
        "Remove the domain from the blocked senders",
        DOMAIN_BLOCKED,
        DOMAIN,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        where=(*_SAFETY, "Blocked senders"),
        link=_LINK,
        needs=_ADMIN,
        steps=("In Spam, phishing and malware > Blocked senders, remove {domain} from the address list of the rule.",),
        undo=("Add {domain} to the address list again.",),
        never="Do not add an allow entry on top of the block: remove the block.",
        takes_effect_within=_DAY,
        sources=(_SPAM,),
    ),
    Remedy(
        "google-bypass-spam",
        "google",
        "Bypass the spam filter for an address list, with authentication required",
        SPAM,
        TEXT,
        Rung.DMARC,
        NO_SPAM_FILTER,
        skips="the spam filter; blatant spam may still be marked",
        where=(
            *_SAFETY,
            "Spam",
            "Configure",
            "Bypass spam filters for messages from senders or domains in selected lists",
        ),
        link=_LINK,
        needs=_ADMIN,
        steps=(
            "In Spam, phishing and malware > Spam, add an address list with {domain} that bypasses the spam filter.",
            "Leave authentication required for that list (the default).",
            "Release what is held: Manage quarantines.",
        ),
        undo=("Remove {domain} from the address list, or the list from the setting.",),
        never=NO_BARE_DOMAIN + " So do not turn off the requirement of authentication.",
        takes_effect_within=_DAY,
        sources=(
            _SPAM,
            FactSource(
                "Require sender authentication",
                NOVEMBER,
                "support.google.com/a/answer/7381367",
                Certainty.READ,
                "Which checks satisfy it is not documented: SPF or DKIM are expected.",
            ),
        ),
    ),
    Remedy(
        "google-except-from-rule",
        "google",
        "Except the domain from the company's rule, with authentication required",
        POLICY,
        ANY_FACTOR,
        Rung.DMARC,
        ALL_GUARDS,
        skips="the one rule",
        where=(*_GMAIL, "Compliance"),
        link=_LINK,
        needs=_ADMIN,
        look_first=("A reply that contains 'gcdp' comes from a rule of the company: Email Log Search names it.",),
        steps=("Except an address list with {domain} from that rule, with authentication required.",),
        undo=("Remove the exception.",),
        never="Do not turn the rule off for everybody.",
        takes_effect_within=_DAY,
        sources=(FactSource("SMTP replies of Gmail", NOVEMBER, "support.google.com/a/answer/3726730"), _LOG_SEARCH),
    ),
    Remedy(
        "google-email-allowlist",
        "google",
        "As a last resort, add the address to the email allowlist",
        LISTED,
        ADDRESS,
        Rung.IP_ALONE,
        ALL_GUARDS - {Guard.SPAM},
        skips="the spam filter, for the whole organisation; people may still see a warning",
        where=(*_SAFETY, "Email allowlist"),
        link=_LINK,
        needs=_ADMIN,
        steps=(
            "Report the reply to Google Workspace support.",
            "Until Google answers, for mail of {domain}, the Email allowlist takes {ip}. Remove it as soon as it is "
            "delisted.",
        ),
        undo=("Remove {ip} from the Email allowlist.",),
        never=_NO_GATEWAY,
        takes_effect_within=_DAY,
        risk=SHARED_ADDRESS + " They get in as well.",
        sources=(_ALLOWLIST,),
    ),
    Remedy(
        "google-own-gateway",
        "google",
        "Name the company's own gateway, so that the address before it counts",
        AUTHENTICATION,
        SIGNED,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        where=(*_SAFETY, "Inbound gateway"),
        link=_LINK,
        needs=_ADMIN,
        look_first=("Only if a gateway of the company receives the mail before Google does.",),
        steps=(
            "In Inbound gateway, list the addresses of the company's own gateway, and only those: SPF is then checked "
            "against the address that connected to it.",
        ),
        undo=("Remove the addresses of the gateway from Inbound gateway.",),
        never=_NO_GATEWAY,
        takes_effect_within=_DAY,
        sources=(_ALLOWLIST,),
    ),
    Remedy(
        "google-trace",
        "google",
        "Search for the mail, and release it if it is held",
        UNCLEAR,
        ANY_FACTOR,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        where=("Google Admin console", "Reporting", "Email Log Search"),
        link=_LINK,
        needs="the administrator privilege Reports",
        look_first=(
            "Search for the mail in Email Log Search: it shows spam, the admin quarantine or the rule that took it.",
        ),
        steps=("Release it under Manage quarantines.",),
        undo=NOTHING_TO_UNDO,
        never="Do not add allow entries at random: find the reason first.",
        takes_effect_within=_DAY,
        sources=(_LOG_SEARCH,),
    ),
)
GOOGLE = MailSystem(
    "google",
    "Google Workspace",
    RunBy.VENDOR,
    aliases=("gsuite", "google-workspace", "gmail", "workspace", "googlemail"),
    hosts=("google.com", "googlemail.com"),
    headers=("x-gm-spam", "x-gm-phishy", "x-google-smtp-source", "x-gm-message-state"),
    reply_marks=("gsmtp", "support.google.com", "gmail", "l.google.com"),
    remedies=_REMEDIES,
    not_possible=(
        NotPossible(
            "No setting is known to help so early.",
            "Google Workspace support, with the reply; the sender looks at postmaster.google.com.",
            frozenset({Cause.REPUTATION, Cause.RATE_LIMITED}),
            "google",
        ),
        NotPossible(
            "Google Workspace does not greylist: the server in front of it does.",
            "Whoever runs the gateway in front of it.",
            frozenset({Cause.GREYLISTED}),
            "google",
        ),
    ),
    takes_effect_within=timedelta(hours=24),
)
