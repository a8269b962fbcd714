"""Lag of the event loop: the first sign that this process has too much to do, or too slow a machine.

While the loop is late, everything is: probes, pages, and the steps of dialogues that other servers wait for.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from monitor.supervised import supervised

STEP_SECONDS = 0.1  # from one measurement to the next
WINDOW_SECONDS = 60.0


class LoopLag:
    """The longest delay of the last minute, so that no scrape misses a short one."""

    def __init__(self) -> None:
        self._worst: deque[tuple[float, float]] = deque()  # time and delay; each delay is longer than all later ones

    def note(self, at: float, delay: float) -> None:
        """Record a delay of that many seconds. `at` is by a clock that cannot be set."""
        while self._worst and self._worst[-1][1] <= delay:
            self._worst.pop()
        self._worst.append((at, delay))
        while self._worst[0][0] <= at - WINDOW_SECONDS:
            self._worst.popleft()

    @property
    def seconds(self) -> float:
        """Return the longest delay of the last minute."""
        return self._worst[0][1] if self._worst else 0.0

    @asynccontextmanager
    async def measured(self) -> AsyncIterator[None]:
        """Measure while the block lasts."""
        async with supervised("loop lag", self._measure):
            yield

    async def _measure(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            due = now() + STEP_SECONDS
            await asyncio.sleep(STEP_SECONDS)
            self.note(now(), max(now() - due, 0.0))
