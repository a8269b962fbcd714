"""Faults of accounts: a closed set, and for each a sentence and a remedy."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class AccountFault(StrEnum):
    """Why there is no token, or why a server does not accept it."""

    WRONG_SECRET = "wrong_secret"  # noqa: S105
    EXPIRED_SECRET = "expired_secret"  # noqa: S105
    WRONG_CERTIFICATE = "wrong_certificate"
    EXPIRED_CERTIFICATE = "expired_certificate"
    CLOCK = "clock"
    WRONG_CLIENT = "wrong_client"
    WRONG_TENANT = "wrong_tenant"
    NO_CONSENT = "no_consent"
    REVOKED = "revoked"
    REFRESH_LOST = "refresh_lost"
    NOT_KEPT = "not_kept"
    NO_DELEGATION = "no_delegation"
    WRONG_USER = "wrong_user"
    WRONG_SCOPE = "wrong_scope"
    POLICY = "policy"
    NO_IDENTITY = "no_identity"
    REFUSED = "refused"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"
    OVER_BUDGET = "over_budget"
    MISSING_SECRET = "missing_secret"  # noqa: S105
    TOKEN_REFUSED = "token_refused"  # noqa: S105
    NO_RIGHT = "no_right"
    NOT_DONE = "not_done"
    OTHER_HOST = "other_host"
    STRANGE = "strange"
    TOO_LONG = "too_long"
    API_UNREACHABLE = "api_unreachable"
    UNKNOWN_ACCOUNT = "unknown_account"


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A fault in words: what is wrong, and what to do."""

    sentence: str
    remedy: str


Remedies = Mapping[AccountFault, str]
"""A provider's own remedies. For a fault that is not among them, that of FAULTS holds."""

FAULTS: dict[AccountFault, FaultRow] = {
    AccountFault.WRONG_SECRET: FaultRow(
        "the client or its secret is not accepted",
        "check `client`, and store the present secret of this client where the configuration refers to",
    ),
    AccountFault.EXPIRED_SECRET: FaultRow(
        "the client secret has expired", "create a new secret and store it where the configuration refers to"
    ),
    AccountFault.WRONG_CERTIFICATE: FaultRow(
        "the client or the request that its certificate signed is not accepted",
        "register the certificate of `certificate` with the client, for PS256 (an RSA key) or ES256 (one for P-256),"
        " and check that the endpoint is written as the provider writes it",
    ),
    AccountFault.EXPIRED_CERTIFICATE: FaultRow(
        "the certificate has expired", "create a new certificate, register it with the client, and store both parts"
    ),
    AccountFault.CLOCK: FaultRow(
        "the signed request is not valid at this time by the provider's clock",
        "set this machine's clock, best by NTP (`timedatectl status`)",
    ),
    AccountFault.WRONG_CLIENT: FaultRow(
        "the client is not known", "check `client` against the provider's registration"
    ),
    AccountFault.WRONG_TENANT: FaultRow("the tenant is not known", "check `tenant`"),
    AccountFault.NO_CONSENT: FaultRow(
        "nobody has consented to this client's access", "let an administrator grant the access, then try again"
    ),
    AccountFault.REVOKED: FaultRow(
        "the consent has been revoked or has expired",
        "sign in once more as the mailbox's user and store the new refresh token",
    ),
    AccountFault.REFRESH_LOST: FaultRow(
        "the refresh token is not valid any more; the answer to its last use, perhaps with a new one, never arrived",
        "sign in once more as the mailbox's user and store the new refresh token; if this happens again, use a client"
        " secret or a certificate alone, or a client whose refresh tokens are not replaced",
    ),
    AccountFault.NOT_KEPT: FaultRow(
        "a new refresh token could not be kept, so none is asked for",
        "let the store accept writes: see the log of `mailpath serve`, and `mailpath doctor --only store`",
    ),
    AccountFault.NO_DELEGATION: FaultRow(
        "the service account may not act for this user",
        "let an administrator delegate the scope to the service account",
    ),
    AccountFault.WRONG_USER: FaultRow("the user is not known there", "check `user` of the mailbox"),
    AccountFault.WRONG_SCOPE: FaultRow("the scope is not accepted", "check `scope`, and what the client may ask for"),
    AccountFault.POLICY: FaultRow(
        "a policy of the provider forbids it", "let an administrator exempt this client from it"
    ),
    AccountFault.NO_IDENTITY: FaultRow(
        "this machine gives no such managed identity",
        "run Mailpath on a machine in Azure with a managed identity and no proxy before its own endpoint, and set"
        " `client` if it has several",
    ),
    AccountFault.REFUSED: FaultRow(
        "the provider refuses a token", "check the keys of this account against its registration"
    ),
    AccountFault.BUSY: FaultRow("the provider is busy or has a fault", "nothing; it is asked again"),
    AccountFault.UNREACHABLE: FaultRow(
        "the token endpoint cannot be reached", "let this machine open HTTPS connections to it"
    ),
    AccountFault.UNREADABLE: FaultRow(
        "the answer is none of OAuth 2", "check that no proxy stands between, and that the endpoint is the right one"
    ),
    AccountFault.OVER_BUDGET: FaultRow(
        "its requests for these five minutes are used up", "raise `budget.per_5_minutes` if the provider allows more"
    ),
    AccountFault.MISSING_SECRET: FaultRow("a secret is missing", "store it where the configuration refers to"),
    AccountFault.TOKEN_REFUSED: FaultRow(
        "the server does not accept the account's token for this user",
        "check `user` of the mailbox, and that the account's tokens are meant for this server",
    ),
    AccountFault.NO_RIGHT: FaultRow(
        "the account has no right to this", "give it the permission that is needed; it may take hours to take effect"
    ),
    AccountFault.NOT_DONE: FaultRow(
        "the provider does not do what it was asked", "check the keys of this mailbox or trace against the account"
    ),
    AccountFault.OTHER_HOST: FaultRow(
        "an answer leads to another server, and credentials do not go there",
        "check that no proxy stands between; if the provider really does so, report it as a fault of Mailpath",
    ),
    AccountFault.STRANGE: FaultRow(
        "the answer is not what this API answers", "check that no proxy stands between, and that this is the right host"
    ),
    AccountFault.TOO_LONG: FaultRow("the answer is too long to be read", "ask for less: see the keys of the mailbox"),
    AccountFault.API_UNREACHABLE: FaultRow(
        "the API cannot be reached", "let this machine open HTTPS connections to it"
    ),
    AccountFault.UNKNOWN_ACCOUNT: FaultRow("there is no such account", "add it to the configuration"),
}


def remedy_of(fault: AccountFault, remedies: Remedies) -> str:
    """Return what to do about the fault, by the provider's remedies or else in general."""
    return remedies.get(fault) or FAULTS[fault].remedy
