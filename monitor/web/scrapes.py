"""Scrapes of the metrics where nobody signs in for them: whoever asks all the time waits, and gets what others get."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from monitor.web.compression import gzipped

REST_PER_SCRAPE = 4.0  # times as long as an exposition took none is written: a fifth of a core at the most
MAX_REST_SECONDS = 2.0  # seconds; who scrapes waits no longer than that for the next


class Scrapes:
    """Writes one exposition at a time, with a rest after each. What it hands out was begun after it was asked for."""

    def __init__(
        self,
        render: Callable[[], Awaitable[bytes]],
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._render, self._clock, self._sleep = render, clock, sleep
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[bytes] | None = None  # the one that is not begun yet
        self._free_at = 0.0
        self._gzipped: tuple[bytes, asyncio.Task[bytes]] | None = None

    async def body(self) -> bytes:
        """The exposition. All who wait for the next one get the same."""
        if self._next is None:
            self._next = asyncio.create_task(self._write())
        return await asyncio.shield(self._next)

    async def gzipped(self) -> bytes:
        """The exposition as gzip. It is compressed once for all who get the same."""
        body = await self.body()
        if self._gzipped is None or self._gzipped[0] is not body:
            self._gzipped = body, asyncio.create_task(asyncio.to_thread(gzipped, body))
        return await asyncio.shield(self._gzipped[1])

    async def _write(self) -> bytes:
        async with self._turn:
            if (rest := self._free_at - self._clock()) > 0:
                await self._sleep(rest)
            self._next = None  # whoever asks from now on may want to see what is newer
            began = self._clock()
            try:
                return await self._render()
            finally:
                ended = self._clock()
                self._free_at = ended + min(REST_PER_SCRAPE * (ended - began), MAX_REST_SECONDS)
