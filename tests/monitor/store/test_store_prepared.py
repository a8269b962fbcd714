"""Statements that are compiled once do the same as those that SQLAlchemy executes itself."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError

from monitor.store.database import connect, writing
from monitor.store.people_tables import sessions
from monitor.store.prepared import PreparedStatement
from monitor.store.schema import prepare
from monitor.store.tables import facts, probes
from probes.kinds import Kind
from probes.outcome import Outcome
from probes.probe import ProbePurpose
from tests.support.store_by_hand import TWICE
from tests.support.store_samples import at, probe

FIELDS = ("id", "company", "path", "kind", "role", "via", "recipient", "source_ip", "retry", "purpose")
TIMES = ("created_at", "code_dead_at", "give_up_at")


def row(**other: Any) -> dict[str, object]:
    one = probe(**other)
    return {name: getattr(one, name) for name in (*FIELDS, *TIMES)} | {"mailbox": "maildir:x"}


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = connect(url)
    prepare(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with writing(engine) as connection:
        yield connection


def test_values_are_converted_as_their_columns_say(engine: Engine, connection: Connection) -> None:
    ours, theirs = row(recipient="o'hara\udcff\0@acme.example"), row(recipient="o'hara\udcff\0@acme.example")
    PreparedStatement(insert(probes), engine.dialect).execute(connection, [ours])
    connection.execute(insert(probes), theirs)
    one, other = connection.execute(select(probes).order_by(probes.c.id)).all()
    assert one[1:] == other[1:]
    assert (one.kind, one.created_at, one.retry) == (Kind.VERIFICATION, at(0), ours["retry"])
    assert one.purpose is ProbePurpose.SCHEDULED


def test_rows_with_other_columns_are_another_form(engine: Engine, connection: Connection) -> None:
    statement = PreparedStatement(insert(probes), engine.dialect)
    statement.execute(connection, [row(id="a"), row(id="b")])
    statement.execute(connection, [row(id="c") | {"closed_at": at(9)}])
    found = connection.execute(select(probes.c.id, probes.c.closed_at).order_by(probes.c.id)).all()
    assert [tuple(each) for each in found] == [("a", None), ("b", None), ("c", at(9))]


def test_columns_have_their_defaults(engine: Engine, connection: Connection) -> None:
    """Those that are computed by SQLAlchemy, not by the database."""
    said = {"digest": "d", "person": "p", "created_at": at(0), "seen_at": at(0), "expires_at": at(9)}
    given = {column.name: said.get(column.name, "x") for column in sessions.c if column.default is None}
    PreparedStatement(insert(sessions), engine.dialect).execute(connection, [given])
    assert connection.scalar(select(sessions.c.ended)) is False


def test_what_the_statement_itself_says_needs_no_row(engine: Engine, connection: Connection) -> None:
    connection.execute(insert(probes), [row(id="a"), row(id="b")])
    close = (
        update(probes)
        .where(probes.c.id == bindparam("probe"), probes.c.outcome.is_(None))
        .values(outcome=Outcome.INBOX, closed_at=bindparam("at"))
    )
    statement = PreparedStatement(close, engine.dialect)
    rows = [{"probe": name, "at": at(5)} for name in ("a", "a", "nobody", "b")]
    assert statement.count(connection, rows) == [1, 0, 0, 1], "each row has its own count"
    assert connection.scalars(select(probes.c.outcome)).all() == [Outcome.INBOX, Outcome.INBOX]
    assert connection.scalars(select(probes.c.closed_at)).all() == [at(5), at(5)]


@pytest.mark.parametrize(
    ("wrong", "said"), [({"name": "n", "value": "v"}, TWICE), ({"name": "m", "value": None}, r"(?i)not[ -]null")]
)
def test_an_error_of_the_driver_names_the_statement(
    engine: Engine, connection: Connection, wrong: dict[str, str | None], said: str
) -> None:
    statement = PreparedStatement(insert(facts), engine.dialect)
    statement.execute(connection, [{"name": "n", "value": "v"}])
    with pytest.raises(DBAPIError, match=said) as caught:
        statement.count(connection, [wrong])
    assert "INSERT INTO facts" in str(caught.value.statement)
