"""Microsoft 365: tokens of Entra ID for Exchange Online."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal
from urllib.parse import urlencode

from pydantic import AfterValidator, Field, SecretStr, model_validator

from probes.accounts import AccountService, TokenRequest
from probes.accounts.credentials import (
    BudgetSettings,
    CertificateSecret,
    Credentials,
    LineSecret,
    asserted,
    both,
    given,
    parsed_certificate,
)
from probes.accounts.faults import Remedies
from probes.accounts.microsoft_codes import REMEDIES
from probes.settings import Count, Switch, checked_secret, shown

if TYPE_CHECKING:
    from probes.accounts.setup import SetupStep

IDENTITY_URL = "http://169.254.169.254/metadata/identity/oauth2/token"  # of the machine itself, in Azure
GRAPH_REQUESTS_AT_ONCE = 4  # learn.microsoft.com/graph/throttling-limits, Outlook service limits
NOT_A_TENANT = frozenset({"common", "organizations", "consumers"})


@dataclass(frozen=True, slots=True)
class CloudHosts:
    """The hosts of one of Microsoft's clouds. `consent`: the host in the scope that a user consents to for mail
    servers. `traces`: it has the message trace. `deletes_for_good`: it can delete
    mail so that its user cannot recover it."""

    sign_in: str
    mail: str
    graph: str
    consent: str = ""
    traces: bool = False
    deletes_for_good: bool = False


CLOUDS = {
    # sign_in: learn.microsoft.com/graph/deployments; for China docs.azure.cn and Microsoft's library msal, for which
    # that page's login.chinacloudapi.cn is deprecated. mail: learn.microsoft.com/microsoft-365/enterprise, URLs and IP
    # address ranges of each cloud; as resources of tokens those of national clouds are known from scripts only.
    # graph: learn.microsoft.com/graph/deployments. traces: .../graph/api/messagetracingroot-list-messagetraces.
    # deletes_for_good: .../graph/api/message-permanentdelete, 17 January 2025: the global cloud only.
    # consent: "Authenticate an IMAP, POP or SMTP connection using OAuth", which names none for national clouds.
    "global": CloudHosts(
        "login.microsoftonline.com",
        "outlook.office365.com",
        "graph.microsoft.com",
        "outlook.office.com",
        traces=True,
        deletes_for_good=True,
    ),
    "us_gov": CloudHosts("login.microsoftonline.us", "outlook.office365.us", "graph.microsoft.us"),
    "us_dod": CloudHosts("login.microsoftonline.us", "outlook-dod.office365.us", "dod-graph.microsoft.us"),
    "china": CloudHosts("login.partner.microsoftonline.cn", "partner.outlook.cn", "microsoftgraph.chinacloudapi.cn"),
}


def _tenant(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", value) or value.lower() in NOT_A_TENANT:
        raise ValueError(f'must be a tenant\'s domain or id like "acme.onmicrosoft.com", not {shown(value)}')
    return value.lower()


def _client(value: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value):
        raise ValueError(
            f'must be the application (client) id like "11111111-2222-3333-4444-555555555555", not {shown(value)}'
        )
    return value.lower()


def _rsa(certificate: SecretStr) -> SecretStr:
    if parsed_certificate(certificate.get_secret_value()).algorithm != "PS256":
        raise ValueError("must have an RSA key; Entra ID takes no other")
    return certificate


class MicrosoftBudget(BudgetSettings):
    """[accounts.KEY.budget]: how many requests the account may send."""

    per_5_minutes: Count = Field(
        5000, description="Requests to the provider in five minutes, for all its mailboxes and traces."
    )
    traces_per_5_minutes: Count = Field(
        20, description="Those of them for message traces: of 100 that the tenant has, for everybody in it."
    )


class MicrosoftAccount(Credentials):
    """[accounts.KEY]: an application in the Entra ID of a Microsoft 365 tenant.

    With `secret`, `certificate` or `managed` the application acts for itself; with `refresh` for the user who
    consented.
    """

    remedies: ClassVar[Remedies] = REMEDIES
    provider: Literal["microsoft"]
    tenant: Annotated[str, AfterValidator(_tenant)] | None = Field(
        None, description="The tenant: a domain of it, or its id. Required unless `managed`."
    )
    client: Annotated[str, AfterValidator(_client)] | None = Field(
        None, description="The application (client) id. Required unless `managed`."
    )
    secret: LineSecret | None = Field(None, description="A client secret: its value, not its id.")
    certificate: Annotated[CertificateSecret, checked_secret(_rsa)] | None = Field(
        None, description="Certificate and RSA private key in PEM, instead of `secret`."
    )
    refresh: LineSecret | None = Field(None, description="A refresh token, to act for the user who consented.")
    managed: Switch = Field(False, description="Use the managed identity of this machine in Azure.")
    cloud: Literal["global", "us_gov", "us_dod", "china"] = Field("global", description="The cloud of the tenant.")
    budget: MicrosoftBudget = Field(
        default_factory=MicrosoftBudget, description="How many requests the account may send."
    )

    @model_validator(mode="after")
    def _proven(self) -> "MicrosoftAccount":
        if self.managed:
            if other := given(self, "secret", "certificate", "refresh"):
                raise ValueError(both("managed", other[0]))
            return self
        if len(given(self, "secret", "certificate")) > 1:
            raise ValueError(both("secret", "certificate"))
        if not given(self, "secret", "certificate", "refresh"):
            raise ValueError("needs one of secret, certificate, refresh, managed")
        if missing := [name for name in ("tenant", "client") if getattr(self, name) is None]:
            raise ValueError(f"needs {' and '.join(missing)}")
        return self

    def deletes_for_good(self, service: AccountService) -> bool:
        """See `AccountSettings`."""
        return service is not AccountService.GRAPH or CLOUDS[self.cloud].deletes_for_good

    @property
    def narrower(self) -> str:
        """See `AccountSettings`."""
        return (
            "take from the app every permission of Microsoft Graph for mail that Entra ID grants it: those are for all"
            " mailboxes, and add up with those of Exchange. See Get-MailboxPermission and Get-ManagementRoleAssignment"
            " for the rest; then wait two hours"
        )

    @property
    def setup(self) -> "tuple[SetupStep, ...]":
        """See `AccountSettings`."""
        from probes.accounts.microsoft_setup import MICROSOFT_SETUP

        return MICROSOFT_SETUP

    @property
    def setup_tags(self) -> frozenset[str]:
        """See `AccountSettings`."""
        acts = set() if self.refreshes else {"exchange"}
        return super().setup_tags | {"managed" if self.managed else "app"} | acts

    @property
    def setup_facts(self) -> Mapping[str, str]:
        """See `AccountSettings`."""
        from probes.accounts.microsoft_setup import SHELL_ENVIRONMENTS

        names = {"tenant": "TENANT_OF_THE_MAILBOXES", "client": "APPLICATION_ID"}
        graph, exchange = SHELL_ENVIRONMENTS[self.cloud]
        return {**names, **super().setup_facts, "graph_environment": graph, "exchange_environment": exchange}

    @property
    def hosts(self) -> tuple[str, ...]:
        """See `AccountSettings`."""
        return (CLOUDS[self.cloud].mail,)

    @property
    def requests_at_once(self) -> int:
        """See `AccountSettings`: Graph's limit for mail, of one app over all its mailboxes."""
        return GRAPH_REQUESTS_AT_ONCE

    def base(self, service: AccountService) -> str:
        """See `AccountSettings`."""
        cloud = CLOUDS[self.cloud]
        offered = {AccountService.GRAPH: True, AccountService.GRAPH_TRACE: cloud.traces}
        return f"https://{cloud.graph}/v1.0" if offered.get(service) else ""

    @property
    def endpoint(self) -> str:
        """Return the token endpoint."""
        if self.managed:
            return IDENTITY_URL
        return f"https://{CLOUDS[self.cloud].sign_in}/{self.tenant}/oauth2/v2.0/token"

    def _resource(self, service: AccountService) -> str:
        cloud = CLOUDS[self.cloud]
        return f"https://{cloud.mail if service is AccountService.IMAP else cloud.graph}"

    def _consented(self, service: AccountService) -> str:
        """Return the scope that a user consents to. For Graph it is all that the app may have."""
        cloud = CLOUDS[self.cloud]
        if service is AccountService.IMAP:
            return f"https://{cloud.consent or cloud.mail}/IMAP.AccessAsUser.All"
        return f"https://{cloud.graph}/.default"

    def request(
        self, user: str, at: datetime, refresh: str, service: AccountService = AccountService.IMAP
    ) -> TokenRequest:
        """See `AccountSettings`."""
        resource = self._resource(service)
        if self.managed:
            asked = {"api-version": "2018-02-01", "resource": resource}
            asked |= {"client_id": self.client} if self.client else {}
            return TokenRequest(f"{self.endpoint}?{urlencode(asked)}", headers={"Metadata": "true"}, managed=True)
        form = {"client_id": self.client or "", "grant_type": "client_credentials", "scope": f"{resource}/.default"}
        if self.refresh is not None:
            form |= {"grant_type": "refresh_token", "refresh_token": refresh or self.refresh.get_secret_value()}
            form["scope"] = f"{self._consented(service)} offline_access"
        if self.certificate is not None:
            form |= asserted(self.client or "", self.certificate, self.endpoint, at)
        elif self.secret is not None:
            form["client_secret"] = self.secret.get_secret_value()
        return TokenRequest(self.endpoint, form, asserts=self.certificate is not None)
