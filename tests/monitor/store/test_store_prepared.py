"""Statements that are compiled once do the same as those that SQLAlchemy executes itself."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError

from monitor.store.database import connect, dialect_of, writing
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


@pytest.mark.parametrize("number", [1, 3, 4, 5, 64, 85])
def test_many_rows_are_added_as_they_are(engine: Engine, connection: Connection, number: int) -> None:
    statement = PreparedStatement(insert(probes), engine.dialect)
    statement.execute(connection, [row(id=f"{each:03}", recipient=f"{each}@acme.example") for each in range(number)])
    found = connection.execute(select(probes.c.id, probes.c.recipient).order_by(probes.c.id)).all()
    assert [tuple(each) for each in found] == [(f"{each:03}", f"{each}@acme.example") for each in range(number)]


@pytest.mark.parametrize("known", [(), (0,), (3, 7, 84), tuple(range(85))])
def test_each_of_many_rows_has_its_own_count(engine: Engine, connection: Connection, known: Sequence[int]) -> None:
    kept = PreparedStatement(dialect_of(engine).insert(facts).on_conflict_do_nothing(), engine.dialect)
    rows = [{"name": f"{each:03}", "value": "new"} for each in range(85)]
    assert kept.count(connection, [{**rows[each], "value": "old"} for each in known] or rows[:1]) is not None
    counts = kept.count(connection, rows)
    there = set(known or (0,))
    assert counts == [int(each not in there) for each in range(85)]
    values = connection.scalars(select(facts.c.value).where(facts.c.name < "1").order_by(facts.c.name)).all()
    assert values == ["old" if each in known else "new" for each in range(85)]


def test_of_two_equal_rows_the_first_counts(engine: Engine, connection: Connection) -> None:
    kept = PreparedStatement(dialect_of(engine).insert(facts).on_conflict_do_nothing(), engine.dialect)
    assert kept.count(connection, [{"name": name, "value": name} for name in "abcabd"]) == [1, 1, 1, 0, 0, 1]


def test_what_changes_a_row_may_do_so_twice(engine: Engine, connection: Connection) -> None:
    """PostgreSQL refuses to touch a row twice in one statement."""
    into = dialect_of(engine).insert(facts)
    marked = into.on_conflict_do_update(index_elements=["name"], set_={"value": into.excluded.value})
    PreparedStatement(marked, engine.dialect).execute(connection, [{"name": "n", "value": each} for each in "abcdef"])
    assert connection.scalar(select(facts.c.value).where(facts.c.name == "n")) == "f"
