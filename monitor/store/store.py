"""The store, as the rest of the service sees it."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, Engine

from monitor.store import reads
from monitor.store.columns import legible
from monitor.store.database import READERS, connect, explained
from monitor.store.records import Listed, Present, Record, StoreError
from monitor.store.schema import prepare
from monitor.store.writer import Writer
from monitor.store.writes import Row, Step, Transactions, Write
from probes.evidence import Attempt, Evidence, encode
from probes.probe import Probe
from probes.verdict import Verdict

KEY = "key"  # the one fact
FORGET_AT_ONCE = 50  # probes in one write, so that others are not kept waiting

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """Everything that is remembered. When a method that writes returns, what it wrote outlives the process.

    A write is not taken back when its caller is cancelled while it waits. Every method raises StoreError when the store
    fails; those that write of a probe that was never launched, or is forgotten, raise NoSuchProbeError.
    """

    def __init__(self, engine: Engine, writer: Writer, readers: ThreadPoolExecutor) -> None:
        self._engine, self._writer, self._readers = engine, writer, readers

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncGenerator[Self]:
        """The store at `url`, "sqlite:///relative.db" or "sqlite:////absolute.db", made or migrated where needed.

        Leaving it waits until everything is written. Raises StoreError.
        """
        readers = ThreadPoolExecutor(READERS, "store-reader")
        try:
            engine = await asyncio.get_running_loop().run_in_executor(readers, _open, url)
            try:
                writer = Writer(Transactions(engine).commit)
                try:
                    yield cls(engine, writer, readers)
                finally:
                    await writer.close()
            finally:
                engine.dispose()
        finally:
            readers.shutdown(wait=False, cancel_futures=True)

    async def key(self) -> bytes:
        """32 random bytes, made once and the same for every process that uses this store."""
        key = await self._read(reads.fact, KEY)
        if key is None:
            await self._write((Step.KEEP, {"name": KEY, "value": secrets.token_hex(32)}))
            key = await self._read(reads.fact, KEY)
        return bytes.fromhex(key or "")

    async def launch(self, probe: Probe, mailbox: str, first: Attempt) -> None:
        """Remember a new probe together with its first attempt."""
        row = {field.name: getattr(probe, field.name) for field in fields(probe)}
        await self._write((Step.LAUNCH, {**row, "mailbox": mailbox}), (Step.SEE, _row(probe.id, first)))

    async def add(self, probe_id: str, *evidence: Evidence) -> bool:
        """Keep what was seen. True if all of it is new; what has a name in `once` and is there is not stored again."""
        rows = ((Step.SEE, _row(probe_id, seen)) for seen in evidence)
        return await self._write(*rows) == len(evidence)

    async def learn(
        self,
        probe_id: str,
        news: Sequence[Evidence],
        verdict: Verdict | None,
        at: datetime,
        *,
        closed: bool,
        delivery: timedelta | None,
    ) -> None:
        """Keep news and what they mean, all of it or nothing. None: the verdict is what it was, or there is none yet.

        Verdicts stand beside each other; the latest counts. `closed`: nothing is waited for any more. Evidence that has
        a name in `once` and is there is not stored again.
        """
        rows = [(Step.SEE, _row(probe_id, seen)) for seen in news]
        if verdict:
            rows += _judged(probe_id, verdict, at, delivery)
        if closed:
            rows.append((Step.CLOSE, {"probe": probe_id, "at": at}))
        if rows:
            await self._write(*rows)

    async def in_flight(self) -> list[Record]:
        """Every probe that is not closed, oldest first."""
        return await self._read(reads.in_flight)

    async def record(self, probe_id: str) -> Record | None:
        """One probe with all that is known of it."""
        return await self._read(reads.record, legible(probe_id))

    async def find(self, prefix: str) -> list[str]:
        """Ids of probes that begin with `prefix`, at most 10, in their order."""
        return await self._read(reads.find, legible(prefix))

    async def present(self) -> list[Present]:
        """The verdict on the newest probe that has one, for every company, path, kind and role there ever was."""
        return await self._read(reads.all_present)

    async def recent(self, company: str, path: str, limit: int = 50) -> list[Listed]:
        """The newest probes of a path with their latest verdicts, newest first."""
        return await self._read(reads.recent, company, path, limit)

    async def launched_since(self, since: datetime) -> dict[tuple[str, str], int]:
        """How many probes, of both roles, each (company, path) has had since then.

        Counted are paths that have a verdict or a probe in flight.
        """
        return await self._read(reads.launched_since, since)

    async def prune(self, before: datetime) -> int:
        """Forget probes closed before then, with evidence and verdicts; how many. The present state stays."""
        forgotten = 0
        while gone := await self._write((Step.FORGET, {"before": before, "most": FORGET_AT_ONCE})):
            forgotten += gone
        return forgotten

    async def _write(self, *rows: tuple[Step, Row]) -> int:
        return await self._writer.write(Write(rows))

    async def _read(self, ask: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def answer() -> T:
            try:
                with self._engine.begin() as connection:
                    return ask(connection, *args, **kwargs)
            except Exception as error:
                raise explained(self._engine, error) from error

        try:
            answered = asyncio.get_running_loop().run_in_executor(self._readers, answer)
        except RuntimeError:  # they were sent home
            raise StoreError("the store is closed") from None
        return await answered


def _open(url: str) -> Engine:
    engine = connect(url)
    try:
        prepare(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _judged(probe_id: str, verdict: Verdict, at: datetime, delivery: timedelta | None) -> list[tuple[Step, Row]]:
    said = {
        "outcome": verdict.outcome,
        "cause": verdict.cause,
        "grade": verdict.grade,
        "because": verdict.because,
        "delivery": delivery,
    }
    return [
        (Step.JUDGE, {"probe_id": probe_id, "at": at, **said}),
        (Step.SHOW, {"probe": probe_id, "judged_at": at, **said}),
    ]


def _row(probe_id: str, seen: Evidence) -> Row:
    try:
        data = encode(seen)
    except ValueError:  # half characters, as hostile mail may hold
        data = encode(_legible(seen))
    return {"probe_id": probe_id, "at": seen.at, "type": seen.type, "once": seen.once, "data": data}


def _legible(value: Any) -> Any:
    """The same with all its text made fit for JSON."""
    match value:
        case str() if type(value) is str:
            return legible(value)
        case tuple():
            return tuple(map(_legible, value))
        case _ if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{field.name: _legible(getattr(value, field.name)) for field in fields(value)})
        case _:
            return value
