"""The fix in one line, in the words of one mail system: the safest form that it has. The runbooks hold the rest.

`{domain}` and `{ip}` are the sender's. An allow entry is bound to authentication, or to domain and address together.
"""

from datetime import timedelta

from monitor.incidents.family import CauseFamily
from probes.verdict import Cause

A, R, D = CauseFamily.ADDRESS, CauseFamily.REPUTATION, CauseFamily.DOMAIN

_MIMECAST = "Permitted Senders policy: Emails From {domain} and source IP {ip}/32 together, DNS Authentication left on."
_MIMECAST_BLOCK = (
    "A Blocked Senders policy wins over every permit: answer it with 'Blocked Sender - Take No Action' for the exact "
    "address of {domain}."
)
_MICROSOFT_LIST = (
    "No entry of the tenant is known to help against Microsoft's own list: {ip} is taken off at the portal or "
    "address that the reply names."
)
_OWN_GROUP = (
    "Own sender group above the blocked one with {ip}, policy ACCEPT, anti-spam and SPF/DKIM/DMARC on; then a filter "
    "on spf-status Pass for {domain}."
)
_POSTFIX = (
    "a restriction class that wants {ip} and {domain} together, after reject_unauth_destination (see the runbook)"
)
_RSPAMD = (
    "rspamd multimap: From domain {domain} with require_symbols = DMARC_POLICY_ALLOW and score -7; no prefilter, "
    "no bare map."
)
_RSPAMD_GREY = "rspamd greylist.conf: whitelisted_ip with {ip}; everything else still judges the mail."
_WELCOMELIST = (
    "SpamAssassin: welcomelist_auth *@{domain} (whitelist_auth before 4.0); it counts only where SPF or DKIM passes."
)

