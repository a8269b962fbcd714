"""Filters as a service, of vendors that sell little else; the firewalls that inspect mail on its way are in
`firewalls`."""

from datetime import timedelta

from probes.mailsystems.parts import (
    ADDRESS,
    ALL_GUARDS,
    ANY_FACTOR,
    GREYLISTED,
    NO_BARE_DOMAIN,
    NO_SPAM_FILTER,
    NOTHING_TO_UNDO,
    NOVEMBER,
    SEPTEMBER,
    SHARED_ADDRESS,
    SPAM,
    TEXT,
    UNCLEAR,
    request,
)
from probes.mailsystems.remedy import Certainty, FactSource, NotPossible, Remedy, Rung
from probes.mailsystems.system import ChainPlace, MailSystem, RunBy

_ADMIN = "an administrator of the filter"
_TITAN = FactSource("SpamTitan, Allow & Block List; Whitelists explained", NOVEMBER, "docs.titanhq.com")
_TITAN_DOMAIN = FactSource(
    "SpamTitan, Allow & Block List",
    NOVEMBER,
    "docs.titanhq.com",
    Certainty.READ,
    "Whether an entry is compared with the envelope or with the From header is not documented.",
)
_HORNET = FactSource(
    "Hornetsecurity manual, allow lists and Email Live Tracking",
    NOVEMBER,
    "docs.hornetsecurity.com",
    Certainty.SECONDARY,
    "That SPF, DKIM and DMARC checks stay on for an allowed address is not confirmed.",
)
_CLOUDFLARE = FactSource("Email Security API, allow policies", NOVEMBER, "developers.cloudflare.com")
_HARMONY = FactSource("Harmony Email & Collaboration, Anti-Phishing Allow-List", NOVEMBER, "sc1.checkpoint.com")
_ASSURE = FactSource("SpamExperts knowledge base, Greylisting", NOVEMBER, "kb.spamexperts.com")
_CLEARSWIFT = FactSource("Clearswift help, connection exceptions", NOVEMBER, "clearswifthelp.clearswift.com")
_ALLOW_API = "https://api.cloudflare.com/client/v4/accounts/ACCOUNT/email-security/settings/allow_policies"
NOT_READ = NotPossible(
    "No documentation of its allow lists has been read so far: use the general remedy.",
    "{system} support, with the reply and the time of the message.",
)

