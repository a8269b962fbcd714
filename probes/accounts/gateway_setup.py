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
