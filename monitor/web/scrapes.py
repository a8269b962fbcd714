"""Scrapes of the metrics where nobody signs in for them: whoever asks all the time gets what others got."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

REST = 4.0  # times as long as an exposition took to write it is handed out again: a fifth of a core at the most


class Scrapes:
    """Hands out an exposition that is as new as can be without writing one after the other."""

    def __init__(self, render: Callable[[], Awaitable[bytes]], clock: Callable[[], float] = monotonic) -> None:
        self._render, self._clock = render, clock
        self._latest: asyncio.Task[bytes] | None = None
        self._fresh_until = 0.0

    async def body(self) -> bytes:
        """The exposition. All who ask while one is being written wait for that one."""
        if self._latest is None or (self._latest.done() and self._clock() >= self._fresh_until):
            self._latest = asyncio.create_task(self._write())
        return await asyncio.shield(self._latest)

    async def _write(self) -> bytes:
        """One that fails is not handed out again."""
        began = self._fresh_until = self._clock()
        written = await self._render()
        ended = self._clock()
        self._fresh_until = ended + REST * (ended - began)
        return written
