"""All providers of accounts: for a new one, a file and a line here."""

from typing import Annotated

from pydantic import Field

from probes.accounts.cisco import CiscoAccount
from probes.accounts.cloudflare import CloudflareAccount
from probes.accounts.google import GoogleAccount
from probes.accounts.mailgun import MailgunAccount
from probes.accounts.microsoft import MicrosoftAccount
from probes.accounts.mimecast import MimecastAccount
from probes.accounts.oauth import OAuthAccount

ProviderSettings = Annotated[
    MicrosoftAccount
    | GoogleAccount
    | OAuthAccount
    | MailgunAccount
    | CloudflareAccount
    | MimecastAccount
    | CiscoAccount,
    Field(discriminator="provider"),
]  # fmt: skip
