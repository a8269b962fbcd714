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
