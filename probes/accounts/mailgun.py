"""Mailgun, the sender's own mail service: an API key of the account."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from probes.accounts import AccountService
from probes.accounts.credentials import BudgetSettings, KeyCredentials, LineSecret
from probes.accounts.faults import AccountFault, Remedies
from probes.http import WebUrl, basic, private_url
from probes.settings import Count, Domain

if TYPE_CHECKING:
    from probes.accounts.setup import SetupStep

REGIONS = {  # documentation.mailgun.com, "Base URLs"
    "us": "https://api.mailgun.net",
    "eu": "https://api.eu.mailgun.net",
}
USER = "api"  # documentation.mailgun.com, "Authentication": HTTP Basic with this name


class MailgunBudget(BudgetSettings):
    """[accounts.KEY.budget]: how many requests the account may send."""

    traces_per_5_minutes: Count = Field(
        150, description="Those of them that ask what became of messages; one asks about many."
    )


class MailgunAccount(KeyCredentials):
    """[accounts.KEY]: the sender's account at Mailgun. Its key needs to read only: the role *analyst* suffices."""

    remedies: ClassVar[Remedies] = {
        AccountFault.TOKEN_REFUSED: "check `key`: an API key of the account, with the role analyst or above; the"
        " sending key of a domain can read nothing. Check `region` too: the EU has servers of its own",
        AccountFault.NO_RIGHT: "give the API key the role analyst or above",
    }

    provider: Literal["mailgun"]
    region: Literal["us", "eu"] = Field("us", description="Where the domain is: the regions have separate servers.")
    domain: Domain = Field(description="The sending domain as Mailgun knows it, such as `account.trimble.com`.")
    key: LineSecret = Field(description="An API key of the account that may read logs, suppressions and IPs.")
    signing_key: LineSecret | None = Field(
        None,
        description="The webhook signing key. With it webhooks are taken at `/hooks/mailgun/KEY` of the pages: the log"
        " is then asked at once.",
    )
    url: Annotated[WebUrl, AfterValidator(private_url)] | None = Field(
        None, description="The API's address; default: that of the region."
    )
    budget: MailgunBudget = Field(default_factory=MailgunBudget, description="How many requests the account may send.")

    @property
    def setup(self) -> "tuple[SetupStep, ...]":
        """See `AccountSettings`."""
        from probes.accounts.other_setup import MAILGUN_SETUP

        return MAILGUN_SETUP

    @property
    def sending_domain(self) -> str:
        """See `AccountSettings`."""
        return self.domain

    @property
    def fixed_key(self) -> str:
        """See `AccountSettings`."""
        return self.key.get_secret_value()

    def base(self, service: AccountService) -> str:
        """See `AccountSettings`."""
        return (self.url or REGIONS[self.region]).rstrip("/") if service is AccountService.MAILGUN else ""

    def authorization(self, token: str) -> Mapping[str, str]:
        """See `AccountSettings`."""
        return basic(USER, self.key)
