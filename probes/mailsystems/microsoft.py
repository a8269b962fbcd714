"""Microsoft: the service for companies, the one for private people, and the server that companies run.

Sources, all on learn.microsoft.com: the page of each command under powershell/module/exchange; "Create sender
allowlists", "Allow or block email using the Tenant Allow/Block List", "Configure connection filtering", "Enhanced
Filtering for Connectors". The commands for lists of Exchange Server are "available only in on-premises Exchange":
Get-IPBlockListEntry only on Edge Transport servers, Get-SenderFilterConfig and Get-AgentLog wherever the anti-spam
agents are installed. Those of Microsoft 365 are "available only in the cloud-based service". An entry of
BlockedDomainsAndSubdomains covers the domains below it, and a blocked "*.com" those that end so: what is removed is
the entry as listed, not the sender's name.
"""

from datetime import timedelta

from probes.mailsystems.family import CauseFamily
from probes.mailsystems.system import MailSystem, RunBy, Steps
from probes.outcome import Cause

_MICROSOFTS_LIST: Steps = (
    "No entry of the tenant is known to help against Microsoft's own list.",
    "Have {ip} delisted at the portal or address that the reply names; Microsoft answers within 24 to 48 hours.",
)

M365 = MailSystem(
    "m365",
    "Microsoft 365",
    RunBy.VENDOR,
    aliases=("office365", "o365", "microsoft365", "ms365", "exchange-online", "exo", "eop", "microsoft"),
    hosts=("mail.protection.outlook.com", "mx.microsoft", "prod.outlook.com"),
    reply_marks=(
        ".prod.outlook.com",
        "protection.outlook.com",
        "as(508)",
        "delist@messaging.microsoft.com",
        "(as160126",  # "(AS16012609)"
        "(as780",
        "sender.office.com",
    ),
    remedies={
        CauseFamily.ADDRESS: (
            "Look for {ip}: Get-HostedConnectionFilterPolicy Default | fl IPBlockList",
            'Remove it: Set-HostedConnectionFilterPolicy Default -IPBlockList @{Remove="{ip}"}',
        ),
        CauseFamily.DOMAIN: (
            "Look for a block entry: Get-TenantAllowBlockListItems -ListType Sender -Block",
            "Remove it, in place of {domain} the value as listed if it is an address of it or wider: "
            'Remove-TenantAllowBlockListItems -ListType Sender -Entries "{domain}"',
            "Check the blocked senders and domains of the anti-spam policies: Get-HostedContentFilterPolicy | "
            "fl Name,BlockedSenders,BlockedSenderDomains",
            'Remove it there: Set-HostedContentFilterPolicy NAME -BlockedSenderDomains @{Remove="{domain}"}, or '
            "-BlockedSenders.",
        ),
        CauseFamily.REPUTATION: _MICROSOFTS_LIST,
        CauseFamily.CONTENT: (
            "Submit the message to Microsoft as clean (Defender portal > Submissions).",
            'Allow the domain: New-TenantAllowBlockListItems -ListType Sender -Allow -Entries "{domain}" '
            "-RemoveAfter 45. "
            "Authentication must still pass; the entry expires 45 days after it was last used.",
        ),
        CauseFamily.POLICY: (
            "Find the mail flow rule that rejects it: Get-TransportRule.",
            "Add an exception for {domain} where the Authentication-Results header contains dmarc=pass.",
        ),
        CauseFamily.AUTHENTICATION: (
            "If a gateway receives the mail before Microsoft 365, turn on Enhanced Filtering for Connectors, so that "
            "SPF is checked against the address that connected to the gateway.",
        ),
        CauseFamily.UNCLEAR: (
            "Trace it: Get-MessageTraceV2 -FromIP {ip}. If a gateway receives the mail first, use -MessageId instead.",
            "Look for held mail: Get-QuarantineMessage. Release it and submit it as clean.",
        ),
    },
    exceptions={
        Cause.IP_LISTED: _MICROSOFTS_LIST,
        Cause.RATE_LIMITED: ("Wait: Microsoft lifts the limit by itself.",),
        Cause.RDNS: ("No entry of the tenant is known to help: this check comes before all lists.",),
    },
    takes_effect_within=timedelta(minutes=5),  # Tenant Allow/Block List
)

OUTLOOK = MailSystem(
    "outlook",
    "Outlook.com",
    RunBy.VENDOR,
    aliases=("hotmail", "outlook.com", "live"),
    hosts=("olc.protection.outlook.com",),
    reply_marks=("postmaster.live.com", "mail.live.com", "sendersupport.olc"),
    no_settings="It is for private people: there is no administrator. Each person marks the sender as safe.",
)

EXCHANGE = MailSystem(
    "exchange",
    "Exchange Server",
    RunBy.COMPANY,
    aliases=("exchange-server", "exchange-on-premises", "msexchange"),
    reply_marks=("resolver.adr", "resolver.rst", "storedrv", "smtpsend.", "queue.expired"),
    remedies={
        CauseFamily.ADDRESS: (
            "On each Edge Transport server, look for the entry: Get-IPBlockListEntry -IPAddress {ip}",
            "Remove it: Get-IPBlockListEntry -IPAddress {ip} | Remove-IPBlockListEntry",
        ),
        CauseFamily.DOMAIN: (
            "Look at the blocked senders and domains: Get-SenderFilterConfig | fl BlockedSenders,BlockedDomains*",
            'Remove it from the list that has it: Set-SenderFilterConfig -BlockedDomains @{Remove="{domain}"}, or '
            "-BlockedDomainsAndSubdomains (the entry as listed: it may be a parent domain), or -BlockedSenders.",
        ),
        CauseFamily.UNCLEAR: (
            "See which anti-spam agent rejected it: Get-AgentLog -StartDate (the time of the probe).",
            "Follow it: Get-MessageTrackingLog -Start (the time of the probe).",
        ),
    },
    exceptions={
        Cause.RELAY_DENIED: (
            "List the domains that the server accepts mail for: Get-AcceptedDomain",
            "Add the recipient's domain as an accepted domain, or correct the MX record.",
        ),
    },
)
