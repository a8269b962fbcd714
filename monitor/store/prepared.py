"""Statements compiled once and given to the driver as they are.

The store writes the same few dozen statements all day. To build a result and a context for each of them costs
SQLAlchemy several times what SQLite needs to execute it; what is left here are the SQL text and the conversion of each
parameter. Rows that are only added are written many at once: the driver releases the interpreter's lock at each
statement, and beside a busy event loop the writer waits long to get it back.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Connection, Dialect, Insert, Select, TextualSelect, bindparam, column, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import ColumnDefault
from sqlalchemy.sql.compiler import SQLCompiler

from monitor.store.statements import Row

AT_ONCE = (64, 16, 4)  # rows in one statement; few sizes, since the text of each is kept by the driver

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


@dataclass(frozen=True, slots=True)
class Form:
    """The text of a statement for one row, and the same for as many rows as its key says; {}: only one by one."""

    sql: str
    at_once: Mapping[int, str]

    @staticmethod
    def of(statement: Any, sql: str) -> "Form":
        """Of an INSERT that adds rows as they are given, or leaves away those that are there. One that changes what is
        there may meet the same row twice, which PostgreSQL refuses within a statement."""
        before, _, after = sql.partition(" VALUES ")
        values, conflict, how = after.partition(" ON CONFLICT ")
        if not isinstance(statement, Insert) or not after or (conflict and not how.endswith("DO NOTHING")):
            return Form(sql, {})
        return Form(sql, {size: f"{before} VALUES {', '.join([values] * size)}{conflict}{how}" for size in AT_ONCE})

    def groups(self, rows: int) -> Iterator[tuple[str, int, int]]:
        """Return the text for each group of these rows, its size and where it ends. Some may be left at the end."""
        upto = 0
        for size, sql in self.at_once.items():
            while rows - upto >= size:
                upto += size
                yield sql, size, upto


class PreparedStatement:
    """A statement for one kind of database, whose drivers number their parameters."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        self._statement, self._dialect = statement, dialect
        self._forms: dict[tuple[str, ...], tuple[Form, tuple[Parameter, ...]]] = {}

    def execute(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Execute it for all rows, which have the same keys. Raises DBAPIError."""
        form, parameters = self._form(rows[0])
        values = [[each.of(row) for each in parameters] for row in rows]

        def run(cursor: Any) -> None:
            left = 0
            for sql, size, left in form.groups(len(values)):
                cursor.execute(sql, [value for row in values[left - size : left] for value in row])
            if left < len(values):
                cursor.executemany(form.sql, values[left:])

        self._run(connection, form.sql, run)

    def count(self, connection: Connection, rows: Sequence[Row]) -> list[int]:
        """Execute it; return how many rows of the table each of these changed. Raises DBAPIError."""
        form, parameters = self._form(rows[0])
        values = [[each.of(row) for each in parameters] for row in rows]

        def run(cursor: Any) -> list[int]:
            counts: list[int] = []
            for sql, size, upto in form.groups(len(values)):
                group = values[upto - size : upto]
                cursor.execute("SAVEPOINT many")
                if cursor.execute(sql, [value for row in group for value in row]).rowcount == size:
                    counts += [1] * size
                else:  # some were there already; which ones is known row by row
                    cursor.execute("ROLLBACK TO SAVEPOINT many")
                    counts += [cursor.execute(form.sql, row).rowcount for row in group]
                cursor.execute("RELEASE SAVEPOINT many")
            return counts + [cursor.execute(form.sql, row).rowcount for row in values[len(counts) :]]

        counts: list[int] = self._run(connection, form.sql, run)
        return counts

    def _run(self, connection: Connection, sql: str, run: Callable[[Any], Any]) -> Any:
        cursor = connection.connection.cursor()
        try:
            return run(cursor)
        except self._dialect.loaded_dbapi.Error as error:
            raise DBAPIError(sql, None, error) from error
        finally:
            cursor.close()

    def _form(self, row: Row) -> tuple[Form, tuple[Parameter, ...]]:
        """Return the text and parameters for rows with these keys: an INSERT names only the columns it is given."""
        keys = tuple(row)
        if keys not in self._forms:
            options: dict[str, Any] = {"column_keys": list(keys), "for_executemany": True}
            compiled = self._statement.compile(dialect=self._dialect, **options)
            assert isinstance(compiled, SQLCompiler)
            given = {column.key: column.default for column in compiled.insert_prefetch}
            defaults = {key: default.arg for key, default in given.items() if isinstance(default, ColumnDefault)}
            names = compiled.positiontup or ()
            parameters = tuple(self._parameter(compiled.binds[name], defaults) for name in names)
            self._forms[keys] = Form.of(self._statement, str(compiled)), parameters
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
