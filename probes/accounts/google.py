"""Google Workspace: a service account with delegation, or the consent of the mailbox's own user."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field, SecretStr, model_validator

from probes.accounts import AccountService, TokenRequest
from probes.accounts.credentials import BudgetSettings, Credentials, LineSecret, Word, both, given, value_of
from probes.accounts.faults import AccountFault, Remedies
from probes.accounts.jwt import SigningKey, private_key, signed
from probes.settings import Count, MissingSecret, Secret, checked_secret

if TYPE_CHECKING:
    from probes.accounts.setup import SetupStep

ENDPOINT = "https://oauth2.googleapis.com/token"
FULL_SCOPE = "https://mail.google.com/"
_SCOPES = "https://www.googleapis.com/auth/"
SCOPES: dict[AccountService, str] = {  # discovery documents of Gmail, 5 October 2026, and of the Reports API
    AccountService.IMAP: FULL_SCOPE,
    AccountService.GMAIL: FULL_SCOPE,  # messages.delete
    AccountService.GMAIL_TRASH: f"{_SCOPES}gmail.modify",  # messages.trash
    AccountService.GMAIL_READ: f"{_SCOPES}gmail.readonly",  # messages.get, format raw
    AccountService.GMAIL_HEADERS: f"{_SCOPES}gmail.metadata",  # messages.get, format metadata; history.list
    AccountService.GMAIL_REPORTS: f"{_SCOPES}admin.reports.audit.readonly",  # activities.list
}
"""The least that each service needs. A service account asks for no more."""

GMAIL_URL, ADMIN_URL = "https://gmail.googleapis.com", "https://admin.googleapis.com"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"  # RFC 7523, section 2.1
ASSERTION_SECONDS = 3600  # the most that Google allows


class ServiceAccountKey(NamedTuple):
    """A service account: its address, and its key with the id that Google knows it by."""

    address: str
    key_id: str
    key: SigningKey


def _parsed(text: str) -> ServiceAccountKey:
    """Parse a key file. ValueError says what is wrong, without any of the text."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or values.get("type") != "service_account":
        raise ValueError('must be the JSON file of a service account\'s key, with "type": "service_account"')
    address, key_id, pem = (values.get(name) for name in ("client_email", "private_key_id", "private_key"))
    for name, value in (("client_email", address), ("private_key_id", key_id), ("private_key", pem)):
        if not isinstance(value, str) or not value or not value.isascii():
            raise ValueError(f"has no {name}; create the key file anew")
    if values.get("token_uri", ENDPOINT) != ENDPOINT:
        raise ValueError(f"names another token_uri than Google's, {ENDPOINT}; create the key file anew")
    return ServiceAccountKey(str(address), str(key_id), private_key(str(pem)))


parsed_key: Callable[[str], ServiceAccountKey] = lru_cache(maxsize=64)(_parsed)


def _service_account(secret: SecretStr) -> SecretStr:
    parsed_key(secret.get_secret_value())
    return secret


class GoogleBudget(BudgetSettings):
    """[accounts.KEY.budget]: how many requests the account may send."""

    per_5_minutes: Count = Field(
        5000, description="Requests to the provider in five minutes, for all its mailboxes and traces."
    )
    traces_per_5_minutes: Count = Field(
        100, description="Those of them to the Reports API, which ask what became of a message."
    )


