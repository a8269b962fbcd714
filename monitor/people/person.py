"""People, tokens and sessions: plain values as stored. None contains a secret, only hashes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Rights(StrEnum):
    """Rights, least first. Each includes those before."""

    VIEWER = "viewer"  # look
    OPERATOR = "operator"  # probe and mute
    ADMIN = "admin"  # people, tokens, the audit log, the configuration as it was loaded

    def include(self, other: "Rights") -> bool:
        """Test if these are at least the other rights."""
        return list(Rights).index(self) >= list(Rights).index(other)


Companies = tuple[str, ...] | None
"""Keys of the companies that somebody is restricted to; None: no restriction."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person who can sign in. `name` is unique and lower case. `password` is a hash, "" if not set yet."""

    name: str
    rights: Rights
    companies: Companies
    password: str
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """An API token. `digest` is the SHA-256 of the secret, which was shown once. `hint` is its beginning."""

    id: str
    name: str
    digest: str
    hint: str
    rights: Rights
    companies: Companies
    by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignInSession:
    """A browser session. `digest` is that of the cookie; `form` is the CSRF secret of its forms."""

    digest: str
    person: str
    form: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """A single-use link to set a password."""

    digest: str
    person: str
    created_at: datetime
    expires_at: datetime


SIGN_IN_REFUSED = "sign-in refused"  # the one line of the audit log that people cause who are not let in
BY_SESSION = "session"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of the audit log: who did what to what, and by which way: "session", "token NAME", "header",
    "command"."""

    at: datetime
    who: str
    way: str
    what: str  # "probe", "mute", "mute ended", "token made", "token revoked", "person made", "signed in", ...
    about: str
    company: str = ""  # of which company, "" if of none
    path: str = ""  # of which of its paths, "" if of none
