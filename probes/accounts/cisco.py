"""Cisco Secure Email, a company's mail gateway: a user of its own appliance, who reads message tracking."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from probes.accounts import AccountService
from probes.accounts.credentials import KeyCredentials, LineSecret, Word
from probes.accounts.faults import AccountFault, Remedies
from probes.http import SecureUrl, basic
from probes.tls import CaFile

if TYPE_CHECKING:
    from probes.accounts.setup import SetupStep

VERSION = "/api/v2.0"  # AsyncOS API: of Secure Email Gateway from 13, of Email and Web Manager from 12


def _server_alone(url: str) -> str:
    parts = urlsplit(url)
    if parts.path.strip("/") or parts.query:
        raise ValueError('must be the appliance\'s address alone, like "https://sma1.acme.example:4431"')
    return url


def _user(value: str) -> str:
    if ":" in value:
        raise ValueError("must not hold a colon: HTTP Basic takes what follows it for the password")
    return value


class CiscoAccount(KeyCredentials):
    """[accounts.KEY]: a user of a company's own appliance. It needs a role that may read message tracking, and no
    other. It signs in with each request (HTTP Basic), so its role must not require a second factor."""

    remedies: ClassVar[Remedies] = {
        AccountFault.TOKEN_REFUSED: "check `user` and `password`; the user must exist on the appliance of `url`, must"
        " not be locked, and may need no second factor",
        AccountFault.NO_RIGHT: "give `user` a role that may read message tracking",
        AccountFault.NOT_DONE: "check `appliance` and the port of `url`, and that message tracking is enabled",
        AccountFault.API_UNREACHABLE: "enable the AsyncOS API (HTTPS) on the appliance's interface, let this machine"
        " connect to its port, and set `ca_file` if its certificate is of a CA of the company's own",
    }

    provider: Literal["cisco"]
    url: Annotated[SecureUrl, AfterValidator(_server_alone)] = Field(
        description="The appliance's address with the port of the AsyncOS API: `https://sma1.acme.example:4431`."
    )
    appliance: Literal["esa", "sma"] = Field(
        description="`esa`: a Secure Email Gateway; `sma`: the Email and Web Manager that tracks for all of them."
    )
    user: Annotated[Word, AfterValidator(_user)] = Field(description="The name of the user.")
    password: LineSecret = Field(description="The user's passphrase.")
    ca_file: CaFile | None = Field(None, description="CA certificates to trust at `url` instead of the system's.")

    @property
    def setup(self) -> "tuple[SetupStep, ...]":
        """See `AccountSettings`."""
        from probes.accounts.gateway_setup import CISCO_SETUP

        return CISCO_SETUP

    @property
    def fixed_key(self) -> str:
        """See `AccountSettings`."""
        return self.password.get_secret_value()

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `AccountSettings`: also the password as it is sent, which a server could repeat in an error."""
        held = super().secrets
        sent = (basic(self.user, SecretStr(each))["Authorization"] for each in held)
        return (*held, *(each.removeprefix("Basic ") for each in sent))

    def base(self, service: AccountService) -> str:
        """See `AccountSettings`."""
        return f"{self.url.rstrip('/')}/{self.appliance}{VERSION}" if service is AccountService.CISCO else ""

    def authorization(self, token: str) -> Mapping[str, str]:
        """See `AccountSettings`: RFC 7617, section 2."""
        return basic(self.user, self.password)