class GoogleAccount(Credentials):
    """[accounts.KEY]: a service account that acts for the users of a Google Workspace domain, or one user's consent.

    A service account reaches every user of the domain; `client`, `secret` and `refresh` reach one mailbox only.
    """

    remedies: ClassVar[Remedies] = {
        AccountFault.WRONG_SECRET: "check `secret` against the OAuth client in the Google Cloud console",
        AccountFault.WRONG_CERTIFICATE: "create a new key for the service account and store its JSON file as `key`",
        AccountFault.WRONG_CLIENT: "check that the client or service account still exists in the Google Cloud console",
        AccountFault.NO_DELEGATION: "in the Google Admin console, under Security, API controls, Domain-wide"
        " delegation, add"
        f" the service account's client id with all scopes that are used: {FULL_SCOPE} for IMAP and for mailboxes by"
        ' Gmail\'s API with remove = true, gmail.modify for those with remove = "trash", gmail.readonly for those with'
        " remove = false, gmail.metadata for those with bodies = false too, admin.reports.audit.readonly for traces",
        AccountFault.REVOKED: "sign in once more as the mailbox's user and store the new refresh token; while"
        " the app is in"
        " testing it ends after 7 days, so make the app internal",
        AccountFault.WRONG_USER: "check `user` of the mailbox: the full primary address of a user of the domain",
        AccountFault.POLICY: "in the Google Admin console, under Security, API controls, allow the app",
        AccountFault.TOKEN_REFUSED: "check `user`, the full primary address, and that IMAP is on for this user"
        " in the Google"
        " Admin console",
    }

    provider: Literal["google"]
    key: Annotated[Secret, checked_secret(_service_account)] | None = Field(
        None, description="The JSON key file of a service account with domain-wide delegation."
    )
    client: Word | None = Field(None, description="The id of an OAuth client, with `secret` and `refresh`.")
    secret: LineSecret | None = Field(None, description="The secret of `client`.")
    refresh: LineSecret | None = Field(None, description="A refresh token of the mailbox's user.")
    budget: GoogleBudget = Field(default_factory=GoogleBudget, description="How many requests the account may send.")

    @model_validator(mode="after")
    def _proven(self) -> "GoogleAccount":
        own = given(self, "client", "secret", "refresh")
        if self.key is not None and own:
            raise ValueError(both("key", own[0]))
        if self.key is None and len(own) < 3:
            raise ValueError("needs key, or all of client, secret, refresh")
        return self

    @property
    def narrower(self) -> str:
        """See `AccountSettings`. Delegation cannot be limited to some users."""
        if self.key is None:
            return "store a refresh token that the user of the mailbox has consented to, and no administrator"
        return (
            "Google cannot limit domain-wide delegation to one mailbox: use `client`, `secret` and `refresh` of the one"
            " mailbox instead, and delete the delegation"
        )

    @property
    def public_facts(self) -> Mapping[str, str]:
        """See `AccountSettings`."""
        facts = dict(super().public_facts)
        if self.key is not None and not isinstance(self.key, MissingSecret):
            known = parsed_key(self.key.get_secret_value())
            facts |= {"service account": known.address, "key id": known.key_id}
        return facts

    @property
    def setup(self) -> "tuple[SetupStep, ...]":
        """See `AccountSettings`."""
        from probes.accounts.other_setup import GOOGLE_SETUP

        return GOOGLE_SETUP

    @property
    def hosts(self) -> tuple[str, ...]:
        """See `AccountSettings`."""
        return ("imap.gmail.com",)

    def base(self, service: AccountService) -> str:
        """See `AccountSettings`."""
        if service is AccountService.GMAIL_REPORTS:
            return ADMIN_URL
        return GMAIL_URL if service.provider == "google" else ""

    @property
    def per_user(self) -> bool:
        """See `AccountSettings`."""
        return self.key is not None

    @property
    def endpoint(self) -> str:
        """Return the token endpoint."""
        return ENDPOINT

    def request(
        self, user: str, at: datetime, refresh: str, service: AccountService = AccountService.IMAP
    ) -> TokenRequest:
        """See `AccountSettings`."""
        if self.key is not None:
            account, now = parsed_key(self.key.get_secret_value()), int(at.timestamp())
            claims: dict[str, str | int] = {
                "iss": account.address, "sub": user, "scope": SCOPES[service], "aud": self.endpoint,
                "iat": now, "exp": now + ASSERTION_SECONDS,
            }  # fmt: skip
            assertion = signed(account.key, claims, kid=account.key_id)
            return TokenRequest(self.endpoint, {"grant_type": JWT_BEARER, "assertion": assertion}, asserts=True)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh or value_of(self.refresh),
            "client_id": self.client or "",
            "client_secret": value_of(self.secret),
        }
        return TokenRequest(self.endpoint, form)
