"""People, tokens and sessions: plain values as stored. None contains a secret, only hashes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Rights(StrEnum):
    """Rights, least first. Each includes those before."""

    VIEWER = "viewer"  # look
    OPERATOR = "operator"  # probe, mute, work on incidents
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


BY_SESSION = "session"


class AuditAction(StrEnum):
    """An action, as the audit log names it."""

    PROBE_SENT = "probe sent"
    DIAGNOSIS_STARTED = "diagnosis started"
    DIAGNOSIS_STOPPED = "diagnosis stopped"
    MUTE_CREATED = "mute created"
    MUTE_ENDED = "mute ended"
    INCIDENT_ACKNOWLEDGED = "incident acknowledged"
    INCIDENT_RELEASED = "incident released"
    OWNER_SET = "owner set"
    COMMENT_ADDED = "comment added"
    COMMENT_PUBLISHED = "comment published"
    COMMENT_WITHDRAWN = "comment withdrawn"
    TICKET_LINKED = "ticket linked"
    REMEDY_APPLIED = "remedy carried out"
    REMEDY_TEST_STARTED = "remedy test started"
    REMEDY_RENEWED = "remedy prolonged"
    REMEDY_UNDONE = "remedy undone"
    CHANNEL_TESTED = "channel tested"
    COMPANY_TRIED = "company set-up tested"
    COMPANY_ADDED = "company added"
    PERSON_ADDED = "person added"
    PERSON_CHANGED = "person changed"
    PERSON_DISABLED = "person disabled"
    PERSON_ENABLED = "person enabled"
    LINK_CREATED = "link created"
    TOKEN_CREATED = "token created"  # noqa: S105
    TOKEN_REVOKED = "token revoked"  # noqa: S105
    SHARE_CREATED = "share link created"
    SHARE_REVOKED = "share link revoked"
    PASSWORD_SET = "password set"  # noqa: S105
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    SIGN_IN_REFUSED = "sign-in refused"  # the only one caused by people who may not sign in


EARLIER_WORDS = {  # in entries that earlier versions wrote; the audit log is never rewritten
    "probe": AuditAction.PROBE_SENT,
    "mute": AuditAction.MUTE_CREATED,
    "person made": AuditAction.PERSON_ADDED,
    "link made": AuditAction.LINK_CREATED,
    "token made": AuditAction.TOKEN_CREATED,
}


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of the audit log: who did what to what, and by which way: "session", "token NAME", "header",
    "command", "start", "link of channel NAME"."""

    at: datetime
    who: str
    way: str
    what: str  # an AuditAction
    about: str
    company: str = ""  # of which company, "" if of none
    path: str = ""  # of which of its paths, "" if of none


def audit_action(word: str) -> str:
    """Return the action of a stored entry in today's word, whichever version wrote it."""
    return EARLIER_WORDS.get(word, word)


EXPIRED_SHOWN_FOR = timedelta(days=7)


def token_ends(tokens: Iterable[Token], now: datetime) -> dict[str, datetime]:
    """Return when tokens expire, by name; of several with one name, the first that does. Revoked ones are left out, and
    those that expired long ago."""
    ends: dict[str, datetime] = {}
    for token in tokens:
        if token.expires_at and not token.revoked_at and token.expires_at > now - EXPIRED_SHOWN_FOR:
            ends[token.name] = min(token.expires_at, ends.get(token.name, token.expires_at))
    return ends
