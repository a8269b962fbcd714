"""Remedies in Microsoft 365.

Microsoft's own order, best first: Tenant Allow/Block List, mail flow rule, Outlook Safe Senders, IP allow list of the
connection filter. Malware and high-confidence phishing are quarantined whatever a list says. Every command is
documented as "available only in the cloud-based service".
"""

from datetime import timedelta

from probes.mailsystems.parts import (
    ADDRESS,
    ALL_GUARDS,
    ANY_FACTOR,
    AUGUST,
    AUTHENTICATION,
    BLOCKED,
    DOMAIN,
    DOMAIN_BLOCKED,
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
    powershell,
)
from probes.mailsystems.remedy import (
    ARRIVES,
    TWIN_STOPPED,
    Certainty,
    CountedFrom,
    Expiry,
    FactSource,
    Guard,
    ProofKind,
    Remedy,
    RemedyProof,
    Rung,
)

_DEFENDER = "Microsoft Defender"
_PATH = (_DEFENDER, "Email & collaboration", "Policies & rules", "Threat policies")
_EXCHANGE = "Exchange admin centre"
_COMMANDS = FactSource("Exchange PowerShell reference", AUGUST, "learn.microsoft.com/powershell/module/exchange")
_CONNECTION = FactSource("Configure connection filtering", NOVEMBER, "learn.microsoft.com/defender-office-365")
_ALLOWLISTS = FactSource("Create sender allowlists", NOVEMBER, "learn.microsoft.com/defender-office-365")
_TABL = FactSource(
    "Allow or block email using the Tenant Allow/Block List", NOVEMBER, "learn.microsoft.com/defender-office-365"
)
_HEADERS = FactSource("Anti-spam message headers", NOVEMBER, "learn.microsoft.com/defender-office-365")
_FIVE = timedelta(minutes=5)
_HALF_HOUR = timedelta(minutes=30)
_CONDITION = (
    '-FromScope NotInOrganization -SenderDomainIs "{domain}" `\n'
    '  -HeaderContainsMessageHeader "Authentication-Results" -HeaderContainsWords "dmarc=pass" `\n'
)
_ENFORCE = powershell(
    "When the audit shows the right messages, enforce it", 'Set-TransportRule "Sign-in codes" -Mode Enforce'
)
_DELETE_RULE = powershell("Delete the rule", 'Remove-TransportRule "Sign-in codes"')
_RULE_TIME = FactSource(
    "New-TransportRule, Set-TransportRule",
    AUGUST,
    "learn.microsoft.com/powershell/module/exchange/new-transportrule",
    unsure="That a rule takes effect within 30 minutes is not documented.",
)

REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        "m365-remove-ip-block",
        "m365",
        "Remove the address from the IP block list",
        BLOCKED,
        ADDRESS,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        where=(*_PATH, "Anti-spam", "Connection filter policy (Default)", "Edit connection filter policy"),
        link="https://security.microsoft.com/antispam",
        needs="the role Security Administrator or Organization Management",
        look_first=(
            powershell("Look for {ip}", "Get-HostedConnectionFilterPolicy Default | fl IPAllowList,IPBlockList"),
        ),
        steps=(
            powershell("Remove it", 'Set-HostedConnectionFilterPolicy Default -IPBlockList @{Remove="{ip}"}'),
            "If a range contains it, take the range apart. Look also for a mail flow rule that rejects it: "
            "Get-TransportRule | fl Name,State,SenderIpRanges",
        ),
        undo=(powershell("Add it again", 'Set-HostedConnectionFilterPolicy Default -IPBlockList @{Add="{ip}"}'),),
        never="Do not add {ip} to the IP allow list instead: that list skips SPF, DKIM and DMARC.",
        takes_effect_within=_FIVE,
        sources=(_COMMANDS, _CONNECTION),
    ),
    Remedy(
        "m365-remove-sender-block",
        "m365",
        "Remove the block entry of the sender",
        DOMAIN_BLOCKED,
        DOMAIN,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        where=(*_PATH, "Tenant Allow/Block Lists", "Domains & addresses"),
        link="https://security.microsoft.com/tenantAllowBlockList",
        needs="the role Security Administrator or Organization Management",
        look_first=(
            powershell("Look for a block entry", "Get-TenantAllowBlockListItems -ListType Sender -Block"),
            powershell(
                "Look at the blocked senders of the anti-spam policies",
                "Get-HostedContentFilterPolicy | fl Name,BlockedSenders,BlockedSenderDomains",
            ),
        ),
        steps=(
            powershell(
                "Remove the value as listed, which may be an address of {domain} or wider",
                'Remove-TenantAllowBlockListItems -ListType Sender -Entries "{domain}"',
            ),
            powershell(
                "Remove it from the anti-spam policy, with -BlockedSenders if it is an address",
                'Set-HostedContentFilterPolicy Default -BlockedSenderDomains @{Remove="{domain}"}',
            ),
        ),
        undo=(
            powershell(
                "Add it again",
                'New-TenantAllowBlockListItems -ListType Sender -Block -Entries "{domain}" -NoExpiration',
            ),
            powershell(
                "Or in the anti-spam policy",
                'Set-HostedContentFilterPolicy Default -BlockedSenderDomains @{Add="{domain}"}',
            ),
        ),
        never="Do not add an allow entry on top of the block: remove the block.",
        takes_effect_within=_FIVE,
        sources=(_COMMANDS, _TABL),
    ),
    Remedy(
        "m365-submit",
        "m365",
        "Submit a real message to Microsoft as clean",
        SPAM,
        TEXT,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        where=(_DEFENDER, "Actions & submissions", "Submissions", "Emails", "Submit to Microsoft for analysis"),
        link="https://security.microsoft.com/reportsubmission",
        needs="the role Security Administrator or Security Operator",
        steps=(
            "Submit a real message of {address} to Microsoft, as: I've confirmed it's clean. Not a probe: the filter "
            "would learn the probe.",
            "Release held mail: Defender portal > Review > Quarantine > Email. Then no allow entry is needed.",
        ),
        undo=NOTHING_TO_UNDO,
        never="Do not release it with -AllowSender: that makes a lasting allow entry.",
        takes_effect_within=timedelta(days=1),
        sources=(_ALLOWLISTS,),
    ),
    Remedy(
        "m365-allow-domain",
        "m365",
        "Allow the domain in the Tenant Allow/Block List; authentication must still pass",
        SPAM,
        TEXT,
        Rung.DMARC,
        NO_SPAM_FILTER,
        skips="the verdicts bulk, spam and phishing, but not malware or high-confidence phishing",
        where=(*_PATH, "Tenant Allow/Block Lists", "Domains & addresses", "Add", "Allow"),
        link="https://security.microsoft.com/tenantAllowBlockList",
        needs="the role Security Administrator or Organization Management",
        look_first=(
            powershell(
                "Look at the entries that exist",
                "Get-TenantAllowBlockListItems -ListType Sender -Allow | fl Value,ExpirationDate,LastUsedDate",
            ),
        ),
        steps=(
            powershell(
                "Allow the domain; authentication must still pass",
                'New-TenantAllowBlockListItems -ListType Sender -Allow -Entries "{domain}" -RemoveAfter 45 '
                '-Notes "Sign-in codes"',
            ),
        ),
        undo=(powershell("Remove it", 'Remove-TenantAllowBlockListItems -ListType Sender -Entries "{domain}"'),),
        never=NO_BARE_DOMAIN + " The allowed senders and domains of the anti-spam policy do not check authentication.",
        takes_effect_within=_FIVE,
        expires=Expiry(
            timedelta(days=45),
            CountedFrom.LAST_USE,
            powershell(
                "Set it again",
                'Set-TenantAllowBlockListItems -ListType Sender -Allow -Entries "{domain}" -RemoveAfter 45',
            ),
        ),
        risk="High-confidence phishing and malware stay held: submit such a message as clean instead.",
        sources=(_COMMANDS, _TABL),
    ),
    Remedy(
        "m365-rule-dmarc",
        "m365",
        "Create a mail flow rule for the domain where DMARC passes",
        SPAM,
        TEXT,
        Rung.DMARC,
        NO_SPAM_FILTER,
        skips="the spam filter",
        where=(_EXCHANGE, "Mail flow", "Rules", "Add a rule"),
        link="https://admin.exchange.microsoft.com/#/transportrules",
        needs="the role Organization Management or Transport Rules",
        look_first=(powershell("Look at the rules that exist", "Get-TransportRule | fl Name,State,Mode,Priority"),),
        steps=(
            powershell(
                "Create the rule in audit mode; it requires {domain} and dmarc=pass",
                'New-TransportRule -Name "Sign-in codes" -Mode Audit '
                + _CONDITION
                + '  -SetSCL -1 -SetHeaderName "X-ETR" -SetHeaderValue "sign-in codes" -Comments "owner, review date"',
            ),
            _ENFORCE,
        ),
        undo=(_DELETE_RULE,),
        never="Do not create it without the header condition: the sender domain alone can be forged.",
        takes_effect_within=_HALF_HOUR,
        verify=(
            ARRIVES,
            RemedyProof(ProofKind.MARK, "X-Forefront-Antispam-Report contains SFV:SKN, and X-ETR is there."),
            TWIN_STOPPED,
        ),
        sources=(_RULE_TIME, _HEADERS),
    ),
    Remedy(
        "m365-rule-before",
        "m365",
        "Put a rule before the one that rejects, for the domain where DMARC passes",
        POLICY,
        ANY_FACTOR,
        Rung.DMARC,
        ALL_GUARDS,
        skips="the mail flow rules after it",
        where=(_EXCHANGE, "Mail flow", "Rules", "Add a rule"),
        link="https://admin.exchange.microsoft.com/#/transportrules",
        needs="the role Organization Management or Transport Rules",
        look_first=(
            powershell("Find the mail flow rule that rejects it", "Get-TransportRule | fl Name,State,Priority"),
        ),
        steps=(
            powershell(
                "Create a rule before it, in audit mode, which requires {domain} and dmarc=pass",
                'New-TransportRule -Name "Sign-in codes" -Mode Audit -Priority 0 '
                + _CONDITION
                + '  -SetHeaderName "X-ETR" -SetHeaderValue "sign-in codes" -StopRuleProcessing $true',
            ),
            _ENFORCE,
        ),
        undo=(_DELETE_RULE,),
        never="Do not except the domain in the rejecting rule: exceptions are alternatives, so it could not require "
        "authentication as well.",
        takes_effect_within=_HALF_HOUR,
        verify=(ARRIVES, RemedyProof(ProofKind.MARK, "X-ETR is there."), TWIN_STOPPED),
        sources=(_RULE_TIME,),
    ),
    Remedy(
        "m365-open-group",
        "m365",
        "Let a group accept mail from outside",
        POLICY,
        ANY_FACTOR,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        skips="the group's limit to people of the company, and no filter",
        where=(_EXCHANGE, "Recipients", "Groups", "the group", "Settings"),
        link="https://admin.exchange.microsoft.com/#/groups",
        needs="the role Organization Management or Recipient Management",
        look_first=(
            "For replies with 5.7.124, 5.7.133, 5.7.134 or 5.7.136 only: the recipient is closed to outsiders.",
        ),
        steps=(
            powershell("Open the group", 'Set-DistributionGroup "NAME" -RequireSenderAuthenticationEnabled $false'),
            "Or have the codes sent to a person's address.",
        ),
        undo=(powershell("Close it", 'Set-DistributionGroup "NAME" -RequireSenderAuthenticationEnabled $true'),),
        never="Do not open groups that nobody outside has to reach.",
        codes=frozenset({"5.7.124", "5.7.133", "5.7.134", "5.7.136"}),
        sources=(_COMMANDS,),
    ),
    Remedy(
        "m365-enhanced-filtering",
        "m365",
        "Turn on Enhanced Filtering for Connectors behind a gateway",
        AUTHENTICATION,
        SIGNED,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        where=(*_PATH, "Enhanced filtering", "the connector"),
        link="https://security.microsoft.com/skiplisting",
        needs="the role Organization Management or Security Administrator",
        look_first=(powershell("Look at the connectors", "Get-InboundConnector | fl Name,EFSkipLastIP,EFSkipIPs"),),
        steps=(
            powershell(
                "If a gateway receives the mail before Microsoft 365, let SPF be checked against the address that "
                "connected to the gateway",
                'Set-InboundConnector "NAME" -EFSkipLastIP $true',
            ),
        ),
        undo=(powershell("Turn it off", 'Set-InboundConnector "NAME" -EFSkipLastIP $false'),),
        never="Do not turn SPF, DKIM or DMARC off: forged codes would get in.",
        takes_effect_within=_HALF_HOUR,
        sources=(
            FactSource(
                "Enhanced Filtering for Connectors",
                NOVEMBER,
                "learn.microsoft.com/exchange",
                Certainty.READ,
                "How long it takes to act is not documented.",
            ),
            _COMMANDS,
        ),
    ),
    Remedy(
        "m365-spoof-pair",
        "m365",
        "Allow the pair of domain and verified DKIM domain in the list of spoofed senders",
        AUTHENTICATION,
        SIGNED,
        Rung.DKIM,
        ALL_GUARDS - {Guard.AUTHENTICATION},
        skips="spoof intelligence, for mail that this DKIM domain has signed",
        where=(*_PATH, "Tenant Allow/Block Lists", "Spoofed senders", "Add"),
        link="https://security.microsoft.com/tenantAllowBlockList",
        needs="the role Security Administrator or Organization Management",
        look_first=(powershell("Look at the pairs that exist", "Get-TenantAllowBlockListSpoofItems -Action Allow"),),
        steps=(
            "Submit a real message as clean first. Create a pair only if spoof intelligence still blocks it, and read "
            "the DKIM domain (d=) of {domain} from a real message.",
            powershell(
                "Allow the pair",
                "New-TenantAllowBlockListSpoofItems -Identity Default -Action Allow -SpoofType External `\n"
                '  -SpoofedUser "{domain}" -SendingInfrastructure "DKIM-DOMAIN"',
            ),
        ),
        undo=(
            powershell(
                "Remove the pair",
                'Get-TenantAllowBlockListSpoofItems -Action Allow | where SpoofedUser -eq "{domain}" | '
                "foreach { Remove-TenantAllowBlockListSpoofItems -Identity Default -Ids $_.Identity }",
            ),
        ),
        never="Do not use the PTR domain of the mail service or a range: each of its customers could use the domain.",
        takes_effect_within=_FIVE,
        risk="The pair never expires: note a date for review.",
        sources=(_COMMANDS,),
    ),
    Remedy(
        "m365-trace",
        "m365",
        "Trace the message, and release it if it is held",
        UNCLEAR,
        ANY_FACTOR,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        where=(_EXCHANGE, "Mail flow", "Message trace"),
        link="https://admin.exchange.microsoft.com/#/messagetrace",
        needs="the role Organization Management, Security Reader or View-Only Recipients",
        look_first=(
            powershell(
                "Trace it, with -MessageId instead if a gateway receives the mail first",
                "Get-MessageTraceV2 -FromIP {ip} -StartDate (Get-Date).AddHours(-6) -EndDate (Get-Date)",
            ),
            powershell(
                "Look for held mail",
                'Get-QuarantineMessage -SenderAddress "{address}" -StartReceivedDate (Get-Date).AddDays(-2)',
            ),
        ),
        steps=(
            powershell(
                "Release it as clean",
                'Get-QuarantineMessage -MessageID "ID" | Release-QuarantineMessage -ReleaseToAll -ReportFalsePositive',
            ),
        ),
        undo=NOTHING_TO_UNDO,
        never="Do not add -AllowSender, which makes a lasting allow entry.",
        takes_effect_within=_FIVE,
        sources=(_COMMANDS,),
    ),
    Remedy(
        "m365-ip-allow-list",
        "m365",
        "As a last resort, allow the address, and put other domains at it back under filtering",
        SPAM,
        TEXT | ADDRESS,
        Rung.IP_ALONE,
        ALL_GUARDS - {Guard.SPAM, Guard.AUTHENTICATION},
        skips="the spam filter, SPF, DKIM and DMARC",
        where=(*_PATH, "Anti-spam", "Connection filter policy (Default)", "Edit connection filter policy"),
        link="https://security.microsoft.com/antispam",
        needs="the role Security Administrator or Organization Management",
        look_first=(powershell("Look at the list", "Get-HostedConnectionFilterPolicy Default | fl IPAllowList"),),
        steps=(
            powershell(
                "First create the rule that filters the other domains at {ip}, not {domain}",
                'New-TransportRule -Name "Sign-in codes: other domains filtered" -SenderIpRanges {ip} `\n'
                '  -ExceptIfSenderDomainIs "{domain}" -SetSCL 0',
            ),
            powershell(
                "Then allow {ip}, for {domain} alone by that rule",
                'Set-HostedConnectionFilterPolicy Default -IPAllowList @{Add="{ip}"}',
            ),
        ),
        undo=(
            powershell("Remove it", 'Set-HostedConnectionFilterPolicy Default -IPAllowList @{Remove="{ip}"}'),
            powershell("Delete the rule", 'Remove-TransportRule "Sign-in codes: other domains filtered"'),
        ),
        never="Do not use it where a gateway receives the mail first: the address never matches there.",
        takes_effect_within=_HALF_HOUR,
        verify=(ARRIVES, RemedyProof(ProofKind.MARK, "X-Forefront-Antispam-Report contains IPV:CAL."), TWIN_STOPPED),
        risk=SHARED_ADDRESS + " Microsoft advises never to do this for shared infrastructure.",
        audit="It fails CIS Microsoft 365 benchmark 2.1.12 and CISA's baseline (no IP allow lists).",
        sources=(_CONNECTION, _ALLOWLISTS, _RULE_TIME),
    ),
)
