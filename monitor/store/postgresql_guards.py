"""The guards of PostgreSQL, the same as the triggers of SQLite: evidence, verdicts, history and the audit log are
append-only, and leave only together with what they belong to. And how signals are numbered.

A trigger here calls a function. `refuse` raises what the trigger is given; the others first look whether what the row
belongs to is still there. A row is deleted together with its parent by the foreign key, and then the parent is gone
already.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple


class AppendOnly(NamedTuple):
    """A table whose rows are never changed. `columns`: only these of them; `when`: only of such a row."""

    table: str
    message: str
    columns: str = ""
    when: str = ""


class Belonging(NamedTuple):
    """A table whose rows are deleted only with their parent, whose id is in the column `by`. `unless`: a condition on
    the parent under which they may go before it."""

    table: str
    by: str
    parent: str
    message: str
    unless: str = ""


class Kept(NamedTuple):
    """A table whose rows are deleted only if this does not hold for them. "true": never."""

    table: str
    message: str
    when: str = "true"


NEVER_CHANGED = (
    AppendOnly("evidence", "evidence is never changed"),
    AppendOnly("verdicts", "a verdict is never changed; a later one amends it"),
    AppendOnly("signals", "a signal is never changed"),
    AppendOnly("history", "history is never changed"),
    AppendOnly("incident_actions", "what somebody did about an incident is never changed"),
    AppendOnly("used_links", "a link is used once"),
    AppendOnly("audit_log", "the audit log is never changed"),
    AppendOnly("evidence_dictionaries", "a dictionary is never changed: evidence is packed with it"),
    AppendOnly("notices", "what a notice is about is never changed", "id, incident, channel, number, at, basis"),
    AppendOnly(
        "notices",
        "what a delivered notice says is never changed",
        "news, title, text, labels, facts, replaces, handle, sent_as",
        "OLD.delivered_at IS NOT NULL",
    ),
    AppendOnly("notices", "what is delivered stays delivered", "delivered_at", "OLD.delivered_at IS NOT NULL"),
    AppendOnly(
        "mutes",
        "a mute is never changed; end it and make another one",
        'id, company, path, mail_system, cause, begins_at, ends_at, weekly, "by", why, created_at',
    ),
    AppendOnly("mutes", "a mute ends once", "ended_at, ended_by", "OLD.ended_at IS NOT NULL"),
    AppendOnly(
        "probes",
        "evidence of a probe is deleted once, when it is closed",
        "evidence_deleted_at",
        "OLD.closed_at IS NULL OR OLD.evidence_deleted_at IS NOT NULL",
    ),
)

BELONGING = (
    Belonging(
        "evidence",
        "probe_id",
        "probes",
        "evidence is deleted only with its probe, or once that says so",
        "evidence_deleted_at IS NOT NULL AND OLD.once IS DISTINCT FROM 'attempt:1'",  # whose number is the launch's
    ),
    Belonging("verdicts", "probe_id", "probes", "a verdict is deleted only with its probe"),
    Belonging("signals", "verdict", "verdicts", "a signal is deleted only with its verdict"),
    Belonging("history", "incident", "incidents", "history is deleted only with its incident"),
    Belonging("notices", "incident", "incidents", "a notice is deleted only with its incident"),
    Belonging(
        "incident_actions", "incident", "incidents", "what somebody did about an incident is deleted only with it"
    ),
    Belonging("used_links", "incident", "incidents", "the use of a link is deleted only with its incident"),
)

KEPT = (
    Kept("probes", "a probe in flight is never deleted", "OLD.closed_at IS NULL"),
    Kept("mutes", "a mute is never deleted, only ended"),
    Kept("evidence_dictionaries", "a dictionary is never deleted: evidence is packed with it"),
    Kept(
        "audit_log",
        "nothing that people did is ever deleted from the audit log",
        "NOT (OLD.what = 'sign-in refused' AND OLD.way = 'session')",
    ),
)

INCIDENTS_STAY = "an incident is never deleted while it is open or a notice of it waits"


def _function(name: str, condition: str, message: str) -> str:
    """Return a function for a trigger before DELETE, which refuses under this condition."""
    return f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'restrict_violation'; END IF;
            RETURN OLD;
        END $$"""


def _refusal(name: str, event: str, guard: AppendOnly | Kept) -> str:
    when = f" WHEN ({guard.when})" if guard.when else ""
    refused = f"EXECUTE FUNCTION refuse('{guard.message}')"
    return f"CREATE TRIGGER {name} BEFORE {event} ON {guard.table} FOR EACH ROW{when} {refused}"


def _first() -> Iterator[str]:
    yield """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'restrict_violation'; END $$"""
    for number, guard in enumerate(NEVER_CHANGED, start=1):
        of = f" OF {guard.columns}" if guard.columns else ""
        yield _refusal(f"{guard.table}_stay_{number}", f"UPDATE{of}", guard)
    for kept in KEPT:
        yield _refusal(f"{kept.table}_are_kept", "DELETE", kept)
    for row in BELONGING:
        stays = f" AND NOT ({row.unless})" if row.unless else ""
        there = f"EXISTS (SELECT 1 FROM {row.parent} WHERE id = OLD.{row.by}{stays})"  # noqa: S608 - names of ours
        yield from _leaves_with(row.table, there, row.message)
    waits = "OLD.closed_at IS NULL OR EXISTS (SELECT 1 FROM notices WHERE incident = OLD.id AND delivered_at IS NULL)"
    yield from _leaves_with("incidents", waits, INCIDENTS_STAY)


def _leaves_with(table: str, condition: str, message: str) -> Iterator[str]:
    name = f"{table}_leave_in_order"
    yield _function(name, condition, message)
    yield f"CREATE TRIGGER {name} BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"


BITS_IN_TRANSACTION = 16
"""Of the number of a signal: those that distinguish the few hundred signals of one transaction."""


def signal_place(after: int = 0) -> str:
    """Return the function that makes the number of a signal from its transaction: greater than all of these that begin
    with less than `after`."""
    return f"""CREATE OR REPLACE FUNCTION signal_place(xid8) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS
        'SELECT (CAST(CAST($1 AS text) AS bigint) + {after}) << {BITS_IN_TRANSACTION}'"""


BORN_AT = "0021"
"""The revision of the tables at which stores of this kind began."""

GUARDS: Mapping[str, Sequence[str]] = {BORN_AT: (*_first(),), "0023": (signal_place(),)}
"""By revision of the tables, as for SQLite. Released ones are never changed."""
