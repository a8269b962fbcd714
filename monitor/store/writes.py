"""What can be written, and how the writes of many callers become a few statements in one transaction."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Any

from sqlalchemy import Connection, Engine, Executable, bindparam, delete, insert, select, update

from monitor.store.database import concerns_all, dialect_of, explained, writing
from monitor.store.records import StoreError
from monitor.store.tables import VERDICT, evidence, facts, present, probes, verdicts

Row = Mapping[str, Any]


class Step(IntEnum):
    """The statements. Their order is that of a transaction: what others refer to comes first."""

    LAUNCH = auto()
    SEE = auto()
    JUDGE = auto()
    SHOW = auto()  # the verdict as the present one
    CLOSE = auto()
    KEEP = auto()  # a fact that is settled once
    FORGET = auto()


@dataclass(frozen=True, slots=True)
class Write:
    """What one caller wants written, all of it or nothing. Its result is the number of rows that are new, or gone."""

    rows: tuple[tuple[Step, Row], ...]


def statements(engine: Engine) -> dict[Step, Executable]:
    """Each step in the words of this database."""
    upsert = dialect_of(engine).insert
    return {
        Step.LAUNCH: insert(probes),
        Step.SEE: upsert(evidence)
        .on_conflict_do_nothing(index_elements=["probe_id", "once"])
        .returning(evidence.c.probe_id, evidence.c.once),
        Step.JUDGE: insert(verdicts),
        Step.SHOW: _show(upsert),
        Step.CLOSE: update(probes)
        .where(probes.c.id == bindparam("probe"), probes.c.closed_at.is_(None))
        .values(closed_at=bindparam("at")),
        Step.KEEP: upsert(facts).on_conflict_do_nothing(),
        Step.FORGET: delete(probes).where(probes.c.id.in_(_forgettable())),
    }


def _show(upsert: Callable[..., Any]) -> Executable:
    """The verdict becomes the present one, unless there is one on a newer probe."""
    line, said = ("company", "path", "kind", "role"), ("judged_at", *VERDICT)
    of_probe = select(
        *(probes.c[name] for name in line),
        probes.c.id,
        probes.c.created_at,
        *(bindparam(name, type_=present.c[name].type) for name in said),
    ).where(probes.c.id == bindparam("probe"))
    into = upsert(present).from_select([*line, "probe_id", "launched_at", *said], of_probe)
    shown: Executable = into.on_conflict_do_update(
        index_elements=line,
        set_={name: into.excluded[name] for name in ("probe_id", "launched_at", *said)},
        where=into.excluded.launched_at >= present.c.launched_at,
    )
    return shown


def _forgettable() -> Any:
    return (
        select(probes.c.id)
        .where(probes.c.closed_at < bindparam("before", type_=probes.c.closed_at.type))
        .order_by(probes.c.closed_at)
        .limit(bindparam("most", type_=evidence.c.id.type))
    )


class Transactions:
    """Commits many writes at once. To be used by one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._statements = statements(engine)

    def commit(self, writes: Sequence[Write]) -> list[int | StoreError]:
        """The result of each. Where they fail together, each half is tried by itself, so that a bad one fails alone."""
        try:
            with writing(self._engine) as connection:
                return self._execute(connection, writes)
        except Exception as error:
            if len(writes) == 1 or concerns_all(error):
                return [explained(self._engine, error) for _ in writes]
        half = len(writes) // 2
        return [*self.commit(writes[:half]), *self.commit(writes[half:])]

    def _execute(self, connection: Connection, writes: Sequence[Write]) -> list[int | StoreError]:
        rows: defaultdict[Step, list[Row]] = defaultdict(list)
        for write in writes:
            for step, row in write.rows:
                rows[step].append(row)
        fresh: set[tuple[str, str]] = set()
        gone = 0
        for step in sorted(rows):
            result = connection.execute(self._statements[step], rows[step])
            if step is Step.SEE:
                fresh = {(probe_id, once) for probe_id, once in result if once}
            elif step is Step.FORGET:
                gone = result.rowcount
        return [_result(write, fresh, gone) for write in writes]


def _result(write: Write, fresh: set[tuple[str, str]], gone: int) -> int:
    """Of two callers in one transaction the first has stored what is stored once."""
    new = 0
    for step, row in write.rows:
        if step is Step.FORGET:
            return gone
        if step is Step.SEE:
            name = (row["probe_id"], row["once"])
            new += row["once"] is None or name in fresh
            fresh.discard(name)
    return new
