"""The steps of administrators of mail gateways: sourced rows."""

from datetime import date

from probes.accounts.setup import SetupStep
from probes.mailsystems.remedy import Certainty, FactSource

_CLOUDFLARE = FactSource(
    "Cloudflare API: search email messages, accepted permissions",
    date(2026, 12, 1),
    "https://developers.cloudflare.com/api/resources/email_security/subresources/investigate/methods/list",
    Certainty.SECONDARY,
    "The permission is that of the page; the menus were not seen.",
)
_MIMECAST = FactSource(
    "Mimecast: Message Finder, Search, prerequisites",
    date(2026, 12, 1),
    "https://integrations.mimecast.com/documentation/endpoint-reference/message-finder-formerly-tracking/search",
    Certainty.SECONDARY,
    "The right is that of the page; the menus are from the guide of an integration.",
)
_CISCO = FactSource(
    "Cisco Secure Email: AsyncOS API, API access",
    date(2026, 12, 1),
    "https://github.com/Cisco-Email-Security/docs/blob/main/api.md",
    Certainty.SECONDARY,
    "The page has API access with Basic authentication, of an administrator. That the role Help Desk User suffices is"
    " from memory of the user guide, and not confirmed.",
)

CLOUDFLARE_SETUP: tuple[SetupStep, ...] = (
    SetupStep(
        "Create an API token that reads",
        frozenset({"token"}),
        (
            "In Cloudflare's dashboard create an API token with the one permission Cloud Email Security: Read, for the"
            " account {account_id} only, and store it where `token` refers to.",
        ),
        _CLOUDFLARE,
        "Reads what Email Security knows of all mail of the account, subjects among it; releases and moves nothing.",
    ),
)

MIMECAST_SETUP: tuple[SetupStep, ...] = (
    SetupStep(
        "Create an API 2.0 application that reads",
        frozenset({"secret", "acts_for_itself"}),
        (
            "In Mimecast's Administration Console, under Services, API and Platform Integrations, create an API 2.0"
            " application whose role has the one right Gateway, Tracking, Read. Its Client ID is `client`; store its"
            " Client Secret where `secret` refers to: it is shown once.",
        ),
        _MIMECAST,
        "Reads the tracking of all mail of the company, subjects among it; releases and changes nothing.",
    ),
)

CISCO_SETUP: tuple[SetupStep, ...] = (
    SetupStep(
        "Enable the AsyncOS API, and create a user that reads",
        frozenset({"password"}),
        (
            "On the appliance, under Network, IP Interfaces, enable the AsyncOS API over HTTPS on the interface of"
            " {url}, and let only Mailpath's machine reach its port. In Cisco's cloud, ask Cisco to enable it.",
            "Enable message tracking; on an Email and Web Manager, centralized tracking for each gateway.",
            "Under System Administration, Users, create {user} with the role Help Desk User, for which no second factor"
            " is required, and store its passphrase where `password` refers to. If the API refuses this role, use"
            " Read-Only Operator.",
        ),
        _CISCO,
        "Reads the tracking of all mail of the company, subjects among it. A Help Desk User may also see the"
        " quarantines that an administrator lets it see; give it none.",
    ),
)
