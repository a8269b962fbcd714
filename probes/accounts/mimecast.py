"""Mimecast, a company's mail gateway: an application of its API 2.0."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from probes.accounts import AccountService, TokenRequest
from probes.accounts.credentials import Credentials, LineSecret, Word
from probes.accounts.faults import AccountFault, Remedies
from probes.http import WebUrl, private_url

if TYPE_CHECKING:
    from probes.accounts.setup import SetupStep

API = "https://api.services.mimecast.com"  # integrations.mimecast.com: API 2.0, for all regions
TOKEN = "/oauth/token"  # noqa: S105


class MimecastAccount(Credentials):
    """[accounts.KEY]: an application of Mimecast's API 2.0. It needs the right *Gateway, Tracking, Read* and no
    other."""

    remedies: ClassVar[Remedies] = {
        AccountFault.TOKEN_REFUSED: "check that the API 2.0 application of `client` is enabled",
        AccountFault.NO_RIGHT: "give the role of the API 2.0 application the right Gateway, Tracking, Read",
    }

    provider: Literal["mimecast"]
    client: Word = Field(description="The Client ID of the API 2.0 application.")
    secret: LineSecret = Field(description="Its Client Secret.")
    url: Annotated[WebUrl, AfterValidator(private_url)] | None = Field(
        None, description="The API's address, such as that of a region; default: the one for all regions."
    )

    @property
    def setup(self) -> "tuple[SetupStep, ...]":
        """See `AccountSettings`."""
        from probes.accounts.gateway_setup import MIMECAST_SETUP

        return MIMECAST_SETUP

    @property
    def setup_tags(self) -> frozenset[str]:
        """See `AccountSettings`."""
        return super().setup_tags | {"acts_for_itself"}

    @property
    def hosts(self) -> tuple[str, ...]:
        """See `AccountSettings`."""
        return ()

    def base(self, service: AccountService) -> str:
        """See `AccountSettings`."""
        return self._server if service is AccountService.MIMECAST else ""

    def request(
        self, user: str, at: datetime, refresh: str, service: AccountService = AccountService.IMAP
    ) -> TokenRequest:
        """See `AccountSettings`. Mimecast takes the secret in the form: RFC 6749, section 2.3.1."""
        proof = {"client_id": self.client, "client_secret": self.secret.get_secret_value()}
        return TokenRequest(f"{self._server}{TOKEN}", {"grant_type": "client_credentials", **proof})

    @property
    def _server(self) -> str:
        return (self.url or API).rstrip("/")
