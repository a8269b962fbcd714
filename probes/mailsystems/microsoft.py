"""Microsoft's services: Microsoft 365 for companies, Outlook.com for private people."""

from datetime import timedelta

from probes.mailsystems.microsoft_remedies import REMEDIES
from probes.mailsystems.remedy import NotPossible
from probes.mailsystems.system import MailSystem, RunBy
from probes.outcome import Cause

_BY_THE_SENDER = (
    "Have {ip} delisted at the portal or address that the reply names; Microsoft answers within 24 to 48 hours. (For "
    "5.7.606 to 5.7.649: sender.office.com. For 5.7.511: forward the reply to delist@microsoft.com.)"
)
_NOT_POSSIBLE: tuple[NotPossible, ...] = (
    NotPossible(
        "No entry of the tenant is known to help against Microsoft's own list.",
        _BY_THE_SENDER,
        frozenset({Cause.IP_LISTED, Cause.REPUTATION}),
        "m365",
    ),
    NotPossible(
        "Microsoft lifts the limit by itself.", "Nobody has to act: wait.", frozenset({Cause.RATE_LIMITED}), "m365"
    ),
    NotPossible(
        "No entry of the tenant is known to help: this check comes before all lists.",
        "The sender corrects the PTR record of {ip}.",
        frozenset({Cause.RDNS}),
        "m365",
    ),
    NotPossible(
        "Microsoft 365 does not greylist: the server in front of it does.",
        "Whoever runs the gateway in front of it.",
        frozenset({Cause.GREYLISTED}),
        "m365",
    ),
)

M365 = MailSystem(
    "m365",
    "Microsoft 365",
    RunBy.VENDOR,
    aliases=("office365", "o365", "microsoft365", "ms365", "exchange-online", "exo", "eop", "microsoft"),
    hosts=(
        "mail.protection.outlook.com",
        "mx.microsoft",
        "prod.outlook.com",
        "prod.protection.outlook.com",
        "prod.exchangelabs.com",
        "outlook.office365.com",
    ),
    headers=("x-forefront-antispam-report", "x-microsoft-antispam", "x-ms-exchange-crosstenant"),
    reply_marks=(
        ".prod.outlook.com",
        ".prod.exchangelabs.com",
        "protection.outlook.com",
        "5.4.1 recipient address rejected: access denied",  # edge blocking
        "as(508)",
        "delist@messaging.microsoft.com",
        "(as160126",  # "(AS16012609)"
        "(as780",
        "sender.office.com",
    ),
    remedies=REMEDIES,
    not_possible=_NOT_POSSIBLE,
    takes_effect_within=timedelta(minutes=5),  # Tenant Allow/Block List
)
OUTLOOK = MailSystem(
    "outlook",
    "Outlook.com",
    RunBy.VENDOR,
    aliases=("hotmail", "outlook.com", "live"),
    hosts=("olc.protection.outlook.com",),
    headers=("x-message-delivery", "x-sid-result", "x-sid-pra"),
    reply_marks=("postmaster.live.com", "mail.live.com", "sendersupport.olc"),
    not_possible=(
        NotPossible(
            "It is for private people: there is no administrator.", "Each person marks the sender as safe, by address."
        ),
    ),
)
