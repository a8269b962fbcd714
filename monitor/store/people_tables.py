"""The tables of people: who may do what, and what they did. The rules of `tables` hold here too."""

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, UniqueConstraint, text

from monitor.people.person import Rights
from monitor.store.columns import EnumText, Instant, Name, Number, SafeText, StringList
from monitor.store.tables import metadata

people = Table(
    "people",
    metadata,
    Column("name", SafeText, nullable=False),
    Column("rights", EnumText(Rights), nullable=False),
    Column("companies", StringList),
    Column("password", SafeText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    PrimaryKeyConstraint("name"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", SafeText, nullable=False),
    Column("name", SafeText, nullable=False),
    Column("digest", SafeText, nullable=False),
    Column("hint", SafeText, nullable=False),
    Column("rights", EnumText(Rights), nullable=False),
    Column("companies", StringList),
    Column("by", SafeText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("digest"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", SafeText, nullable=False),
    Column("person", SafeText, nullable=False),
    Column("form", SafeText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ended", Boolean, nullable=False, default=False),  # kept until it expires, lest a late write revive it
    PrimaryKeyConstraint("digest"),
    Index(None, "person"),
    Index(None, "expires_at"),  # what may be forgotten
)

invitations = Table(
    "invitations",
    metadata,
    Column("person", SafeText, nullable=False),
    Column("digest", SafeText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    PrimaryKeyConstraint("person"),  # the newest voids those before
    UniqueConstraint("digest"),
)

shares = Table(
    "shares",
    metadata,
    Column("id", Name, nullable=False),
    Column("company", Name, nullable=False),
    Column("digest", SafeText, nullable=False),
    Column("by", SafeText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("opened_at", Instant),
    Column("revoked_at", Instant),
    Column("revoked_by", SafeText, nullable=False),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("digest"),
    Index(None, "company"),
    Index(None, "expires_at"),  # what may be forgotten
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Number, nullable=False),
    Column("at", Instant, nullable=False),
    Column("who", SafeText, nullable=False),
    Column("way", SafeText, nullable=False),
    Column("what", SafeText, nullable=False),
    Column("about", SafeText, nullable=False),
    Column("company", SafeText, nullable=False),
    Column("path", SafeText, nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("id"),
    Index(None, "what", "at"),  # what may be forgotten
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("caller", SafeText, nullable=False),
    Column("key", SafeText, nullable=False),
    Column("fingerprint", SafeText, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", SafeText, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("caller", "key"),
    Index(None, "at"),  # what may be forgotten
)
