"""The only writer. Concurrent writes of many callers are committed together; each caller awaits its own.

It is a thread: a transaction takes some ten driver calls, and as many turns of a busy event loop would cost more than
the database does. Where many write, it waits a moment for more of them, since a transaction costs much more than what
is in it; a lone caller waits for nobody.
"""

import asyncio
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic, sleep

from monitor.store.records import StoreError
from monitor.store.writes import Write

MAX_WRITES_PER_TRANSACTION = 500  # writes in one transaction
GATHERING_SECONDS = 0.002  # for which others are waited for, if several wrote at the same time just before
FEW = 2  # writes in a transaction: with more, many are at work

Waiting = tuple[Write, "asyncio.Future[int]"]


class Writer:
    """Accepts writes from the event loop it is created on. `commit` is called in its thread and never raises."""

    def __init__(
        self, commit: Callable[[Sequence[Write]], Sequence[int | StoreError]], gathering: float = GATHERING_SECONDS
    ) -> None:
        self._commit, self._gathering = commit, gathering
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()  # None: nothing comes any more
        self._begun: dict[asyncio.Future[int], float] = {}  # what waits, oldest first, and since when
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._open = True
        Thread(target=self._run, name="store-writer", daemon=True).start()

    async def write(self, write: Write) -> int:
        """Commit a write and return its result. Cancelling the wait does not undo the write. Raises StoreError."""
        if not self._open:
            raise StoreError("the store is closed")
        done: asyncio.Future[int] = self._loop.create_future()
        self._begun[done] = monotonic()
        self._queue.put((write, done))
        return await done

    @property
    def waited(self) -> float:
        """Return the seconds that the oldest uncommitted write has been waiting."""
        return monotonic() - next(iter(self._begun.values())) if self._begun else 0.0

    async def close(self) -> None:
        """Wait until everything is committed. No more can be written."""
        if self._open:
            self._open = False
            self._queue.put(None)
        await asyncio.shield(self._ended)

    def _run(self) -> None:
        more, together = True, False
        while more:
            first = self._queue.get()
            if together and first:
                sleep(self._gathering)
            batch, more = self._drain(first)
            together = len(batch) > FEW
            if batch:
                results = self._commit([write for write, _ in batch])
                self._call(self._answer, batch, results)
        self._call(_end, self._ended)

    def _drain(self, first: Waiting | None) -> tuple[list[Waiting], bool]:
        """Return all queued writes, and whether there may be more."""
        batch: list[Waiting] = []
        following = first
        while following is not None:
            batch.append(following)
            try:
                following = self._queue.get_nowait() if len(batch) < MAX_WRITES_PER_TRANSACTION else None
            except Empty:
                return batch, True
        return batch, len(batch) >= MAX_WRITES_PER_TRANSACTION

    def _answer(self, batch: Sequence[Waiting], results: Sequence[int | StoreError]) -> None:
        for (_, done), result in zip(batch, results, strict=True):
            del self._begun[done]
            if done.done():  # its caller was cancelled
                continue
            if isinstance(result, StoreError):
                done.set_exception(result)
            else:
                done.set_result(result)

    def _call(self, callback: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:  # the loop is gone, and with it everyone who waited
            return


def _end(ended: "asyncio.Future[None]") -> None:
    if not ended.done():
        ended.set_result(None)
