"""Exchange Server, which a company runs by itself.

Get-IPBlockListEntry exists only on Edge Transport servers, Get-SenderFilterConfig and Get-AgentLog wherever the
anti-spam agents are installed. An entry of BlockedDomainsAndSubdomains covers the domains below it.
"""

from probes.mailsystems.parts import (
    ADDRESS,
    ALL_GUARDS,
    ANY_FACTOR,
    BLOCKED,
    DOMAIN,
    DOMAIN_BLOCKED,
    LISTED,
    NOTHING_TO_UNDO,
    NOVEMBER,
    POLICY,
    SHARED_ADDRESS,
    UNCLEAR,
    powershell,
)
from probes.mailsystems.remedy import Certainty, FactSource, Guard, Remedy, Rung
from probes.mailsystems.system import MailSystem, RunBy
from probes.outcome import Cause

_COMMANDS = FactSource("Exchange PowerShell reference", NOVEMBER, "learn.microsoft.com/powershell/module/exchange")
_EDGE = "membership in the local group Administrators of each Edge Transport server"

_REMEDIES = (
    Remedy(
        "exchange-remove-ip-block",
        "exchange",
        "Remove the address from the IP block list",
        BLOCKED,
        ADDRESS,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        needs=_EDGE,
        look_first=(
            powershell("On each Edge Transport server, look for the entry", "Get-IPBlockListEntry -IPAddress {ip}"),
        ),
        steps=(powershell("Remove it", "Get-IPBlockListEntry -IPAddress {ip} | Remove-IPBlockListEntry"),),
        undo=(powershell("Add it again", "Add-IPBlockListEntry -IPAddress {ip}"),),
        never="Do not add {ip} to a receive connector that relays.",
        sources=(_COMMANDS,),
    ),
    Remedy(
        "exchange-remove-sender-block",
        "exchange",
        "Remove the block entry of the sender",
        DOMAIN_BLOCKED,
        DOMAIN,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        needs="the role Organization Management",
        look_first=(
            powershell(
                "Look at the blocked senders and domains", "Get-SenderFilterConfig | fl BlockedSenders,BlockedDomains*"
            ),
        ),
        steps=(
            powershell(
                "Remove it from the list that has it, as listed: -BlockedDomainsAndSubdomains may have a parent "
                "domain, "
                "-BlockedSenders an address",
                'Set-SenderFilterConfig -BlockedDomains @{Remove="{domain}"}',
            ),
        ),
        undo=(powershell("Add it again", 'Set-SenderFilterConfig -BlockedDomains @{Add="{domain}"}'),),
        never="Do not use Set-ContentFilterConfig with its list of bypassed domains: it asks for the bare domain.",
        sources=(_COMMANDS,),
    ),
    Remedy(
        "exchange-ip-allow-entry",
        "exchange",
        "Except the address from block lists on the Edge Transport servers",
        LISTED,
        ADDRESS,
        Rung.IP_ALONE,
        ALL_GUARDS - {Guard.SPAM, Guard.AUTHENTICATION},
        skips="block lists, the content filter and Sender ID, on Edge Transport servers",
        needs=_EDGE,
        look_first=(powershell("Look at the entries that exist", "Get-IPAllowListEntry"),),
        steps=(
            "Check first that other senders get through: if all are refused, the server's resolver is at fault.",
            powershell(
                "For mail of {domain}, allow {ip} until a date of your choice",
                'Add-IPAllowListEntry -IPAddress {ip} -Comment "Sign-in codes" -ExpirationTime (Get-Date).AddDays(90)',
            ),
        ),
        undo=(powershell("Remove it", "Get-IPAllowListEntry -IPAddress {ip} | Remove-IPAllowListEntry"),),
        never="Do not add {ip} to a receive connector that relays.",
        risk=SHARED_ADDRESS + " The virus scanner still judges the mail.",
        sources=(_COMMANDS,),
    ),
    Remedy(
        "exchange-rule-before",
        "exchange",
        "Put a rule before the one that rejects, for the domain where DMARC passes",
        POLICY,
        ANY_FACTOR,
        Rung.DMARC,
        ALL_GUARDS,
        skips="the transport rules after it",
        where=("Exchange admin center", "Mail flow", "Rules"),
        needs="the role Organization Management",
        look_first=(
            powershell("Find the transport rule that rejects it", "Get-TransportRule | fl Name,State,Priority"),
        ),
        steps=(
            powershell(
                "Create a rule before it, in audit mode, which requires {domain} and dmarc=pass, as the gateway "
                "writes it",
                'New-TransportRule -Name "Sign-in codes" -Mode Audit -Priority 0 -FromScope NotInOrganization '
                '-SenderDomainIs "{domain}" `\n'
                '  -HeaderContainsMessageHeader "Authentication-Results" -HeaderContainsWords "dmarc=pass" `\n'
                '  -SetHeaderName "X-ETR" -SetHeaderValue "sign-in codes" -StopRuleProcessing $true',
            ),
            powershell(
                "When the audit shows the right messages, enforce it", 'Set-TransportRule "Sign-in codes" -Mode Enforce'
            ),
        ),
        undo=(powershell("Delete the rule", 'Remove-TransportRule "Sign-in codes"'),),
        never="Do not use it where no server of yours checks DMARC and removes forged Authentication-Results.",
        sources=(
            FactSource(
                "New-TransportRule",
                NOVEMBER,
                "learn.microsoft.com/powershell/module/exchange/new-transportrule",
                Certainty.READ,
                "Exchange Server itself does not check DMARC: a gateway in front of it must.",
            ),
        ),
    ),
    Remedy(
        "exchange-accepted-domain",
        "exchange",
        "Add the recipient's domain to the accepted domains",
        frozenset({Cause.RELAY_DENIED}),
        ANY_FACTOR,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        needs="the role Organization Management",
        look_first=(powershell("List the domains that the server accepts mail for", "Get-AcceptedDomain"),),
        steps=("Add the recipient's domain as an accepted domain, or correct the MX record.",),
        undo=("Remove the accepted domain, or restore the old MX record.",),
        never="Do not add {ip} to a receive connector that relays.",
        sources=(_COMMANDS,),
    ),
    Remedy(
        "exchange-trace",
        "exchange",
        "Find the agent that stopped the message",
        UNCLEAR,
        ANY_FACTOR,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        needs="the role Organization Management or View-Only Organization Management",
        look_first=(
            powershell("See which anti-spam agent rejected it", "Get-AgentLog -StartDate (Get-Date).AddHours(-6)"),
        ),
        steps=(
            powershell(
                "Follow it",
                'Get-MessageTrackingLog -Start (Get-Date).AddHours(-6) -Sender "{address}"',
            ),
        ),
        undo=NOTHING_TO_UNDO,
        never="Do not add allow entries at random: find the agent first.",
        sources=(_COMMANDS,),
    ),
)
EXCHANGE = MailSystem(
    "exchange",
    "Exchange Server",
    RunBy.COMPANY,
    aliases=("exchange-server", "exchange-on-premises", "msexchange"),
    banners=("microsoft esmtp mail service", "microsoft smtp server"),
    reply_marks=("resolver.adr", "resolver.rst", "storedrv", "smtpsend.", "queue.expired"),
    remedies=_REMEDIES,
)