SPAMTITAN = MailSystem(
    "spamtitan",
    "SpamTitan",
    RunBy.EITHER,
    aliases=("titanhq",),
    hosts=("spamtitan.com", "titanhq.com"),
    headers=("x-spamtitan-",),
    place=ChainPlace.GATEWAY,
    remedies=(
        Remedy(
            "spamtitan-greylisting",
            "spamtitan",
            "Except the address in the greylisting list",
            GREYLISTED,
            ANY_FACTOR,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            skips="the delay, and no check",
            where=("SpamTitan", "System Setup", "Mail Relay", "Greylisting"),
            needs=_ADMIN,
            steps=(
                "In System Setup > Mail Relay, add {ip} to the list of greylisting itself, not to the general allow "
                "list.",
            ),
            undo=("Remove {ip} from that list.",),
            never="Do not add {ip} to the IP allow list of the whole system: it skips virus and SPF checks.",
            sources=(_TITAN,),
        ),
        Remedy(
            "spamtitan-allow-domain",
            "spamtitan",
            "Add the domain to the allow list; it skips the spam filter only",
            SPAM,
            TEXT,
            Rung.SPF,
            NO_SPAM_FILTER,
            skips="the spam filter; SPF, blocklists, greylisting, virus and attachment checks stay",
            where=("SpamTitan", "Filtering", "Allow & Block List"),
            needs=_ADMIN,
            steps=(
                "In Filtering > Allow & Block List, add {domain} as a domain. It skips the spam filter only: "
                "SPF, RBL, "
                "greylisting and virus checks stay on.",
            ),
            undo=("Delete {domain} from the list.",),
            never="In the newer Email Security product an allow entry is not analysed at all: add the address "
            "there, not "
            "the domain.",
            risk="Where DMARC is not checked, who forges the From header may skip the spam filter too.",
            sources=(_TITAN_DOMAIN,),
        ),
        Remedy(
            "spamtitan-trace",
            "spamtitan",
            "Find the refusal in the history",
            UNCLEAR,
            ANY_FACTOR,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            where=("SpamTitan", "Reporting", "History"),
            needs=_ADMIN,
            look_first=(
                "Search for the mail in Reporting > History: refusals at the front line are never quarantined.",
            ),
            steps=("Release it if it is held.",),
            undo=NOTHING_TO_UNDO,
            never="Do not add allow entries at random: find the check first.",
            sources=(_TITAN,),
        ),
    ),
)
HORNETSECURITY = MailSystem(
    "hornetsecurity",
    "Hornetsecurity",
    RunBy.VENDOR,
    aliases=("antispameurope",),
    hosts=("hornetsecurity.com", "antispameurope.com"),
    headers=("x-antispameurope-", "x-hornetsecurity-"),
    place=ChainPlace.GATEWAY,
    remedies=(
        Remedy(
            "hornetsecurity-allow-address",
            "hornetsecurity",
            "Add the exact address to the customer's allow list",
            SPAM,
            TEXT,
            Rung.DMARC,
            NO_SPAM_FILTER,
            skips="the class Spam; Content, Threat and Rejected stay blocked",
            where=("Control Panel", "Deny & Allow Lists"),
            needs=_ADMIN,
            look_first=("Search for the mail in Email Live Tracking and look at its class.",),
            steps=(
                "If it is Spam, add {address} to the allow list of the customer; SPF, DKIM "
                "and DMARC "
                "checks stay on. Mail of class Content or Threat needs a Compliance Filter rule.",
            ),
            undo=("Delete the address from the allow list.",),
            never=NO_BARE_DOMAIN,
            sources=(_HORNET,),
        ),
        Remedy(
            "hornetsecurity-trace",
            "hornetsecurity",
            "Search Email Live Tracking",
            UNCLEAR,
            ANY_FACTOR,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            where=("Control Panel", "Email Live Tracking"),
            needs=_ADMIN,
            look_first=("Search for the mail in Email Live Tracking: its details name the reason.",),
            steps=("Deliver it from there.",),
            undo=NOTHING_TO_UNDO,
            never="Do not add allow entries at random: find the reason first.",
            sources=(_HORNET,),
        ),
    ),
)
CLOUDFLARE = MailSystem(
    "cloudflare",
    "Cloudflare Email Security",
    RunBy.VENDOR,
    aliases=("area1", "cloudflare-area1"),
    hosts=("mxrecord.io", "mxrecord.mx"),
    headers=("x-area1", "x-cfemailsecurity"),
    reply_marks=("cloudflare",),
    place=ChainPlace.GATEWAY,
    remedies=(
        Remedy(
            "cloudflare-allow-policy",
            "cloudflare",
            "Create an allow policy with sender verification",
            SPAM,
            TEXT,
            Rung.DMARC,
            NO_SPAM_FILTER,
            skips="spam, spoof and bulk, not malicious or suspicious",
            where=("Cloudflare dashboard", "Email Security", "Settings", "Allow policies"),
            needs="an API token with the permission Cloud Email Security: Write",
            look_first=(request("Read the policies that exist", f"GET {_ALLOW_API}"),),
            steps=(
                "Create an allow policy for the pattern {domain}, type DOMAIN, acceptable sender, verify_sender true.",
                request(
                    "Or by the API",
                    f"POST {_ALLOW_API}\n\n"
                    '{"pattern": "{domain}", "pattern_type": "DOMAIN", "is_regex": false,\n'
                    ' "is_acceptable_sender": true, "is_trusted_sender": false, "is_exempt_recipient": false,\n'
                    ' "verify_sender": true, "comments": "Sign-in codes; owner; review date"}',
                ),
            ),
            undo=("Delete the policy.", request("Or by the API", f"DELETE {_ALLOW_API}/ID")),
            never="Do not use trusted sender: it bypasses all detection.",
            sources=(_CLOUDFLARE,),
        ),
    ),
)
CLOUDFLARE_ROUTING = MailSystem(
    "cloudflare_routing",
    "Cloudflare Email Routing",
    RunBy.VENDOR,
    aliases=("cloudflare-email-routing",),
    hosts=("mx.cloudflare.net",),
    place=ChainPlace.GATEWAY,
    not_possible=(
        NotPossible("It only forwards: the mailbox is elsewhere.", "The administrator of the mailbox behind it."),
    ),
)
CHECKPOINT = MailSystem(
    "checkpoint",
    "Check Point Harmony Email",
    RunBy.VENDOR,
    aliases=("avanan", "harmony"),
    headers=("x-cloud-sec-av-",),
    place=ChainPlace.BEHIND,
    remedies=(
        Remedy(
            "checkpoint-allow-list",
            "checkpoint",
            "Create an allow-list rule for the domain from its address",
            SPAM,
            TEXT,
            Rung.DOMAIN_AND_IP,
            NO_SPAM_FILTER,
            skips="the anti-phishing engine; malware and data loss scans stay",
            where=("Harmony Email", "Security Settings", "Exceptions", "Anti-Phishing", "Allow-List"),
            needs=_ADMIN,
            look_first=(
                "It reads mailboxes by API, after delivery: suspect it when headers say clean and the mail is gone.",
            ),
            steps=(
                "In Security Settings > Exceptions > Anti-Phishing > Allow-List, filter by the sender domain "
                "{domain} and "
                "the server IP {ip} together, and create the rule. Malware scanning stays on.",
            ),
            undo=("Delete the rule.",),
            never=NO_BARE_DOMAIN,
            takes_effect_within=timedelta(hours=1),
            risk="If the sender's address changes, the rule no longer matches.",
            sources=(_HARMONY,),
        ),
    ),
    takes_effect_within=timedelta(hours=1),
)
MAILASSURE = MailSystem(
    "mailassure",
    "N-able Mail Assure",
    RunBy.VENDOR,
    aliases=("spamexperts", "mail-assure"),
    hosts=("antispamcloud.com", "spamexperts.com", "spamexperts.net", "spamexperts.eu", "mtaroutes.com"),
    headers=("x-spamexperts-", "x-spampanel-", "x-recommended-action"),
    place=ChainPlace.GATEWAY,
    remedies=(
        Remedy(
            "mailassure-allow-address",
            "mailassure",
            "Add the exact address to the sender allow list of the domain",
            SPAM,
            TEXT,
            Rung.DMARC,
            NO_SPAM_FILTER,
            skips="the spam filter",
            where=("Mail Assure", "Incoming protection", "Sender allow list"),
            needs=_ADMIN,
            look_first=(
                "See that mail which fails SPF, DKIM or DMARC is still rejected: without it this entry is unsafe.",
            ),
            steps=(
                "Look for the sender allow list of the domain, and add the exact address {address} there; DMARC "
                "and SPF "
                "checks must stay on.",
            ),
            undo=("Delete the address from the list.",),
            never=NO_BARE_DOMAIN,
            sources=(FactSource("The product's menu", NOVEMBER, "", Certainty.MEMORY, "No page of it was read."),),
        ),
    ),
    not_possible=(
        NotPossible(
            "It greylists new senders for 10 minutes, and knows a sender after two mails, for 60 days.",
            "Ask for a second code. Its support can except the sender.",
            GREYLISTED,
            "mailassure",
        ),
    ),
)
TRELLIX = MailSystem(
    "trellix",
    "Trellix Email Security",
    RunBy.EITHER,
    aliases=("fireeye",),
    hosts=("fireeyecloud.com", "fireeyegov.com"),
    headers=("x-fireeye", "x-fe-etp"),
    place=ChainPlace.GATEWAY,
    not_possible=(
        NotPossible(
            "Its allow list skips the scan for malicious content, by its own documentation (docs.trellix.com, "
            f"{SEPTEMBER:%B %Y}).",
            "{system} support, with the reply and the time of the message.",
        ),
    ),
)
CLEARSWIFT = MailSystem(
    "clearswift",
    "Clearswift",
    RunBy.EITHER,
    headers=("x-clearswift",),
    reply_marks=("clearswift",),
    place=ChainPlace.GATEWAY,
    remedies=(
        Remedy(
            "clearswift-greylist-exception",
            "clearswift",
            "Except the address from greylisting and blocklists only",
            GREYLISTED,
            ADDRESS | ANY_FACTOR,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            skips="the delay, and blocklists",
            where=("Clearswift Secure Email Gateway", "Connections"),
            needs=_ADMIN,
            steps=(
                "Add {ip} with greylisting and RBL ticked, and nothing else: SPF, DKIM, DMARC and spoof checks "
                "must stay "
                "on.",
            ),
            undo=("Delete the entry.",),
            never="Do not tick SPF, DKIM, DMARC or spoof.",
            risk=SHARED_ADDRESS,
            sources=(_CLEARSWIFT,),
        ),
    ),
)


