"""Access to the store with leadership: a leader may write until another one leads."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from functools import partial
from time import monotonic
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from monitor.measures.histogram import Histogram
from monitor.store import lease
from monitor.store.database import explained, place, writing
from monitor.store.health import Health
from monitor.store.records import ReplacedError, StoreError
from monitor.store.statements import Row, SqlStatement
from monitor.store.writer import Writer
from monitor.store.writes import Write

P = ParamSpec("P")
T = TypeVar("T")

BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class StoreOperation(StrEnum):
    """Operations on the store, as its metric distinguishes them."""

    READ = "read"
    WRITE = "write"


class StoreAccess:
    """A store in the hands of a process that may lead on it. `replaced` is set when it led and another one does now."""

    def __init__(self, engine: Engine, writer: Writer, readers: ThreadPoolExecutor) -> None:
        self._engine, self._writer, self._readers = engine, writer, readers
        self.epoch: int | None = None
        self.replaced = asyncio.Event()
        self.health = Health(waited=lambda: writer.waited)
        self.seconds = {operation: Histogram(BOUNDS_SECONDS) for operation in StoreOperation}

    @property
    def place(self) -> str:
        """Name of the store for people."""
        return place(self._engine.url)

    async def write(
        self,
        *steps: tuple[SqlStatement, Row],
        saw: int | None = None,
        then: Iterable[tuple[SqlStatement, Row]] = (),
    ) -> int:
        """Write all of this or nothing; how many rows are new or gone. `saw`, `then`: see `Write`."""
        try:
            with self._timed(StoreOperation.WRITE):
                return await self._writer.write(Write(steps, self.epoch, saw, tuple(then)))
        except ReplacedError:
            self.replaced.set()
            raise
        except StoreError as error:
            self.health.failed(error)
            raise

    async def ask_in_turn(self, ask: Callable[[Connection], T]) -> T:
        """Ask in a transaction that may write."""
        return await self._ask(partial(writing, self._engine), ask)

    async def read(self, ask: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Answer a question of `reads` or its like."""
        return await self._ask(self._engine.begin, lambda connection: ask(connection, *args, **kwargs))

    def leading(self, ask: Callable[Concatenate[Connection, P], T]) -> Callable[Concatenate[Connection, P], T]:
        """For what is acted upon before anything is written: a leader that was replaced has no answer."""

        def answer(connection: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
            if self.epoch is not None and connection.scalar(lease.EPOCH) != self.epoch:
                raise lease.replaced(self._engine)
            return ask(connection, *args, **kwargs)

        return answer

    @contextmanager
    def _timed(self, operation: StoreOperation) -> Iterator[None]:
        """Measure what a caller waits for, the queue included, whether it works or fails."""
        began = monotonic()
        try:
            yield
        finally:
            self.seconds[operation].observe(monotonic() - began)

    async def _ask(self, begin: Callable[[], AbstractContextManager[Connection]], ask: Callable[[Connection], T]) -> T:
        def answer() -> T:
            try:
                with begin() as connection:
                    return ask(connection)
            except Exception as error:
                raise explained(self._engine, error) from error

        try:
            answered = asyncio.get_running_loop().run_in_executor(self._readers, answer)
        except RuntimeError:  # they were sent home
            raise StoreError("the store is closed") from None
        try:
            with self._timed(StoreOperation.READ):
                return await answered
        except ReplacedError:
            self.replaced.set()
            raise
        except StoreError as error:
            self.health.failed(error)
            raise
