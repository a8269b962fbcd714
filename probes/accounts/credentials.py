"""Keys that the accounts of several providers have, and what requests are made of them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field, SecretStr

from probes.accounts import AccountService
from probes.accounts.faults import Remedies
from probes.accounts.jwt import SigningKey, certificate_key, signed
from probes.settings import Count, MissingSecret, Secret, Settings, checked_secret
from probes.tls import CaFile

if TYPE_CHECKING:
    from probes.accounts.setup import SetupStep

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523, section 2.2
REQUESTS_AT_ONCE = 8
ASSERTION_SECONDS = 600  # that an assertion is valid


def _plain(value: str) -> str:
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ValueError("must be one word of printable ASCII characters")
    return value


def _one_line(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().isprintable():
        raise ValueError("must be one line, without control characters")
    return secret


def _certificate(secret: SecretStr) -> SecretStr:
    parsed_certificate(secret.get_secret_value())
    return secret


Word = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_plain)]
LineSecret = Annotated[Secret, checked_secret(_one_line)]
CertificateSecret = Annotated[Secret, checked_secret(_certificate)]

parsed_certificate: Callable[[str], SigningKey] = lru_cache(maxsize=64)(certificate_key)


class BudgetSettings(Settings):
    """[accounts.KEY.budget]: how many requests the account may send."""

    per_5_minutes: Count = Field(
        1000, description="Requests to the provider in five minutes, for all its mailboxes and traces."
    )
    traces_per_5_minutes: Count = Field(
        20, description="Those of them that ask what became of a message; some providers allow few."
    )


class Credentials(Settings):
    """The keys of all accounts. A provider overrides what is different about it."""

    remedies: ClassVar[Remedies] = {}

    budget: BudgetSettings = Field(
        default_factory=BudgetSettings, description="How many requests the account may send."
    )
    ca_file: CaFile | None = Field(
        None, description="CA certificates to trust at the token endpoint instead of the system's."
    )

    @property
    def requests_limit(self) -> int:
        """See `AccountSettings`."""
        return self.budget.per_5_minutes

    @property
    def traces_limit(self) -> int:
        """See `AccountSettings`."""
        return self.budget.traces_per_5_minutes

    @property
    def sending_domain(self) -> str:
        """See `AccountSettings`."""
        return ""

    @property
    def fixed_key(self) -> str:
        """See `AccountSettings`."""
        return ""

    def base(self, service: AccountService) -> str:
        """See `AccountSettings`."""
        return ""

    @property
    def requests_at_once(self) -> int:
        """See `AccountSettings`."""
        return REQUESTS_AT_ONCE

    def authorization(self, token: str) -> Mapping[str, str]:
        """See `AccountSettings`: RFC 6750, section 2.1."""
        return {"Authorization": f"Bearer {token}"}

    @property
    def per_user(self) -> bool:
        """See `AccountSettings`."""
        return False

    @property
    def refreshes(self) -> bool:
        """See `AccountSettings`."""
        return getattr(self, "refresh", None) is not None

    @property
    def configured_refresh(self) -> str:
        """See `AccountSettings`."""
        return value_of(getattr(self, "refresh", None))

    @property
    def certificate_ends_at(self) -> datetime | None:
        """See `AccountSettings`."""
        certificate = getattr(self, "certificate", None)
        if not isinstance(certificate, SecretStr) or isinstance(certificate, MissingSecret):
            return None
        return parsed_certificate(certificate.get_secret_value()).ends_at

    def deletes_for_good(self, service: AccountService) -> bool:
        """See `AccountSettings`."""
        return True

    @property
    def narrower(self) -> str:
        """See `AccountSettings`."""
        return "let the provider's administrator limit the client to the mailboxes that it needs"

    @property
    def public_facts(self) -> Mapping[str, str]:
        """See `AccountSettings`."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        facts = {name: value for name, value in values.items() if isinstance(value, str) and value}
        facts["credentials"] = (
            ", ".join(name for name, value in values.items() if isinstance(value, SecretStr)) or "none"
        )
        certificate = getattr(self, "certificate", None)
        if isinstance(certificate, SecretStr) and not isinstance(certificate, MissingSecret):
            key = parsed_certificate(certificate.get_secret_value())
            facts["certificate"] = f"SHA-256 thumbprint {key.thumbprint}, ends {key.ends_at:%Y-%m-%d}"
        return facts

    @property
    def setup(self) -> "tuple[SetupStep, ...]":
        """See `AccountSettings`."""
        return ()

    @property
    def setup_tags(self) -> frozenset[str]:
        """See `AccountSettings`."""
        return frozenset(self._credentials)

    @property
    def setup_facts(self) -> Mapping[str, str]:
        """See `AccountSettings`."""
        return self.public_facts

    @property
    def _credentials(self) -> list[str]:
        return [name for name in type(self).model_fields if isinstance(getattr(self, name), SecretStr)]

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `AccountSettings`."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(
            value.get_secret_value()
            for value in values
            if isinstance(value, SecretStr) and not isinstance(value, MissingSecret)
        )


class KeyCredentials(Credentials):
    """The keys of accounts whose key or password is shown with each request, so that no token is asked for. A kind says
    which one: `fixed_key`."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """See `AccountSettings`: no mail server may see it."""
        return ()

    def request(self, user: str, at: datetime, refresh: str, service: AccountService = AccountService.IMAP) -> None:
        """See `AccountSettings`."""


def asserted(client: str, certificate: SecretStr, audience: str, at: datetime) -> Mapping[str, str]:
    """Return the fields by which a client proves itself with its certificate: RFC 7523, section 3. Raises
    MissingSecretError."""
    key, now = parsed_certificate(certificate.get_secret_value()), int(at.timestamp())
    claims: dict[str, str | int] = {
        "aud": audience, "iss": client, "sub": client, "jti": token_urlsafe(18),
        "iat": now, "nbf": now, "exp": now + ASSERTION_SECONDS,
    }  # fmt: skip
    assertion = signed(key, claims, **{"x5t#S256": key.thumbprint})
    return {"client_id": client, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def given(owner: Settings, *names: str) -> list[str]:
    """Return those of these keys that the configuration has."""
    return [name for name in names if getattr(owner, name) not in (None, False)]


def value_of(secret: SecretStr | None) -> str:
    """Return the secret, "" for none. Raises MissingSecretError."""
    return "" if secret is None else secret.get_secret_value()


def both(one: str, other: str) -> str:
    """Return the error for two keys of which only one may be there."""
    return f"must not have both {one} and {other}; keep one of them"
