"""A store in the hands of somebody with a database client: SQL of any kind, each statement a transaction of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from monitor.store.database import connect, writing

TWICE = "UNIQUE constraint failed|duplicate key value"
"""What each database says of a row that is there already."""

SQLITE_REFUSAL = "CREATE TRIGGER by_hand BEFORE {event} ON {table} {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"
POSTGRESQL_REFUSAL = """CREATE FUNCTION by_hand() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF {condition} THEN RAISE EXCEPTION '{message}'; END IF;
    RETURN coalesce(NEW, OLD); END $$"""
POSTGRESQL_TRIGGER = "CREATE TRIGGER by_hand BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION by_hand()"


class StoreByHand:
    """The store at this address."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of an answer."""
        with self._connection() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    def change(self, sql: str) -> int:
        """The number of rows that were changed."""
        with self._connection() as connection:
            return connection.exec_driver_sql(sql).rowcount

    def refuses(self, sql: str, message: str) -> None:
        """The database refuses this statement, and says so."""
        with pytest.raises(DBAPIError, match=message):
            self.change(sql)

    def refuse(self, event: str, table: str, message: str, condition: str = "") -> None:
        """Let it refuse what happens to rows of this table from now on."""
        words = {"event": event, "table": table, "message": message}
        if self._url.startswith("sqlite"):
            self.change(SQLITE_REFUSAL.format(**words, when=f"WHEN {condition}" if condition else ""))
        else:
            self.change(POSTGRESQL_REFUSAL.format(**words, condition=condition or "true"))
            self.change(POSTGRESQL_TRIGGER.format(**words))

    def allow(self, table: str) -> None:
        """The opposite."""
        self.change("DROP TRIGGER by_hand" + ("" if self._url.startswith("sqlite") else f" ON {table}"))

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        engine = connect(self._url)
        try:
            with writing(engine) as connection:
                yield connection
        finally:
            engine.dispose()
