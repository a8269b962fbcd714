"""Cloudflare Email Security, a company's mail gateway: an API token of the company's account."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from probes.accounts import AccountService
from probes.accounts.credentials import KeyCredentials, LineSecret
from probes.accounts.faults import AccountFault, Remedies
from probes.http import WebUrl, private_url

if TYPE_CHECKING:
    from probes.accounts.setup import SetupStep

API = "https://api.cloudflare.com/client/v4"  # developers.cloudflare.com/api


def _account_id(value: str) -> str:
    if len(value) != 32 or set(value) - set("0123456789abcdef"):
        raise ValueError("must be the Account ID that Cloudflare's dashboard shows: 32 digits from 0-9 and a-f")
    return value


class CloudflareAccount(KeyCredentials):
    """[accounts.KEY]: a company's account at Cloudflare. Its token needs the permission *Cloud Email Security: Read*
    and no other."""

    remedies: ClassVar[Remedies] = {
        AccountFault.TOKEN_REFUSED: "check `token`: an API token of Cloudflare that has not expired, with the"
        " permission Cloud Email Security: Read",
        AccountFault.NO_RIGHT: "give the API token the permission Cloud Email Security: Read for the account of"
        " `account_id`, and let it be used from this machine's address",
    }

    provider: Literal["cloudflare"]
    account_id: Annotated[str, AfterValidator(_account_id)] = Field(
        description="The Account ID that Cloudflare's dashboard shows."
    )
    token: LineSecret = Field(description="An API token with the permission Cloud Email Security: Read.")
    url: Annotated[WebUrl, AfterValidator(private_url)] | None = Field(
        None, description="The API's address; default: Cloudflare's."
    )

    @property
    def setup(self) -> "tuple[SetupStep, ...]":
        """See `AccountSettings`."""
        from probes.accounts.gateway_setup import CLOUDFLARE_SETUP

        return CLOUDFLARE_SETUP

    @property
    def fixed_key(self) -> str:
        """See `AccountSettings`."""
        return self.token.get_secret_value()

    def base(self, service: AccountService) -> str:
        """See `AccountSettings`."""
        if service is not AccountService.CLOUDFLARE:
            return ""
        return f"{(self.url or API).rstrip('/')}/accounts/{self.account_id}"
