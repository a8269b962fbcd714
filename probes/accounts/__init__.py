"""Accounts: credentials at one provider, used by mailboxes and traces. One token and one budget serve all of them.

An account is its own settings: its fields are the config keys of `[accounts.NAME]`. Everything that a provider answers
is hostile. A credential is sent to the account's own token endpoint and to no other host, a token to the account's own
servers; neither is in any error, log or repr.

- `table`     the providers by name, and the union of their settings
- `microsoft`, `google`, `oauth`   one provider each: its keys, and the request for a token. Read `oauth` first
- `credentials` keys that several providers have      - `jwt`       signed assertions (pure)
- `answers`   what an answer means: a token, or a fault (pure). `faults`, `microsoft_codes`: tables of faults, remedies
- `budget`    requests per time; `refusals`: when to ask again after a refusal (pure)
- `account`   one account at work: asks for tokens, keeps them, replaces them
- `requests`  authorised requests to an API of the provider: what mailboxes and traces ask by
- `mailgun`   a provider with a key that is no token; `mailgun_hooks`: its webhooks
- `cloudflare` a mail gateway, with a token that is never replaced;
              `mimecast`: one whose tokens are asked for; `cisco`: one on a host of the company's own, with a password
- `refreshing` a refresh token that the provider replaces: what is kept of it, and when
- `setup`     steps of a provider's administrator, and those that one configuration needs (pure); the tables:
              `microsoft_setup`, `other_setup`, `gateway_setup`
- `registry`  all accounts of a configuration; imports `account` once there is one

How a server is shown a token is decided elsewhere: `probes.mailboxes.imap_login`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlencode

from probes.accounts.faults import AccountFault, Remedies

if TYPE_CHECKING:
    from probes.accounts.setup import SetupStep


class AccountError(Exception):
    """There is no token. The text is one line for people, with the remedy. `fault`: what is wrong."""

    def __init__(self, text: str, fault: AccountFault) -> None:
        super().__init__(text)
        self.fault = fault


class AccountService(StrEnum):
    """The services that an account gives access to: mail servers by IMAP, or one API of its provider."""

    IMAP = "imap"
    MAILGUN = "mailgun"
    GRAPH = "graph"
    GRAPH_TRACE = "graph_trace"
    GMAIL = "gmail"
    GMAIL_TRASH = "gmail_trash"
    GMAIL_READ = "gmail_read"
    GMAIL_HEADERS = "gmail_headers"
    GMAIL_REPORTS = "gmail_reports"
    CLOUDFLARE = "cloudflare"
    MIMECAST = "mimecast"
    CISCO = "cisco"

    @property
    def provider(self) -> str:
        """The provider whose API it is, "" for mail servers, which several have."""
        return _ROWS[self].provider

    @property
    def absence(self) -> str:
        """Why an account of this provider may have no such API, "" if each has it."""
        return _ROWS[self].absence

    @property
    def token_of(self) -> "AccountService":
        """The service whose tokens it takes: one token serves all that is at one server."""
        return AccountService.GRAPH if self is AccountService.GRAPH_TRACE else self


class _ServiceRow(NamedTuple):
    provider: str = ""
    absence: str = ""


_ROWS = {
    AccountService.IMAP: _ServiceRow(),
    AccountService.MAILGUN: _ServiceRow("mailgun"),
    AccountService.GRAPH: _ServiceRow("microsoft"),
    AccountService.GRAPH_TRACE: _ServiceRow(  # learn.microsoft.com/graph/api/messagetracingroot-list-messagetraces
        "microsoft", 'must be an account with cloud = "global": Microsoft has no message trace in its national clouds'
    ),
    AccountService.GMAIL: _ServiceRow("google"),  # of Gmail's API, by what its token may do: most first
    AccountService.GMAIL_TRASH: _ServiceRow("google"),
    AccountService.GMAIL_READ: _ServiceRow("google"),
    AccountService.GMAIL_HEADERS: _ServiceRow("google"),
    AccountService.GMAIL_REPORTS: _ServiceRow("google"),
    AccountService.CLOUDFLARE: _ServiceRow("cloudflare"),
    AccountService.MIMECAST: _ServiceRow("mimecast"),
    AccountService.CISCO: _ServiceRow("cisco"),
}


class AccountUse(NamedTuple):
    """The use that a mailbox or a trace makes of an account: its name, as which user, and what for. `host`: the mail
    server that sees the token, "" for an API. `deletes`: it needs the right to delete.
    `rights`: words for further rights that it needs; see `setup`."""

    name: str
    user: str
    host: str = ""
    service: AccountService = AccountService.IMAP
    deletes: bool = True
    rights: tuple[str, ...] = ()


class NotKeptError(Exception):
    """It could not be kept. The text says why."""


class RefreshKeeper(Protocol):
    """Keeps short texts by name, for longer than this process lives. Every method raises NotKeptError."""

    async def kept(self, name: str) -> str:
        """Return what is kept under this name, "" for nothing."""
        ...

    async def keep(self, name: str, value: str) -> None:
        """Keep this instead. When it returns, the value outlives the process."""
        ...


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One request for a token. `form` is posted; without one it is a GET. `asserts`: it holds a signed assertion, which
    is valid by our clock. `managed`: it asks the machine's own endpoint."""

    url: str
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    asserts: bool = False
    managed: bool = False

    @property
    def method(self) -> str:
        """Return the HTTP method."""
        return "POST" if self.form else "GET"

    @property
    def body(self) -> bytes | None:
        """Return the form as it is sent, None for a GET."""
        return urlencode(self.form).encode() if self.form else None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token and when it was asked for. `refresh`: the new refresh token, "" if there is none."""

    value: str = field(repr=False)
    asked_at: datetime
    expires_at: datetime
    refresh: str = field(default="", repr=False)


class AccountSettings(Protocol):
    """The settings of one account."""

    @property
    def provider(self) -> str:
        """Name of the provider in the configuration."""
        ...

    @property
    def hosts(self) -> tuple[str, ...]:
        """The servers that its tokens may be shown to."""
        ...

    @property
    def ca_file(self) -> Path | None:
        """CA certificates to trust at the token endpoint instead of the system's."""
        ...

    @property
    def requests_limit(self) -> int:
        """Requests that may be sent in five minutes."""
        ...

    @property
    def traces_limit(self) -> int:
        """Requests among them that may ask what became of a message."""
        ...

    @property
    def sending_domain(self) -> str:
        """The domain that the account sends for, "" if that is none of its matters."""
        ...

    @property
    def fixed_key(self) -> str:
        """The key that is shown in place of tokens, "" if tokens are asked for. Raises MissingSecretError."""
        ...

    def base(self, service: AccountService) -> str:
        """Return the URL below which this API is, without a slash at its end; "" if this account has no such API."""
        ...

    @property
    def requests_at_once(self) -> int:
        """Requests to its APIs that may be under way at the same time."""
        ...

    def authorization(self, token: str) -> Mapping[str, str]:
        """Return the headers that show this token, or the key, to an API."""
        ...

    @property
    def per_user(self) -> bool:
        """Test if each mailbox needs a token of its own."""
        ...

    @property
    def refreshes(self) -> bool:
        """Test if it has a refresh token, which an answer may replace."""
        ...

    @property
    def configured_refresh(self) -> str:
        """The refresh token of the configuration, "" without one. Raises MissingSecretError."""
        ...

    @property
    def remedies(self) -> Remedies:
        """The remedies of this provider."""
        ...

    @property
    def certificate_ends_at(self) -> datetime | None:
        """The time at which its certificate expires, None without one."""
        ...

    @property
    def public_facts(self) -> Mapping[str, str]:
        """Facts for whoever looks into a fault, by name: no secret, and nothing made of one."""
        ...

    def deletes_for_good(self, service: AccountService) -> bool:
        """Test if by this service a mailbox's mail can be deleted so that its user cannot recover it."""
        ...

    @property
    def narrower(self) -> str:
        """The remedy if it opens more mailboxes than its own."""
        ...

    @property
    def setup(self) -> "tuple[SetupStep, ...]":
        """The steps by which the provider's administrator sets it up, for whatever it may be used."""
        ...

    @property
    def setup_tags(self) -> frozenset[str]:
        """The names of its credentials, and what else decides which of these steps it needs."""
        ...

    @property
    def setup_facts(self) -> Mapping[str, str]:
        """The names that are filled into these steps."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that no error may show."""
        ...

    def request(
        self, user: str, at: datetime, refresh: str, service: AccountService = AccountService.IMAP
    ) -> TokenRequest | None:
        """Return the request for a token for this service as this user; None if `fixed_key` is all that is shown.
        `refresh`: a refresh token in place of the configured one, "" for none. Raises MissingSecretError."""
        ...
