"""PostgreSQL: all that is special about it, from the address of a store to the meaning of its errors.

Writers work side by side (READ COMMITTED), readers see one moment. Numbers of signals begin with the transaction, and
are followed only below the oldest transaction that is still open: what is committed later has a greater number.
Transactions that learn something of the probes of one path take turns, and take their own number after that: so the
verdicts on a probe are numbered in their order. A server that vanishes is noticed within seconds, since a leader that
cannot write must not send.
"""

from typing import Any

from sqlalchemy import URL, Connection
from sqlalchemy.dialects import postgresql

from monitor.store.dialect import Dialect
from monitor.store.postgresql_guards import BITS_IN_TRANSACTION, BORN_AT, GUARDS, signal_place
from monitor.store.records import StoreError

GONE_SECONDS = 5  # after which a server that does not answer counts as gone
STATEMENT_SECONDS = 60  # for one statement: the longest is a part of housekeeping
LOCK_SECONDS = 10  # that one process waits for another that writes
ALONE = 0x4D41494C50415448  # "MAILPATH": the lock of whoever writes alone

ASK_ITS_ADMIN = "ask who operates that PostgreSQL"

MEANINGS = (  # how an SQLSTATE of the whole store begins, appendix A of PostgreSQL's manual; what it means
    ("08", "the connection to it was lost; it is made again by itself"),
    ("3F000", "its schema is missing; check search_path, or change store.url"),
    ("42501", "this user may not do that there; make it the owner of the database"),
    ("25006", "it is read-only, perhaps a standby; change store.url to the primary"),
    ("53100", "the disk of its server is full; make room there, or set store.keep to less"),
    ("53200", f"its server is short of memory; {ASK_ITS_ADMIN}"),
    ("53300", f"it has too many connections; {ASK_ITS_ADMIN}"),
    ("55P03", "another process keeps it locked; end that process, or try again"),
    ("57014", "it took too long; is it locked, or its disk busy?"),
    ("57P", "it is being shut down or started; it is reached again by itself"),
    ("40", "it gave way to another transaction; try again"),
    ("58", f"its server cannot read or write; {ASK_ITS_ADMIN}"),
    ("XX", f"it is damaged; {ASK_ITS_ADMIN}, and restore a backup"),
)
UNREACHABLE = (  # or it lets nobody in: the driver has no code for why a connection was not made
    "it cannot be reached; check that PostgreSQL runs there, and server, database, user and password file in store.url"
)
FOREIGN_KEY = "23503"
GAVE_WAY = ("40001", "40P01")  # to another transaction: serialization failure, deadlock

LOCK_PATHS = """SELECT pg_advisory_xact_lock(key) FROM (
    SELECT DISTINCT hashtextextended(company || '/' || path, 0) AS key FROM probes WHERE id = ANY(%s) ORDER BY 1
) AS paths"""  # in one order for all, so that none waits for another that waits for it
SIGNAL_NUMBER = f"signal_place(pg_current_xact_id()) | (nextval('signals_id_seq') & {2**BITS_IN_TRANSACTION - 1})"
SETTLED = "signal_place(pg_snapshot_xmin(pg_current_snapshot()))"
OVERTAKEN = f"""SELECT newest >> {BITS_IN_TRANSACTION} FROM (SELECT greatest(
    (SELECT max(id) FROM signals), (SELECT CAST(value AS bigint) FROM facts WHERE name = 'signals_seen')) AS newest
) AS given WHERE newest >= signal_place(pg_snapshot_xmax(pg_current_snapshot()))"""  # noqa: S608 - a number of ours

SETTINGS = (
    "SET timezone = 'UTC'",
    f"SET statement_timeout = '{STATEMENT_SECONDS}s'",
    f"SET lock_timeout = '{LOCK_SECONDS}s'",
    # a process that is suspended in the middle of a write would keep all others from writing
    f"SET idle_in_transaction_session_timeout = '{LOCK_SECONDS}s'",
)


def _touch(url: URL) -> None:
    """Check that its driver is here: it comes with an extra."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise StoreError("a store in PostgreSQL needs its driver: install mailpath with the extra postgres") from None


def _settle_in(connection: Any) -> None:
    for setting in SETTINGS:
        connection.execute(setting)


def _meaning(error: BaseException | None) -> str | None:
    import psycopg

    if not isinstance(error, psycopg.Error):
        return None
    state = error.sqlstate
    if state is None:  # no word of the server: it was not reached, or vanished
        return UNREACHABLE if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) else None
    return next((meaning for start, meaning in MEANINGS if state.startswith(start)), None)


def _numbering(connection: Connection) -> str:
    """Transactions of a server begin anew when the store is copied or restored there: then count on from the newest."""
    newest = connection.exec_driver_sql(OVERTAKEN).scalar()
    return "" if newest is None else signal_place(after=newest + 1)


def _gave_way(error: BaseException | None) -> bool:
    return getattr(error, "sqlstate", None) in GAVE_WAY


def _refers_to_nothing(error: BaseException | None) -> bool:
    return getattr(error, "sqlstate", None) == FOREIGN_KEY


def _counts_added(before: str, more: str) -> str:
    both = " UNION ALL ".join(f"SELECT * FROM jsonb_each(CAST({each} AS jsonb))" for each in (before, more))  # noqa: S608
    sums = f"SELECT key, sum(CAST(value AS bigint)) AS number FROM ({both}) AS both_counts GROUP BY key"  # noqa: S608
    return f"(SELECT CAST(jsonb_object_agg(key, number) AS text) FROM ({sums}) AS added)"  # noqa: S608


def _damage(connection: Any, seconds: float) -> str | None:
    """Ask for pages whose checksum failed, where the server keeps checksums; nobody else can read its files."""
    failed = connection.execute(
        "SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database WHERE datname = current_database()"
    ).fetchone()[0]
    return f"{failed} pages failed their checksum" if failed else ""


def _size(connection: Any) -> int:
    size: int = connection.execute("SELECT pg_database_size(current_database())").fetchone()[0]
    return size


POSTGRESQL = Dialect(
    driver="postgresql+psycopg",
    engine={"paramstyle": "format", "pool_pre_ping": True},
    insert=postgresql.insert,
    connect_args={
        "autocommit": True,  # transactions begin by `begin_to_read` and `begin_to_write`
        "application_name": "mailpath",
        "connect_timeout": GONE_SECONDS,
        "tcp_user_timeout": GONE_SECONDS * 1000,
        "keepalives_idle": GONE_SECONDS,
        "keepalives_interval": 2,
        "keepalives_count": 2,
    },
    settle_in=_settle_in,
    begin_to_read="BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    begin_to_write="BEGIN ISOLATION LEVEL READ COMMITTED",
    begin_alone=f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({ALONE})",
    now="CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)",
    lock_paths=LOCK_PATHS,
    signal_number=SIGNAL_NUMBER,
    settled=SETTLED,
    numbering=_numbering,
    gave_way=_gave_way,
    touch=_touch,
    identity=lambda _url: None,
    meaning=_meaning,
    refers_to_nothing=_refers_to_nothing,
    guards=GUARDS,
    born_at=BORN_AT,
    counts_added=_counts_added,
    damage=_damage,
    size=_size,
)
