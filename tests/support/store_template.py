"""New stores in SQLite as copies of one: to make the tables of each by all migrations takes 0.2 s, and two thousand
tests do."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Lock

from sqlalchemy import Engine

from monitor.store import schema
from monitor.store.database import connect

HEAD, MIGRATIONS = schema.HEAD, schema.MIGRATIONS


def preparing(folder: Path) -> Callable[[Engine], None]:
    """Return what prepares a store as `schema.prepare` does. An empty one becomes a copy of one that was made so."""
    template, turn = folder / "template.db", Lock()

    def prepare(engine: Engine) -> None:
        if (schema.HEAD, schema.MIGRATIONS) == (HEAD, MIGRATIONS):
            with turn:  # others may open the same one
                if _is_empty(engine):
                    _copy(template, engine)
        schema.prepare(engine)

    return prepare


def _is_empty(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite" and not Path(engine.url.database or "").stat().st_size


def _copy(template: Path, engine: Engine) -> None:
    if not template.exists():
        made = connect(f"sqlite:///{template}")
        schema.prepare(made)
        made.dispose()
    pooled = engine.raw_connection()
    into = pooled.driver_connection
    assert isinstance(into, sqlite3.Connection)
    with closing(sqlite3.connect(template)) as source:
        source.backup(into)
    pooled.close()
