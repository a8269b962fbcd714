"""Reaching a database of any kind: connections, transactions, and what went wrong, in words for people.

A new kind of database is a module like `sqlite` and a line in `DIALECTS`. Only the one that is used is imported.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, StatementError

from monitor.store.dialect import Dialect, place
from monitor.store.records import NoSuchProbeError, StoreDownError, StoreError
from monitor.store.sqlite import SQLITE

__all__ = ["READERS", "concerns_all", "connect", "dialect_of", "explained", "guards", "place", "writing"]

DISPLACED = "was moved, deleted or replaced while Mailpath works on it; put it back, or start Mailpath anew"
READERS = 2  # threads, and so connections, that read


def _postgresql() -> Dialect:
    from monitor.store.postgresql import POSTGRESQL

    return POSTGRESQL


DIALECTS: dict[str, Callable[[], Dialect]] = {"sqlite": lambda: SQLITE, "postgresql": _postgresql}


def connect(url: str) -> Engine:
    """Return a ready engine; the tables are not checked yet. Raises StoreError."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(
            f"{url!r}: is not the address of a store; expected sqlite:///mailpath.db or postgresql://mailpath@db.example/mailpath"
        ) from None
    if parsed.drivername not in DIALECTS:
        known = ", ".join(DIALECTS)
        raise StoreError(f"{place(parsed)}: stores of the kind {parsed.drivername} are not known; known: {known}")
    dialect = DIALECTS[parsed.drivername]()
    dialect.touch(parsed)
    engine = create_engine(
        parsed.set(drivername=dialect.driver),
        pool_size=READERS + 1,
        connect_args=dict(dialect.connect_args),
        execution_options={"identity": dialect.identity(parsed)},
        **dialect.engine,
    )
    event.listen(engine, "connect", lambda connection, _: dialect.settle_in(connection))
    event.listen(engine, "begin", _begin(dialect))
    return engine


def _begin(dialect: Dialect) -> Callable[[Connection], None]:
    """Begin transactions explicitly: the driver would begin none for reads and late ones for writes."""

    def begin(connection: Connection) -> None:
        how = connection.get_execution_options().get("begins_by", dialect.begin_to_read)
        connection.exec_driver_sql(how)

    return begin


@contextmanager
def writing(engine: Engine, *, alone: bool = False) -> Generator[Connection]:
    """Open a transaction that may write from its first moment, committed if the block succeeds. `alone`: while no other
    such is open."""
    dialect = dialect_of(engine)
    if engine.get_execution_options()["identity"] != dialect.identity(engine.url):
        raise StoreDownError(f"{place(engine.url)}: {DISPLACED}")
    begins_by = dialect.begin_alone if alone else dialect.begin_to_write
    with engine.connect() as connection, connection.execution_options(begins_by=begins_by).begin():
        yield connection


def dialect_of(engine: Engine) -> Dialect:
    """Return the dialect of this database."""
    return DIALECTS[engine.dialect.name]()


def guards(connection: Connection, revision: str) -> Sequence[str]:
    """The triggers that come with a revision of the tables, in the words of this database."""
    return dialect_of(connection.engine).guards[revision]


def concerns_all(engine: Engine, error: BaseException) -> bool:
    """Test if the store is at fault, and not the written data."""
    if isinstance(error, StoreDownError):
        return True
    return isinstance(error, DBAPIError) and dialect_of(engine).meaning(error.orig) is not None


def explained(engine: Engine, error: BaseException) -> StoreError:
    """Convert an error to one that people can use."""
    if isinstance(error, StoreError):
        return error
    if not isinstance(error, DBAPIError):
        said = error.orig if isinstance(error, StatementError) and error.orig else error
        return StoreError(f"{place(engine.url)}: {' '.join(str(said).split())[:300]} ({type(said).__name__})")
    dialect, words = dialect_of(engine), " ".join(str(error.orig).split())
    if dialect.refers_to_nothing(error.orig):
        if error.statement and "probe_id" in error.statement:  # the database does not say which key it is
            return NoSuchProbeError(f"{place(engine.url)}: the probe was never stored, or is forgotten already")
        return StoreError(f"{place(engine.url)}: the incident was never stored, or is forgotten already")
    if meaning := dialect.meaning(error.orig):
        return StoreDownError(f"{place(engine.url)}: {meaning} ({words})")
    return StoreError(f"{place(engine.url)}: it does not take this; please report it ({words})")