def _unread(key: str, label: str, run_by: RunBy, **marks: tuple[str, ...]) -> MailSystem:
    return MailSystem(
        key,
        label,
        run_by,
        aliases=marks.get("aliases", ()),
        hosts=marks.get("hosts", ()),
        headers=marks.get("headers", ()),
        reply_marks=marks.get("reply_marks", ()),
        place=ChainPlace.GATEWAY,
    )


FORCEPOINT = _unread(
    "forcepoint", "Forcepoint Email Security", RunBy.EITHER, hosts=("mailcontrol.com",), headers=("x-mailcontrol",)
)
ZIX = _unread("zix", "Zix", RunBy.VENDOR, aliases=("appriver",), hosts=("arsmtp.com", "zixsmbhosted.com"))
VIPRE = _unread("vipre", "VIPRE", RunBy.VENDOR, hosts=("electric.net", "e-mmunity.net"))
MAILPROTECTOR = _unread(
    "mailprotector",
    "Mailprotector",
    RunBy.VENDOR,
    hosts=("emailservice.io", "emailsrv.net"),
    headers=("x-mailprotector-",),
)
VADE = _unread("vade", "Vade", RunBy.EITHER, headers=("x-vade-", "x-vr-", "x-razorgate-vade"))
KASPERSKY = _unread(
    "kaspersky",
    "Kaspersky Secure Mail",
    RunBy.EITHER,
    aliases=("ksmg",),
    headers=("x-kse-", "x-ksmg-", "x-klms-", "x-spamtest-"),
)
ESET = _unread("eset", "ESET Mail Security", RunBy.COMPANY, headers=("x-eset-",))
WATCHGUARD = _unread("watchguard", "WatchGuard", RunBy.COMPANY, headers=("x-watchguard-",))
IRONSCALES = _unread("ironscales", "IRONSCALES", RunBy.VENDOR)
ABNORMAL = _unread("abnormal", "Abnormal Security", RunBy.VENDOR)
CLOUDMARK = MailSystem(
    "cloudmark",
    "Cloudmark",
    RunBy.EITHER,
    headers=("x-cmae-", "x-cm-analysis"),
    reply_marks=("cloudmark",),
    place=ChainPlace.GATEWAY,
    not_possible=(NotPossible("Providers run it, not companies.", "The provider's support."),),
)
UNREAD = (FORCEPOINT, ZIX, VIPRE, MAILPROTECTOR, VADE, KASPERSKY, ESET, WATCHGUARD, IRONSCALES, ABNORMAL)
