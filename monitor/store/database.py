"""What is special about each kind of database: how it is reached, how it takes turns, and what its errors mean.

A new kind of database is a row in `DIALECTS`, and the triggers of the revisions in its words.
"""

import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, StatementError

from monitor.file_access import exposure
from monitor.store.records import NoSuchProbeError, StoreDownError, StoreError

PATIENCE = 10.0  # seconds that one process waits for another that writes
CHECK_RIGHTS = "check the owner and the rights of the file and its folder"
DISPLACED = "was moved, deleted or replaced while Mailpath works on it; put it back, or start Mailpath anew"
COMPANIONS = ("", "-wal", "-shm", "-journal")  # what SQLite calls the files of one database
READERS = 2  # threads, and so connections, that read


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of database. `insert` is its INSERT that can say what to do about a conflict."""

    driver: str
    insert: Callable[..., sqlite.Insert]
    settings: tuple[str, ...]  # said on each new connection
    begin_to_write: str  # takes the writer's turn at once, so that a transaction cannot fail half-way for want of it
    touch: Callable[[URL], None]


def _touch_file(url: URL) -> None:
    """Make the file, readable by its owner only: it holds the key of the tokens and people's addresses."""
    if not url.database or url.database == ":memory:":
        raise StoreError(f"{url}: a store in memory forgets everything; name a file: sqlite:///mailpath.db")
    if url.query:
        raise StoreError(f"{place(url)}: takes no options; leave away what follows the question mark")
    try:
        os.close(os.open(url.database, os.O_RDWR | os.O_CREAT, 0o600))
    except (OSError, ValueError) as error:
        remedy = "make its folder" if isinstance(error, FileNotFoundError) else CHECK_RIGHTS
        raise StoreError(f"{place(url)}: cannot be opened: {error}; {remedy}, or change store.url") from None
    _refuse_exposed(url, url.database)


def _refuse_exposed(url: URL, database: str) -> None:
    """Whoever reads it can forge tokens; whoever changes it can sign in. A restored backup often has other rights."""
    for companion in COMPANIONS:
        if reason := exposure(file := Path(database + companion).absolute()):
            raise StoreError(f"{place(url)}: {f'{file.name}: ' if companion else ''}{reason}")


DIALECTS = {
    "sqlite": Dialect(
        driver="sqlite+pysqlite",
        insert=sqlite.insert,
        settings=(
            "PRAGMA journal_mode = WAL",  # readers and the writer do not wait for each other
            "PRAGMA synchronous = NORMAL",  # in WAL: whole after a power cut, which may cost the last moments
            "PRAGMA foreign_keys = ON",
        ),
        begin_to_write="BEGIN IMMEDIATE",
        touch=_touch_file,
    ),
}

MEANINGS = (  # how SQLite's name of an error of the whole store begins, https://sqlite.org/rescode.html; what it means
    ("SQLITE_BUSY", "another process keeps it locked; end that process, or try again"),
    ("SQLITE_LOCKED", "another process keeps it locked; end that process, or try again"),
    ("SQLITE_FULL", "the disk is full; make room on it, or set store.keep to less"),
    ("SQLITE_READONLY", f"it may not be written; {CHECK_RIGHTS}"),
    ("SQLITE_CANTOPEN", f"it cannot be opened; {CHECK_RIGHTS}"),
    ("SQLITE_PERM", f"it cannot be opened; {CHECK_RIGHTS}"),
    ("SQLITE_NOTADB", "it is not an SQLite database; move that file away, or change store.url"),
    ("SQLITE_CORRUPT", "it is damaged; put a backup in its place, or move it away to begin anew"),
    ("SQLITE_IOERR", "the disk does not read or write; check it and the room on it"),
)


def connect(url: str) -> Engine:
    """An engine that is ready to be used; nothing is known yet of the tables. Raises StoreError."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(f"{url!r}: is not the address of a store; expected sqlite:///mailpath.db") from None
    dialect = DIALECTS.get(parsed.drivername)
    if dialect is None:
        known = ", ".join(DIALECTS)
        raise StoreError(f"{place(parsed)}: stores of the kind {parsed.drivername} are not known; known: {known}")
    dialect.touch(parsed)
    engine = create_engine(
        parsed.set(drivername=dialect.driver),
        pool_size=READERS + 1,
        connect_args={"timeout": PATIENCE, "isolation_level": None},
        execution_options={"file": _which_file(parsed)},
    )
    event.listen(engine, "connect", _settle_in(dialect))
    event.listen(engine, "begin", _begin(dialect))
    return engine


def _settle_in(dialect: Dialect) -> Callable[[sqlite3.Connection, object], None]:
    def settle_in(connection: sqlite3.Connection, _: object) -> None:
        for setting in dialect.settings:
            _insist(connection, setting)

    return settle_in


def _insist(connection: sqlite3.Connection, setting: str) -> None:
    """SQLite itself does not wait where two processes turn a new file to WAL in the same moment."""
    deadline = monotonic() + PATIENCE
    while True:
        try:
            connection.execute(setting).close()
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or monotonic() > deadline:
                raise
            sleep(0.01)
        else:
            return


def _begin(dialect: Dialect) -> Callable[[Connection], None]:
    """Transactions begin when we say so: the driver would begin none for reading and a late one for writing."""

    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql(dialect.begin_to_write if writes else "BEGIN")

    return begin


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """A transaction that has the writer's turn from its first moment, committed when the block ends well."""
    if engine.get_execution_options()["file"] != _which_file(engine.url):
        raise StoreDownError(f"{place(engine.url)}: {DISPLACED}")
    with engine.connect() as connection, connection.execution_options(writes=True).begin():
        yield connection


def _which_file(url: URL) -> tuple[int, int] | None:
    """Which file has that name now. An open one that was moved or deleted is written to as before, for nobody."""
    try:
        status = os.stat(url.database or "")
    except OSError:
        return None
    return status.st_dev, status.st_ino


def dialect_of(engine: Engine) -> Dialect:
    """What kind of database this is."""
    return DIALECTS[engine.dialect.name]


def place(url: URL) -> str:
    """How the store is named to people: without a password, and a file by its full path."""
    if url.drivername.startswith("sqlite") and url.database:
        return f"store {Path(url.database).absolute()}"
    return f"store {url.render_as_string(hide_password=True)}"


def concerns_all(error: BaseException) -> bool:
    """Whether the store is at fault, and not what was to be written."""
    return isinstance(error, StoreDownError) or (isinstance(error, DBAPIError) and _meaning(error) is not None)


def explained(engine: Engine, error: BaseException) -> StoreError:
    """The same error, as people can use it."""
    if isinstance(error, StoreError):
        return error
    if not isinstance(error, DBAPIError):
        said = error.orig if isinstance(error, StatementError) and error.orig else error
        return StoreError(f"{place(engine.url)}: {' '.join(str(said).split())[:300]} ({type(said).__name__})")
    if _name(error) == "SQLITE_CONSTRAINT_FOREIGNKEY":
        if error.statement and "probe_id" in error.statement:  # SQLite does not say which key it is
            return NoSuchProbeError(f"{place(engine.url)}: the probe was never stored, or is forgotten already")
        return StoreError(f"{place(engine.url)}: the incident was never stored, or is forgotten already")
    if meaning := _meaning(error):
        return StoreDownError(f"{place(engine.url)}: {meaning} ({error.orig})")
    return StoreError(f"{place(engine.url)}: it does not take this; please report it ({error.orig})")


def _name(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlite_errorname", "")


def _meaning(error: DBAPIError) -> str | None:
    return next((meaning for start, meaning in MEANINGS if _name(error).startswith(start)), None)
