"""Statements compiled once and given to the driver as they are.

The store writes the same few dozen statements all day. To build a result and a context for each of them costs
SQLAlchemy several times what SQLite needs to execute it; what is left here are the SQL text and the conversion of each
parameter.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Connection, Dialect, Select, TextualSelect, bindparam, column, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import ColumnDefault
from sqlalchemy.sql.compiler import SQLCompiler

from monitor.store.statements import Row

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter by name, as the row has it, or always this value. `convert`: for the driver; None: as it is."""

    name: str
    value: Any
    convert: Convert | None

    def of(self, row: Row) -> Any:
        """Return it as the driver gets it."""
        value = row.get(self.name, self.value)
        return self.convert(value) if self.convert else value


class PreparedStatement:
    """A statement for one kind of database, whose drivers number their parameters."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        self._statement, self._dialect = statement, dialect
        self._forms: dict[tuple[str, ...], tuple[str, tuple[Parameter, ...]]] = {}

    def execute(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Execute it for all rows, which have the same keys. Raises DBAPIError."""
        sql, parameters = self._form(rows[0])
        values = [[each.of(row) for each in parameters] for row in rows]
        self._run(connection, sql, lambda cursor: cursor.executemany(sql, values))

    def count(self, connection: Connection, rows: Sequence[Row]) -> list[int]:
        """Execute it row by row; return how many rows of the table each of them changed. Raises DBAPIError."""
        sql, parameters = self._form(rows[0])

        def run(cursor: Any) -> list[int]:
            return [cursor.execute(sql, [each.of(row) for each in parameters]).rowcount for row in rows]

        counts: list[int] = self._run(connection, sql, run)
        return counts

    def _run(self, connection: Connection, sql: str, run: Callable[[Any], Any]) -> Any:
        cursor = connection.connection.cursor()
        try:
            return run(cursor)
        except self._dialect.loaded_dbapi.Error as error:
            raise DBAPIError(sql, None, error) from error
        finally:
            cursor.close()

    def _form(self, row: Row) -> tuple[str, tuple[Parameter, ...]]:
        """Return the text and parameters for rows with these keys: an INSERT names only the columns it is given."""
        keys = tuple(row)
        if keys not in self._forms:
            options: dict[str, Any] = {"column_keys": list(keys), "for_executemany": True}
            compiled = self._statement.compile(dialect=self._dialect, **options)
            assert isinstance(compiled, SQLCompiler)
            given = {column.key: column.default for column in compiled.insert_prefetch}
            defaults = {key: default.arg for key, default in given.items() if isinstance(default, ColumnDefault)}
            names = compiled.positiontup or ()
            self._forms[keys] = str(compiled), tuple(self._parameter(compiled.binds[name], defaults) for name in names)
        return self._forms[keys]

    def _parameter(self, bind: BindParameter[Any], defaults: Mapping[str, Any]) -> Parameter:
        convert = bind.type.dialect_impl(self._dialect).bind_processor(self._dialect)
        return Parameter(bind.key, defaults.get(bind.key, bind.value), convert)


def compiled_once(statement: Select[Any], dialect: Dialect) -> TextualSelect:
    """Return the same question as text with the types of its parameters and columns. For one that SQLAlchemy compiles
    anew each time, as it does where rows are given as VALUES: for a hundred of them that takes eight milliseconds."""
    kind: Any = type(dialect)
    return _as_text(statement, kind)


@lru_cache
def _as_text(statement: Select[Any], dialect: Any) -> TextualSelect:
    compiled = statement.compile(dialect=dialect(paramstyle="named"))
    assert isinstance(compiled, SQLCompiler)
    parameters = [
        bindparam(name, each.value, each.type, required=each.required) for each, name in compiled.bind_names.items()
    ]
    columns = [column(each.name, each.type) for each in statement.selected_columns]
    sql = str(compiled).replace("::", r"\:\:")  # PostgreSQL's casts, of which a colon would begin a parameter
    return text(sql).bindparams(*parameters).columns(*columns)
