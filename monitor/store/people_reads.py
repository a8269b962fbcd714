"""Queries of people, tokens, sessions, invitations, the audit log and remembered answers. Fixed statements."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, false, select

from monitor.people.person import AuditEntry, Invitation, Person, SignInSession, Token, audit_action
from monitor.store.columns import Instant, Number
from monitor.store.people_tables import audit_log, idempotency_keys, invitations, people, sessions, tokens
from monitor.store.records import Remembered

_NEWEST = 2**63 - 1  # no number is greater

PEOPLE = select(people).order_by(people.c.name)
PERSON = select(people).where(people.c.name == bindparam("of"))
TOKENS = select(tokens).order_by(tokens.c.created_at, tokens.c.id)
TOKEN = select(tokens).where(tokens.c.digest == bindparam("of"))
_session = [column for column in sessions.c if column is not sessions.c.ended]
SESSION = select(*_session).where(sessions.c.digest == bindparam("of"), sessions.c.ended == false())
SESSIONS = (
    select(*_session)
    .where(sessions.c.person == bindparam("of"), sessions.c.ended == false())
    .order_by(sessions.c.created_at.desc(), sessions.c.digest)
)
INVITATION = select(invitations).where(invitations.c.digest == bindparam("of"))
DEEDS = (
    select(audit_log)
    .where(audit_log.c.id < bindparam("before", type_=Number))
    .order_by(audit_log.c.id.desc())
    .limit(bindparam("most", type_=Number))
)
ENTRIES_AT = select(*(column for column in audit_log.c if column is not audit_log.c.id)).where(
    audit_log.c.what == bindparam("action"), audit_log.c.at == bindparam("moment", type_=Instant())
)
REMEMBERED = select(idempotency_keys).where(
    idempotency_keys.c.caller == bindparam("of"), idempotency_keys.c.key == bindparam("by_key")
)

STATEMENTS: dict[str, Select[Any]] = {
    "people": PEOPLE,
    "person": PERSON,
    "tokens": TOKENS,
    "token": TOKEN,
    "session": SESSION,
    "sessions": SESSIONS,
    "invitation": INVITATION,
    "deeds": DEEDS,
    "entries_at": ENTRIES_AT,
    "remembered": REMEMBERED,
}


def all_people(connection: Connection) -> list[Person]:
    """Return all people by name."""
    return [Person(**row) for row in connection.execute(PEOPLE).mappings()]


def person(connection: Connection, name: str) -> Person | None:
    """Return a person."""
    row = connection.execute(PERSON, {"of": name}).mappings().one_or_none()
    return Person(**row) if row else None


def all_tokens(connection: Connection) -> list[Token]:
    """Return all tokens, oldest first."""
    return [Token(**row) for row in connection.execute(TOKENS).mappings()]


def token(connection: Connection, digest: str) -> Token | None:
    """Return the token with this digest."""
    row = connection.execute(TOKEN, {"of": digest}).mappings().one_or_none()
    return Token(**row) if row else None


def session(connection: Connection, digest: str) -> SignInSession | None:
    """Return the session with this digest, unless it was ended."""
    row = connection.execute(SESSION, {"of": digest}).mappings().one_or_none()
    return SignInSession(**row) if row else None


def sessions_of(connection: Connection, name: str) -> list[SignInSession]:
    """Return a person's sessions that were not ended, the newest first. Some may have expired."""
    return [SignInSession(**row) for row in connection.execute(SESSIONS, {"of": name}).mappings()]


def invitation(connection: Connection, digest: str) -> Invitation | None:
    """Return the invitation with this digest."""
    row = connection.execute(INVITATION, {"of": digest}).mappings().one_or_none()
    return Invitation(**row) if row else None


def newest_audit_entries(connection: Connection, before: int | None, most: int) -> list[tuple[int, AuditEntry]]:
    """Return entries of the audit log with their numbers, newest first."""
    asked = {"before": _NEWEST if before is None else before, "most": most}
    return [
        (number, AuditEntry(at, who, way, audit_action(what), *rest))
        for number, at, who, way, what, *rest in connection.execute(DEEDS, asked)
    ]


def entries_at(connection: Connection, what: str, at: datetime) -> list[AuditEntry]:
    """Return the entries of the audit log with this action of this very moment."""
    return [AuditEntry(**row) for row in connection.execute(ENTRIES_AT, {"action": what, "moment": at}).mappings()]


def answer(connection: Connection, caller: str, key: str) -> Remembered | None:
    """Return the stored answer to this caller for this key."""
    row = connection.execute(REMEMBERED, {"of": caller, "by_key": key}).mappings().one_or_none()
    return Remembered(**row) if row else None
