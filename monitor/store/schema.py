"""The revision of a store's tables, and its upgrade. Alembic is loaded only when needed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, inspect, select, text

from monitor.store import filling
from monitor.store.database import dialect_of, explained, place, writing
from monitor.store.records import StoreError
from monitor.store.tables import facts, metadata

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0027"  # the newest revision in `migrations`
COPYING = "copying"  # the fact that names the store of which an unfinished copy is here
UNFINISHED_COPY = "holds an unfinished copy; `mailpath migrate-store` with the same addresses goes on with it"
MIGRATIONS = Path(__file__).parent / "migrations"


def prepare(engine: Engine, *, for_copy: bool = False) -> None:
    """Upgrade the tables to the newest revision; an upgrade that was interrupted goes on. Raises StoreError, also for a
    store that holds an unfinished copy, unless it is prepared `for_copy`.

    Each revision is a transaction, and so is each part of what one fills. Several processes may do this at once.
    """
    try:
        while True:
            with engine.begin() as connection:
                revision = _revision(connection)
                if revision is not None and revision != HEAD:
                    _known(engine, revision)
                unfilled = filling.pending(connection) if revision else None
                if revision == HEAD and not for_copy and copied_from(connection):
                    raise StoreError(f"{place(engine.url)}: {UNFINISHED_COPY}")
            if unfilled:
                filling.fill(engine, unfilled, _known(engine, unfilled)[unfilled].FILL)
            elif revision == HEAD:
                _go_on_numbering(engine)
                return
            else:
                _upgrade(engine)
    except Exception as error:
        raise explained(engine, error) from error


def copied_from(connection: Connection) -> str | None:
    """Return the store from which an unfinished copy is made into this one; None if there is none."""
    found: str | None = connection.scalar(select(facts.c.value).where(facts.c.name == COPYING))
    return found


def is_current(connection: Connection) -> bool:
    """Test if the tables are those of this release, and filled. Raises StoreError if they are of another program."""
    return _revision(connection) == HEAD and not filling.pending(connection)


def _revision(connection: Connection) -> str | None:
    """Return the revision of the tables, None for an empty database."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    if tables:
        raise StoreError(f"{place(connection.engine.url)}: holds the tables of another program; change store.url")
    return None


def _upgrade(engine: Engine) -> None:
    """Upgrade to the next revision; an empty database, in which there is nothing to fill from, to the newest."""
    from alembic import command

    with writing(engine, alone=True) as connection:
        revision = _revision(connection)  # another process may have been quicker
        if revision == HEAD or (revision and filling.pending(connection)):
            return
        if revision is None and dialect_of(engine).born_at:
            _make_whole(connection)
            return
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "+1" if revision else "head")


def _go_on_numbering(engine: Engine) -> None:
    """See to it that the next signal has a greater number than all before, also in a store that was moved."""
    dialect = dialect_of(engine)
    with engine.begin() as connection:
        if not dialect.numbering(connection):
            return
    with writing(engine, alone=True) as connection:
        if statement := dialect.numbering(connection):  # another process may have been quicker
            connection.exec_driver_sql(statement)


def _make_whole(connection: Connection) -> None:
    """Make all tables as they are now. For an empty database of a kind that the older revisions never knew."""
    from monitor.store import (  # noqa: F401 - their tables
        ownership_tables,
        people_tables,
        real_hours,
        real_refusals,
        remedy_tables,
        report_tables,
        standing_tables,
    )

    dialect = dialect_of(connection.engine)
    for index in (each for table in metadata.tables.values() for each in table.indexes):
        index.dialect_options[connection.dialect.name]["where"] = index.dialect_options["sqlite"]["where"]
    metadata.create_all(connection)
    for revision in sorted(dialect.guards):
        for guard in dialect.guards[revision]:
            connection.exec_driver_sql(guard)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def _known(engine: Engine, revision: str) -> "dict[str, Any]":
    """Return the modules of all revisions by their name. Raises StoreError if this one is not among them."""
    from alembic.script import ScriptDirectory

    known = {script.revision: script.module for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision not in known:
        raise StoreError(
            f"{place(engine.url)}: was written by a newer version of mailpath (revision {revision} of its "
            f"tables, this one knows {HEAD}); install that version, or change store.url"
        )
    return known


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