FIXES: dict[tuple[CauseFamily, str], str] = {
    (A, "m365"): "Take {ip} off the tenant's block list: Set-HostedConnectionFilterPolicy Default -IPBlockList "
    '@{Remove="{ip}"}.',
    (D, "m365"): "Delete the block entry that Get-TenantAllowBlockListItems -ListType Sender -Block shows; look at the "
    "anti-spam policy's blocked senders too.",
    (R, "m365"): _MICROSOFT_LIST,
    (
        CauseFamily.CONTENT,
        "m365",
    ): "Submit the mail as clean, then New-TenantAllowBlockListItems -ListType Sender -Allow "
    '-Entries "{domain}" -RemoveAfter 45: authentication must still pass.',
    (CauseFamily.POLICY, "m365"): "Find the mail flow rule (Get-TransportRule); except {domain} in it where "
    "Authentication-Results holds dmarc=pass.",
    (
        CauseFamily.AUTHENTICATION,
        "m365",
    ): "Does a gateway stand in front? Then turn on Enhanced Filtering for Connectors, so "
    "that it judges the address before the gateway.",
    (
        CauseFamily.UNCLEAR,
        "m365",
    ): "Get-MessageTraceV2 -FromIP {ip} tells where it went, Get-QuarantineMessage what is held; "
    "release it and submit it as clean.",
    (
        A,
        "google",
    ): "Email Log Search names the rule that refuses {ip}: take it out there. It never belongs into Inbound gateway.",
    (D, "google"): "Gmail > Spam, phishing and malware: take {domain} off the blocked senders.",
    (
        CauseFamily.CONTENT,
        "google",
    ): "Gmail > Spam, phishing and malware > Spam: bypass for an address list with {domain}, authentication left on.",
    (
        CauseFamily.POLICY,
        "google",
    ): "A reply with 'gcdp' is the company's own rule: Email Log Search names it; except {domain} "
    "from it, authentication required.",
    (
        CauseFamily.UNCLEAR,
        "google",
    ): "Email Log Search tells where it went: spam, admin quarantine or a rule; release it there.",
    (A, "mimecast"): _MIMECAST_BLOCK,
    (D, "mimecast"): _MIMECAST_BLOCK,
    (R, "mimecast"): _MIMECAST,
    (CauseFamily.CONTENT, "mimecast"): _MIMECAST,
    (CauseFamily.GREYLISTING, "mimecast"): "'Internal resources are temporarily unavailable' is its greylisting. "
    + _MIMECAST,
    (
        CauseFamily.POLICY,
        "mimecast",
    ): "The reply names the policy; except {domain} with source IP {ip}/32 in that one policy.",
    (
        CauseFamily.UNCLEAR,
        "mimecast",
    ): "Message Center: look under Held, Rejected and Deferred; held mail is kept 14 days.",
    (R, "proofpoint"): "Look {ip} up at ipcheck.proofpoint.com: a delay clears itself within minutes, a block "
    "stays while spam is seen.",
    (
        CauseFamily.CONTENT,
        "proofpoint",
    ): "Safe Sender List: the exact address of {domain}; Anti-Spoofing stays on and still checks its DMARC.",
    (A, "barracuda"): "Inbound Settings > IP Address Policies: delete the block of {ip}.",
    (D, "barracuda"): "Inbound Settings > Sender Policies: delete the block of {domain}.",
    (
        CauseFamily.CONTENT,
        "barracuda",
    ): "Inbound Settings > Sender Policies: {domain} Exempt, Sender Authentication left on.",
    (A, "cisco"): _OWN_GROUP,
    (R, "cisco"): _OWN_GROUP,
    (CauseFamily.CONTENT, "sophos"): "Inbound Allow/Block: allow {domain} with Enforce Sender Authentication on.",
    (
        CauseFamily.CONTENT,
        "fortinet",
    ): "Safe list of this one domain: the exact address of {domain}; the profile's SPF, DKIM and DMARC actions stay.",
    (
        CauseFamily.CONTENT,
        "trendmicro",
    ): "Domain-based Authentication > Sender IP Match: pair {domain} with {ip}; review it when the address changes.",
    (
        CauseFamily.CONTENT,
        "spamtitan",
    ): "Allow & Block List, type domain: {domain}. It skips the spam filter only; SPF, RBL, "
    "greylisting and virus checks stay.",
    (CauseFamily.CONTENT, "cloudflare"): "Allow policy: {domain}, type DOMAIN, acceptable sender, verify_sender true.",
    (A, "postfix"): f"Take {{ip}} out of the access map or the postscreen list; if it must stay, {_POSTFIX}.",
    (D, "postfix"): "Take {domain} and its parents out of the sender access map (`postmap -q {domain} TYPE:FILE`).",
    (
        CauseFamily.GREYLISTING,
        "postfix",
    ): "Postgrey: a line {ip} in /etc/postgrey/whitelist_clients.local, then restart it. "
    "rspamd: whitelisted_ip in greylist.conf.",
    (A, "exim"): "In acl_check_rcpt, before the denies: accept hosts = {ip}, sender_domains = {domain}, domains = "
    "+local_domains.",
    (CauseFamily.CONTENT, "rspamd"): _RSPAMD,
    (CauseFamily.CONTENT, "mailcow"): _RSPAMD,
    (CauseFamily.GREYLISTING, "rspamd"): _RSPAMD_GREY,
    (CauseFamily.GREYLISTING, "mailcow"): _RSPAMD_GREY,
    (CauseFamily.CONTENT, "spamassassin"): _WELCOMELIST,
    (CauseFamily.CONTENT, "zimbra"): _WELCOMELIST,
    (
        CauseFamily.CONTENT,
        "amavis",
    ): "amavisd: @author_to_policy_bank_maps for {domain}: it counts only for a valid DKIM signature of the author.",
    (CauseFamily.GREYLISTING, "plesk"): "plesk bin grey_listing --update-server -domains-whitelist add:*@{domain}",
    (CauseFamily.GREYLISTING, "cpanel"): "whmapi1 create_cpgreylist_trusted_host ip={ip}",
}

CAUSE_FIXES: dict[tuple[Cause, str], str] = {  # where the family's would be another cause's
    (Cause.IP_LISTED, "m365"): _MICROSOFT_LIST,
    (Cause.IP_LISTED, "google"): "Report the reply to Google's support; Inbound gateway is never the place for {ip}.",
    (Cause.IP_LISTED, "mimecast"): _MIMECAST,
    (
        Cause.IP_LISTED,
        "barracuda",
    ): "Inbound Settings > IP Address Policies: exempt {ip}; the Sender Policies and checks of {domain} stay.",
    (Cause.IP_LISTED, "postfix"): f"Before reject_rbl_client: {_POSTFIX}. All senders refused? Then mend the resolver.",
    (Cause.RATE_LIMITED, "m365"): "It lifts the limit by itself.",
    (Cause.RATE_LIMITED, "mimecast"): "It lifts the limit by itself after some 5 minutes.",
    (Cause.RATE_LIMITED, "proofpoint"): "It lifts the limit by itself within minutes.",
    (Cause.RDNS, "m365"): "No entry of the tenant is known to help: this check comes first.",
    (Cause.RDNS, "postfix"): f"Before reject_unknown_client_hostname: {_POSTFIX}.",
}

SETTLES: dict[str, timedelta] = {  # until a change acts, by the vendor's word
    "m365": timedelta(minutes=5),  # Tenant Allow/Block List
    "google": timedelta(hours=24),
    "mimecast": timedelta(minutes=30),
    "proofpoint": timedelta(minutes=60),
}
