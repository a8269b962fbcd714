"""The revision of a store's tables, and its upgrade. Alembic is loaded only when needed."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from monitor.store.database import explained, place, writing
from monitor.store.records import StoreError

HEAD = "0016"  # the newest revision in `migrations`
MIGRATIONS = Path(__file__).parent / "migrations"


def prepare(engine: Engine) -> None:
    """Upgrade the tables to the newest revision. Raises StoreError."""
    try:
        with engine.begin() as connection:
            if _revision(connection) == HEAD:
                return
        with writing(engine) as connection:
            revision = _revision(connection)  # another process may have been quicker
            if revision != HEAD:
                _migrate(connection, revision)
    except Exception as error:
        raise explained(engine, error) from error


def _revision(connection: Connection) -> str | None:
    """Return the revision of the tables, None for an empty database."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    if tables:
        raise StoreError(f"{place(connection.engine.url)}: holds the tables of another program; change store.url")
    return None


def _migrate(connection: Connection, revision: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreError(
            f"{place(connection.engine.url)}: was written by a newer version of mailpath (revision {revision} of its "
            f"tables, this one knows {HEAD}); install that version, or change store.url"
        )
    command.upgrade(config, "head")
