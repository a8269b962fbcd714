"""Any OAuth 2 server that issues tokens for a mail server: Keycloak, a company's own, ... (RFC 6749)."""

from base64 import b64encode
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal
from urllib.parse import quote_plus

from pydantic import Field, SecretStr, model_validator

from probes.accounts import AccountService, TokenRequest
from probes.accounts.credentials import CertificateSecret, Credentials, LineSecret, Word, asserted, both, given
from probes.accounts.faults import AccountFault, Remedies
from probes.http import SecureUrl
from probes.settings import Host

if TYPE_CHECKING:
    from probes.accounts.setup import SetupStep


class OAuthAccount(Credentials):
    """[accounts.KEY]: an OAuth 2 server of a company's own.

    With `secret` or `certificate` the client acts for itself; with `refresh` for the user who consented.
    """

    remedies: ClassVar[Remedies] = {
        AccountFault.TOKEN_REFUSED: "check `user` of the mailbox, and that `scope` gives a token for this server",
    }

    provider: Literal["oauth"]
    token_url: SecureUrl = Field(description="The token endpoint.")
    client: Word = Field(description="The client id.")
    secret: LineSecret | None = Field(None, description="The client secret.")
    certificate: CertificateSecret | None = Field(
        None, description="Certificate and private key in PEM, instead of `secret`."
    )
    refresh: LineSecret | None = Field(None, description="A refresh token, to act for the user who consented.")
    scope: Annotated[str, Field(max_length=1000, pattern=r"^[\x21\x23-\x5b\x5d-\x7e ]*$")] = Field(
        "", description="The scopes to ask for, separated by spaces."
    )
    mail_servers: tuple[Host, ...] = Field(
        min_length=1, description="The mail servers that its tokens may be shown to."
    )

    @model_validator(mode="after")
    def _proven(self) -> "OAuthAccount":
        if len(given(self, "secret", "certificate")) > 1:
            raise ValueError(both("secret", "certificate"))
        if not given(self, "secret", "certificate", "refresh"):
            raise ValueError("needs one of secret, certificate, refresh")
        return self

    @property
    def setup(self) -> "tuple[SetupStep, ...]":
        """See `AccountSettings`."""
        from probes.accounts.other_setup import OAUTH_SETUP

        return OAUTH_SETUP

    @property
    def setup_tags(self) -> frozenset[str]:
        """See `AccountSettings`."""
        return super().setup_tags | {"own_server"} | (set() if self.refreshes else {"acts_for_itself"})

    @property
    def hosts(self) -> tuple[str, ...]:
        """See `AccountSettings`."""
        return self.mail_servers

    def request(
        self, user: str, at: datetime, refresh: str, service: AccountService = AccountService.IMAP
    ) -> TokenRequest:
        """See `AccountSettings`."""
        form = {"grant_type": "client_credentials"}
        if self.refresh is not None:
            form = {"grant_type": "refresh_token", "refresh_token": refresh or self.refresh.get_secret_value()}
        if self.scope:
            form["scope"] = self.scope
        if self.certificate is not None:
            proof = asserted(self.client, self.certificate, self.token_url, at)
            return TokenRequest(self.token_url, {**form, **proof}, asserts=True)
        if self.secret is not None:
            return TokenRequest(self.token_url, form, {"Authorization": _basic(self.client, self.secret)})
        return TokenRequest(self.token_url, {**form, "client_id": self.client})


def _basic(client: str, secret: SecretStr) -> str:
    """RFC 6749, section 2.3.1: both parts are encoded as in a form, unlike in RFC 7617."""
    pair = f"{quote_plus(client)}:{quote_plus(secret.get_secret_value())}"
    return f"Basic {b64encode(pair.encode()).decode()}"
