"""Filters in front of the mailboxes: services, appliances, and those that are sold as both.

Sources, the vendors' own: Barracuda Campus (IP Address Policies, Sender Policies); Cisco user guide, "Email
Authentication" and sender groups; Sophos Central, Inbound Allow/Block; Trend Micro, Sender IP Match; Fortinet
administration guide, Block/Safe List; Broadcom HOWTO119230; TitanHQ, "Allow & Block List"; Hornetsecurity manual,
Email Live Tracking and allow lists; developers.cloudflare.com, allow policies; sc1.checkpoint.com, Allow-List;
Proxmox Mail Gateway guide, Mail Proxy.
"""

from datetime import timedelta

from probes.mailsystems.family import CauseFamily
from probes.mailsystems.system import MailSystem, RunBy, Steps
from probes.outcome import Cause

_OWN_GROUP: Steps = (
    "Create a sender group for {ip} above the one that blocks it. Policy ACCEPT; leave anti-spam and SPF, DKIM and "
    "DMARC verification on.",
    "Add an incoming content filter for {domain} with the condition spf-status is Pass.",
)
_NOT_READ = "No documentation of its allow lists has been read so far."

BARRACUDA = MailSystem(
    "barracuda",
    "Barracuda",
    RunBy.EITHER,
    aliases=("barracuda-ess", "email-gateway-defense"),
    hosts=("ess.barracudanetworks.com", "ess.barracuda.com"),
    reply_marks=("barracuda",),
    remedies={
        CauseFamily.ADDRESS: ("In Inbound Settings > IP Address Policies, delete the block entry for {ip}.",),
        CauseFamily.DOMAIN: ("In Inbound Settings > Sender Policies, delete the block entry for {domain}.",),
        CauseFamily.CONTENT: (
            "In Inbound Settings > Sender Policies, set {domain} to Exempt. Leave Sender Authentication on.",
        ),
    },
    exceptions={
        Cause.IP_LISTED: (
            "In Inbound Settings > IP Address Policies, exempt {ip}. The Sender Policies and checks of {domain} stay "
            "on.",
        ),
    },
)
CISCO = MailSystem(
    "cisco",
    "Cisco Secure Email",
    RunBy.EITHER,
    aliases=("ironport", "cisco-esa", "cisco-secure-email"),
    hosts=("iphmx.com",),
    reply_marks=("iphmx.com", "ironport"),
    remedies={CauseFamily.ADDRESS: _OWN_GROUP, CauseFamily.REPUTATION: _OWN_GROUP},
)
SOPHOS = MailSystem(
    "sophos",
    "Sophos Email",
    RunBy.EITHER,
    aliases=("sophos-central", "sophos-email"),
    hosts=("hydra.sophos.com",),
    reply_marks=("sophos",),
    remedies={
        CauseFamily.CONTENT: ("In Inbound Allow/Block, allow {domain} with Enforce Sender Authentication on.",),
    },
)
TRENDMICRO = MailSystem(
    "trendmicro",
    "Trend Micro",
    RunBy.EITHER,
    aliases=("trend-micro", "trend"),
    hosts=("trendmicro.com", "trendmicro.eu"),
    reply_marks=("trend micro", "trendmicro", "mail-abuse."),
    remedies={
        CauseFamily.CONTENT: (
            "In Inbound Protection > Domain-based Authentication > Sender IP Match, pair {domain} with {ip}.",
            "Review the pair when the sender's address changes: mail of {domain} from any other address is then "
            "stopped.",
        ),
    },
)
FORTINET = MailSystem(
    "fortinet",
    "FortiMail",
    RunBy.EITHER,
    aliases=("fortimail",),
    hosts=("fortimailcloud.com", "fortimail.com"),
    reply_marks=("fortiguard", "fortinet"),
    remedies={
        CauseFamily.CONTENT: (
            "In Security > Block/Safe List > Domain, add the exact address of {domain} to the safe list of this one "
            "domain.",
            "Leave the SPF, DKIM and DMARC actions of the antispam profile on.",
        ),
    },
)
SYMANTEC = MailSystem(
    "symantec",
    "Symantec Email Security.cloud",
    RunBy.EITHER,
    aliases=("messagelabs", "broadcom"),
    hosts=("messagelabs.com",),
    reply_marks=("messagelabs", "symantec", "broadcom"),
    remedies={
        CauseFamily.CONTENT: (
            "Add the exact address of {domain} to the approved senders, and leave the SPF and DMARC checks on.",
            "Do not approve {ip}: an IP entry skips anti-spam, SPF and DMARC.",
        ),
        CauseFamily.UNCLEAR: ("Search for the mail in Track and Trace: it shows the service that stopped it and why.",),
    },
)
CLOUDMARK = MailSystem(
    "cloudmark", "Cloudmark", RunBy.EITHER, reply_marks=("cloudmark",), no_settings="Providers run it, not companies."
)
SPAMTITAN = MailSystem(
    "spamtitan",
    "SpamTitan",
    RunBy.EITHER,
    aliases=("titanhq",),
    hosts=("spamtitan.com", "titanhq.com"),
    remedies={
        CauseFamily.CONTENT: (
            "In Filtering > Allow & Block List, add {domain} as a domain. It skips the spam filter only: SPF, RBL, "
            "greylisting and virus checks stay on.",
        ),
    },
)
HORNETSECURITY = MailSystem(
    "hornetsecurity",
    "Hornetsecurity",
    RunBy.VENDOR,
    aliases=("antispameurope",),
    hosts=("hornetsecurity.com", "antispameurope.com"),
    remedies={
        CauseFamily.CONTENT: (
            "Search for the mail in Email Live Tracking and look at its class.",
            "If it is Spam, add the exact address of {domain} to the allow list of the customer; SPF, DKIM and DMARC "
            "checks stay on. Mail of class Content or Threat needs a Compliance Filter rule.",
        ),
        CauseFamily.UNCLEAR: ("Search for the mail in Email Live Tracking: its details name the reason.",),
    },
)
CLOUDFLARE = MailSystem(
    "cloudflare",
    "Cloudflare Email Security",
    RunBy.VENDOR,
    aliases=("area1", "cloudflare-area1"),
    hosts=("mxrecord.io", "mxrecord.mx", "mx.cloudflare.net"),
    reply_marks=("cloudflare",),
    remedies={
        CauseFamily.CONTENT: (
            "Create an allow policy for the pattern {domain}, type DOMAIN, acceptable sender, verify_sender true.",
        ),
    },
)
CHECKPOINT = MailSystem(
    "checkpoint",
    "Check Point Harmony Email",
    RunBy.VENDOR,
    aliases=("avanan", "harmony"),
    remedies={
        CauseFamily.CONTENT: (
            "In Security Settings > Exceptions > Anti-Phishing > Allow-List, filter by the sender domain {domain} "
            "and the "
            "server IP {ip} together, and create the rule. Malware scanning stays on.",
        ),
    },
    takes_effect_within=timedelta(hours=1),
)
MAILASSURE = MailSystem(
    "mailassure",
    "N-able Mail Assure",
    RunBy.VENDOR,
    aliases=("spamexperts", "mail-assure"),
    hosts=("antispamcloud.com", "spamexperts.com", "spamexperts.net", "spamexperts.eu", "mtaroutes.com"),
    no_settings=_NOT_READ,
)
TRELLIX = MailSystem(
    "trellix",
    "Trellix Email Security",
    RunBy.EITHER,
    aliases=("fireeye",),
    hosts=("fireeyecloud.com", "fireeyegov.com"),
    no_settings="Its allow list skips the scan for malicious content: use the vendor's support instead.",
)
FORCEPOINT = MailSystem(
    "forcepoint", "Forcepoint Email Security", RunBy.EITHER, hosts=("mailcontrol.com",), no_settings=_NOT_READ
)
ZIX = MailSystem(
    "zix",
    "Zix",
    RunBy.VENDOR,
    aliases=("appriver",),
    hosts=("arsmtp.com", "zixsmbhosted.com"),
    no_settings=_NOT_READ,
)
VIPRE = MailSystem("vipre", "VIPRE", RunBy.VENDOR, hosts=("electric.net", "e-mmunity.net"), no_settings=_NOT_READ)
PROXMOX = MailSystem(
    "proxmox",
    "Proxmox Mail Gateway",
    RunBy.COMPANY,
    aliases=("pmg",),
    remedies={
        CauseFamily.GREYLISTING: (
            "In Mail Proxy > Whitelist, add {ip}. It skips greylisting, SPF and DNS blocklists; the rules still "
            "judge the mail.",
        ),
    },
)
