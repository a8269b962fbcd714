"""Filling a table from another one in a revision of the tables: in parts, so that an interrupted upgrade goes on.

A revision with a `Fill` makes its table and calls `begin`, in one transaction. The parts follow, each in a transaction
of its own together with the place where the next one begins, a row of `facts`. The store is not used before that row is
gone (`schema.prepare`). A part that is filled again, or by two processes, is the same: a count is set, not added to.
"""

import logging
from dataclasses import dataclass
from time import monotonic

from sqlalchemy import Connection, Engine, text

from monitor.store.database import place, writing

ROWS_AT_ONCE = 20_000  # rows of the source that are read for one part, and those of the same span as the last one
SAID_EVERY = 2.0  # seconds between two messages
PENDING = "filling:"  # and the revision: the fact with the place
END = 2**62  # after everything

log = logging.getLogger("store")  # also heard from commands, whose output is for programs


@dataclass(frozen=True, slots=True)
class Fill:
    """`sql` fills in what follows from the rows of `source` whose `column` is at least :first and less than :end, both
    multiples of `span`, in microseconds."""

    sql: str
    source: str
    column: str
    span: int

    def begin(self, connection: Connection, revision: str) -> None:
        """Note that it is to be done, unless there is nothing to be read. For the transaction of the revision."""
        if self._first(connection, -END) is not None:
            connection.execute(
                text("INSERT INTO facts (name, value) VALUES (:name, :value)"),
                {"name": PENDING + revision, "value": str(-END)},
            )

    def part(self, connection: Connection, revision: str) -> bool:
        """Fill in the next part; false if there was none left. For a transaction."""
        first = _place(connection, revision)
        if first is None:
            return False
        begin = self._first(connection, first)
        last = begin and self._first(connection, begin, ROWS_AT_ONCE)
        end = END if last is None else last - last % self.span + self.span
        if begin is not None:
            connection.execute(text(self.sql), {"first": begin - begin % self.span, "end": end})
        _set_place(connection, revision, None if last is None else end)
        return True

    def count(self, connection: Connection, revision: str) -> tuple[int, int]:
        """Return how many rows are to be read, and how many were."""
        first = _place(connection, revision)
        rows = connection.scalar(text(f"SELECT count(*) FROM {self.source}")) or 0  # noqa: S608 - names of ours
        if first is None:
            return rows, rows
        done = text(f"SELECT count(*) FROM {self.source} WHERE {self.column} < :first")  # noqa: S608
        return rows, connection.scalar(done, {"first": first}) or 0

    def _first(self, connection: Connection, since: int, skipped: int = 0) -> int | None:
        found = text(
            f"SELECT {self.column} FROM {self.source} WHERE {self.column} >= :since"  # noqa: S608 - names of ours
            f" ORDER BY {self.column} LIMIT 1 OFFSET :skipped"
        )
        place: int | None = connection.scalar(found, {"since": since, "skipped": skipped})
        return place


def pending(connection: Connection) -> str | None:
    """Return the revision whose tables are not filled yet, None if all are."""
    found = connection.scalar(
        text("SELECT min(name) FROM facts WHERE name >= :begin AND name < :end"),
        {"begin": PENDING, "end": PENDING[:-1] + chr(ord(PENDING[-1]) + 1)},
    )
    return found.removeprefix(PENDING) if found else None


def fill(engine: Engine, revision: str, what: Fill) -> None:
    """Fill in part by part until nothing is left, and say how far it is."""
    with engine.begin() as connection:
        rows, before = what.count(connection, revision)
    began = said = monotonic()
    done, more = before, True
    while more:
        with writing(engine, alone=True) as connection:
            more = what.part(connection, revision)
        if more and monotonic() - said > SAID_EVERY:
            said = monotonic()
            with engine.begin() as connection:
                rows, done = what.count(connection, revision)
            log.warning(f"{place(engine.url)}: {progress(revision, rows, done, done - before, said - began)}")


def progress(revision: str, rows: int, done: int, since: int, seconds: float) -> str:
    """Say how far an upgrade is: `done` of `rows`, of which `since` in so many seconds."""
    rate = since / seconds
    left = f"{(rows - done) / rate:,.0f} s left" if rate else "no row done yet"
    return (
        f"upgrading its tables to revision {revision}: {done / max(rows, 1):.0%}, {rate:,.0f} rows/s, {left}; "
        "interrupted, it goes on from here"
    )


def _place(connection: Connection, revision: str) -> int | None:
    value = connection.scalar(text("SELECT value FROM facts WHERE name = :name"), {"name": PENDING + revision})
    return None if value is None else int(value)


def _set_place(connection: Connection, revision: str, place: int | None) -> None:
    statement = (
        "DELETE FROM facts WHERE name = :name"
        if place is None
        else "UPDATE facts SET value = :value WHERE name = :name"
    )
    connection.execute(text(statement), {"name": PENDING + revision} | ({} if place is None else {"value": str(place)}))
