"""Scrapes of the metrics: whoever asks all the time waits, and gets what others get."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

from monitor.web.compression import gzipped

REST_PER_SCRAPE = 4.0  # times as long as an exposition took none is written: a fifth of a core at the most
MAX_REST_SECONDS = 2.0  # seconds; who scrapes waits no longer than that for the next

V = TypeVar("V")


class Scrape:
    """One exposition. It is compressed once for all who get it."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._gzipped: asyncio.Task[bytes] | None = None

    async def gzipped(self) -> bytes:
        """The exposition as gzip, made in a thread."""
        if self._gzipped is None:
            self._gzipped = asyncio.create_task(asyncio.to_thread(gzipped, self.body))
        return await asyncio.shield(self._gzipped)


class Scrapes(Generic[V]):
    """Writes one exposition at a time, with a rest after each. What it hands out was begun after it was asked for.

    `V` tells what is wanted: `render` gets it. All who wait for the same get the same.
    """

    def __init__(
        self,
        render: Callable[[V], Awaitable[bytes]],
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._render, self._clock, self._sleep = render, clock, sleep
        self._turn = asyncio.Lock()
        self._next: dict[V, asyncio.Task[Scrape]] = {}  # those that are not begun yet
        self._free_at = 0.0

    async def scrape(self, wanted: V) -> Scrape:
        """The exposition that is wanted."""
        if wanted not in self._next:
            self._next[wanted] = asyncio.create_task(self._write(wanted))
        return await asyncio.shield(self._next[wanted])

    async def _write(self, wanted: V) -> Scrape:
        async with self._turn:
            if (rest := self._free_at - self._clock()) > 0:
                await self._sleep(rest)
            del self._next[wanted]  # whoever asks from now on may want to see what is newer
            began = self._clock()
            try:
                return Scrape(await self._render(wanted))
            finally:
                ended = self._clock()
                self._free_at = ended + min(REST_PER_SCRAPE * (ended - began), MAX_REST_SECONDS)
