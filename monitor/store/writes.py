"""Transactions: the writes of many callers as a few statements, all or nothing for each caller."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from monitor.store import lease
from monitor.store.database import concerns_all, dialect_of, explained, writing
from monitor.store.packing import Packer
from monitor.store.prepared import PreparedStatement
from monitor.store.records import StoreError
from monitor.store.statements import ALONE, COUNTED, OF_PROBES, SIGNALS_SEEN, Row, SqlStatement, statements
from monitor.store.tables import facts

SAW = select(facts.c.value).where(facts.c.name == SIGNALS_SEEN).with_for_update()
MOST_TRIES = 5  # of a transaction that gives way to others


@dataclass(frozen=True, slots=True)
class Write:
    """One caller's write, all or nothing. Its result is the number of new or deleted rows.

    A leader names its `epoch`: nothing is written once another leads. `saw`: nor once the rules have processed more
    than this. `then` is written in the same transaction if the result is not 0.
    """

    rows: tuple[tuple[SqlStatement, Row], ...]
    epoch: int | None = None
    saw: int | None = None
    then: tuple[tuple[SqlStatement, Row], ...] = ()


class Transactions:
    """Commits many writes at once. For use by one thread."""

    def __init__(self, engine: Engine, packer: Packer) -> None:
        self._engine, self._packer, self._dialect = engine, packer, dialect_of(engine)
        self._statements = {
            step: PreparedStatement(statement, engine.dialect) for step, statement in statements(engine).items()
        }

    def commit(self, writes: Sequence[Write]) -> list[int | StoreError]:
        """Return the result of each. If they fail together, each half is tried separately, so that a bad one fails
        alone."""
        try:
            return self._commit(writes)
        except Exception as error:
            if len(writes) == 1 or concerns_all(self._engine, error):
                return [explained(self._engine, error) for _ in writes]
        half = len(writes) // 2
        return [*self.commit(writes[:half]), *self.commit(writes[half:])]

    def _commit(self, writes: Sequence[Write]) -> list[int | StoreError]:
        alone = any(step in ALONE for write in writes for step, _ in write.rows)
        for tries in range(1, MOST_TRIES + 1):
            try:
                with writing(self._engine, alone=alone) as connection:
                    return self._execute(connection, writes)
            except DBAPIError as error:
                if tries == MOST_TRIES or not self._dialect.gave_way(error.orig):
                    raise
        raise AssertionError("unreachable")

    def _execute(self, connection: Connection, writes: Sequence[Write]) -> list[int | StoreError]:
        rows: defaultdict[SqlStatement, list[Row]] = defaultdict(list)
        self._lock_paths(connection, writes)
        refused = self._refused(connection, writes)
        for number, write in enumerate(writes):
            for step, row in () if number in refused else write.rows:
                rows[step].append(row)
        counts: dict[SqlStatement, Iterator[int]] = {}
        for step in sorted(rows):
            statement = self._statements[step]
            given = self._packed(connection, rows[step]) if step is SqlStatement.SEE else rows[step]
            if step in COUNTED:
                counts[step] = iter(statement.count(connection, given))
            else:
                statement.execute(connection, given)
        results = [refused.get(number) or _result(write, counts) for number, write in enumerate(writes)]
        succeeded = [isinstance(result, int) and result > 0 for result in results]
        self._execute_then(connection, [write for write, good in zip(writes, succeeded, strict=True) if good])
        return results

    def _lock_paths(self, connection: Connection, writes: Sequence[Write]) -> None:
        """Let others wait who learn something of the same paths: what a verdict amends and counts must stay as it is.
        First of all, since a transaction that waited has a greater number than the one that it waited for."""
        rows = [(step, row) for write in writes for step, row in write.rows] if self._dialect.lock_paths else ()
        launched = {row["id"] for step, row in rows if step is SqlStatement.LAUNCH}
        touched = {row[OF_PROBES[step]] for step, row in rows if step in OF_PROBES} - launched
        if touched:
            connection.exec_driver_sql(self._dialect.lock_paths, (sorted(touched),))

    def _packed(self, connection: Connection, rows: Sequence[Row]) -> list[Row]:
        return [{**row, "data": self._packer.pack(connection, row["data"])} for row in rows]

    def _execute_then(self, connection: Connection, successes: Sequence[Write]) -> None:
        rows: defaultdict[SqlStatement, list[Row]] = defaultdict(list)
        for step, row in (each for write in successes for each in write.then):
            rows[step].append(row)
        for step in sorted(rows):
            self._statements[step].execute(connection, rows[step])

    def _refused(self, connection: Connection, writes: Sequence[Write]) -> dict[int, StoreError]:
        """Return the positions of writes that are no longer allowed."""
        epochs, saws = {write.epoch for write in writes} - {None}, {write.saw for write in writes} - {None}
        epoch = connection.scalar(lease.EPOCH_KEPT) if epochs else None
        saw = connection.scalar(SAW) if saws else None
        if epochs <= {epoch} and saws <= {int(saw) if saw else None}:
            return {}
        return {
            number: lease.replaced(self._engine)
            for number, write in enumerate(writes)
            if write.epoch not in (None, epoch) or write.saw not in (None, int(saw) if saw else None)
        }


def _result(write: Write, counts: Mapping[SqlStatement, Iterator[int]]) -> int:
    """Compute the result. Of two callers in one transaction the first has stored a `once` row."""
    return sum(next(counts[step]) for step, _ in write.rows if step in COUNTED)
