"""Copy a whole store from SQLite to PostgreSQL: table by table, in parts, checked.

A part is a transaction, and each begins after the last row that is there, so that an interrupted copy goes on. Until
both have been read again and found to be equal, the new store says that it is not finished, and nobody else may use it.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Table,
    collate,
    func,
    insert,
    select,
    text,
    tuple_,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from monitor.store import lease
from monitor.store.columns import PackedText
from monitor.store.database import connect, dialect_of, explained, place, writing
from monitor.store.dialect import file_of, place_of
from monitor.store.records import StoreError
from monitor.store.schema import COPYING, copied_from, is_current, prepare
from monitor.store.tables import facts, metadata

ROWS_AT_ONCE = 2_000

Progress = Callable[[str, int, int], None]
"""Called with the name of a table, how many of its rows are there, and how many there will be."""


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table that is equal in both stores."""

    name: str
    rows: int


def copy_store(source_url: str, target_url: str, progress: Progress) -> Sequence[CopiedTable]:
    """Copy the store at the first address to the second, which is empty or holds an unfinished copy of it. Blocking.

    Raises StoreError: nothing is lost, and the copy goes on when it is started again.
    """
    if (file := file_of(source_url)) is None or not file.exists():
        raise StoreError(f"{place_of(source_url)}: there is none in SQLite")
    source, target = connect(source_url), connect(target_url)
    try:
        return _copied(source, target, progress)
    except StoreError:
        raise
    except Exception as error:
        raise explained(target, error) from error
    finally:
        source.dispose()
        target.dispose()


def _copied(source: Engine, target: Engine, progress: Progress) -> list[CopiedTable]:
    _check_source(source)
    prepare(target, for_copy=True)
    _begin(source, target)
    tables = [_plain(table) for table in metadata.sorted_tables]
    for table in tables:
        _copy_table(source, target, table, progress)
    done = [_compared(source, target, table) for table in tables]
    with writing(target, alone=True) as connection:
        for table in tables:
            _number_on(source, connection, table)
        connection.execute(facts.delete().where(facts.c.name == COPYING))
    return done


def _check_source(source: Engine) -> None:
    with source.connect() as connection:
        if not is_current(connection):
            raise StoreError(
                f"{place(source.url)}: is of another release; let `mailpath serve` of this one upgrade it first"
            )
        led = lease.read(connection)
    if led and led.holder and led.holder.alive is not False:
        raise StoreError(
            f"{place(source.url)}: process {led.holder.pid} on {led.holder.host} works on it; stop that first, since "
            "what it writes meanwhile would be missing"
        )


def _begin(source: Engine, target: Engine) -> None:
    """Note that a copy is under way, unless the store is in use already."""
    whence = str(source.url.database)
    with writing(target, alone=True) as connection:
        present = copied_from(connection)
        if present == whence:
            return
        if present is not None:
            raise StoreError(f"{place(target.url)}: holds an unfinished copy of {present}; go on with that one")
        for table in metadata.sorted_tables:
            if connection.scalar(select(func.count()).select_from(table.select().limit(1).subquery())):
                raise StoreError(f"{place(target.url)}: is not empty; name an empty database")
        connection.execute(insert(facts), {"name": COPYING, "value": whence})


def _plain(table: Table) -> Table:
    """Return the table with what the driver gives and takes: values are copied as they are, not read."""
    return Table(
        table.name,
        MetaData(),
        *(Column(each.name, _plain_type(each.type), primary_key=each.primary_key) for each in table.columns),
    )


def _plain_type(column: TypeEngine[Any]) -> TypeEngine[Any]:
    return column.impl_instance if isinstance(column, TypeDecorator) and not isinstance(column, PackedText) else column


def _copy_table(source: Engine, target: Engine, table: Table, progress: Progress) -> None:
    with source.connect() as connection:
        rows = connection.scalar(select(func.count()).select_from(table)) or 0
    with target.connect() as connection:
        last, there = _last(connection, table), _count(connection, table)
    progress(table.name, there, rows)
    into, names = dialect_of(target).insert(table).on_conflict_do_nothing(), [each.name for each in table.columns]
    while part := _part(source, table, last):
        with writing(target, alone=True) as connection:
            connection.execute(into, [dict(zip(names, row, strict=True)) for row in part])
        last = tuple(part[-1][names.index(key.name)] for key in table.primary_key)
        there += len(part)
        progress(table.name, there, rows)


def _part(source: Engine, table: Table, last: tuple[Any, ...] | None) -> Sequence[Any]:
    """Return the rows that follow."""
    keys = [*table.primary_key]
    wanted = select(table).order_by(*keys).limit(ROWS_AT_ONCE)
    if last is not None:
        wanted = wanted.where(tuple_(*keys) > last)
    with source.connect() as connection:
        return connection.execute(wanted).all()


def _in_order(table: Table, connection: Connection) -> list[ColumnElement[Any]]:
    """Return the key in an order that is the same in every database: by code point."""
    texts = connection.dialect.name == "postgresql"
    return [collate(key, "C") if texts and key.type.python_type is str else key.expression for key in table.primary_key]


def _last(connection: Connection, table: Table) -> tuple[Any, ...] | None:
    """Return the key of the last row that is there."""
    if table.name == facts.name:
        return None
    newest = select(*table.primary_key).order_by(*(key.desc() for key in _in_order(table, connection))).limit(1)
    row = connection.execute(newest).one_or_none()
    return tuple(row) if row else None


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _compared(source: Engine, target: Engine, table: Table) -> CopiedTable:
    """Read both again. Raises StoreError if they are not equal."""
    with source.connect() as ours, target.connect() as theirs:
        (rows, digest), (copied, copied_digest) = _digest(ours, table), _digest(theirs, table)
    if (rows, digest) != (copied, copied_digest):
        raise StoreError(
            f"{place(target.url)}: table {table.name} is not equal to that of {place(source.url)} ({copied} and {rows} "
            "rows): was that written meanwhile? Empty the database and copy again"
        )
    return CopiedTable(table.name, rows)


def _digest(connection: Connection, table: Table) -> tuple[int, str]:
    found, count = hashlib.sha256(), 0
    wanted = select(table).order_by(*_in_order(table, connection))
    if table.name == facts.name:
        wanted = wanted.where(table.c.name != COPYING)
    for row in connection.execute(wanted.execution_options(yield_per=ROWS_AT_ONCE)):
        found.update(repr(tuple(row)).encode())
        count += 1
    return count, found.hexdigest()


def _number_on(source: Engine, target: Connection, table: Table) -> None:
    """Let new rows be numbered after those that were ever there, also after those that are forgotten."""
    keys = [*table.primary_key]
    if [key.name for key in keys] != ["id"] or keys[0].type.python_type is not int:
        return
    newest = target.scalar(select(func.max(keys[0]))) or 0
    with source.connect() as connection:
        known = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        newest = max(newest, connection.scalar(known, {"name": table.name}) or 0)
    if newest:
        sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
        target.execute(text(f"SELECT setval({sequence}, :newest)"), {"newest": newest})
