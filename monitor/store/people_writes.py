"""The writes about sessions, tokens, share links and the audit log."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Executable, bindparam, delete, func, insert, select, update

from monitor.store.people_tables import audit_log, sessions, shares, tokens


def put_token(upsert: Callable[..., Any]) -> Executable:
    """Update a token; a revoked one stays revoked, and its last use is stored separately."""
    said = ("name", "hint", "rights", "companies", "by", "created_at", "expires_at")
    into = upsert(tokens)
    replaced: Executable = into.on_conflict_do_update(
        index_elements=["id"],
        set_={name: into.excluded[name] for name in said}
        | {"revoked_at": func.coalesce(tokens.c.revoked_at, into.excluded.revoked_at)},
    )
    return replaced


def note_within() -> Executable:
    """A line of the audit log, unless it has `most` about the same subject after `since`. It is written `ALONE`:
    many who count at the same moment do not exceed the limit together."""
    names = ("at", "who", "way", "what", "about", "company", "path")
    said = {name: bindparam(name, type_=audit_log.c[name].type) for name in names}
    alike = audit_log.c.what == said["what"], audit_log.c.about == said["about"], audit_log.c.at > bindparam("since")
    known = select(func.count()).select_from(audit_log).where(*alike).scalar_subquery()
    return insert(audit_log).from_select([*names], select(*said.values()).where(known < bindparam("most")))


def open_share() -> Executable:
    """Somebody opened the page of a link."""
    return update(shares).where(shares.c.id == bindparam("share")).values(opened_at=bindparam("at"))


def revoke_share() -> Executable:
    """A link ends, once."""
    return (
        update(shares)
        .where(shares.c.id == bindparam("share"), shares.c.revoked_at.is_(None))
        .values(revoked_at=bindparam("at"), revoked_by=bindparam("who"))
    )


def forget_shares() -> Executable:
    """Delete the links that expired before a time."""
    return delete(shares).where(shares.c.expires_at <= bindparam("before"))


def end_other_sessions() -> Executable:
    """End all sessions of a person but one."""
    others = (sessions.c.person == bindparam("of"), sessions.c.digest != bindparam("but"))
    return update(sessions).where(*others).values(ended=True)
