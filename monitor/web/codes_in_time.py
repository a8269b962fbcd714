"""The share of codes in time, on pages: of one company, and of all that a caller may see."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from time import monotonic

from monitor.config import WatchedPath
from monitor.output.service_level import WINDOWS, CodeLevels, ServiceLevel, codes_of, service_levels
from monitor.store import ResultCount, Store, StoreError, window_start

FRESH_SECONDS = 60.0
MAX_SUMS = 100  # of different sets of companies
Levels = tuple[list[ServiceLevel], ...]
"""Those of each company, for each of `WINDOWS`."""


class RecentLevels:
    """The service levels of all companies. They are read once for all who ask within a minute, and added up once for
    all who see the same companies, since that takes some tenths of a second with a thousand companies."""

    def __init__(
        self,
        store: Store,
        paths: Callable[[], Iterable[WatchedPath]],
        now: Callable[[], datetime],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._store, self._paths, self._now, self._clock = store, paths, now, clock
        self._read: asyncio.Task[Levels | None] | None = None
        self._until = 0.0
        self._sums: dict[frozenset[str], tuple[CodeLevels, ...]] = {}  # of these levels
        self._summed: Levels | None = None

    async def of_each(self) -> Levels | None:
        """Return the levels of each company, the same object as long as they are; None as long as the store cannot be
        read."""
        if self._read is None or (self._read.done() and self._clock() >= self._until):
            self._until = self._clock() + FRESH_SECONDS
            self._read = asyncio.create_task(self._levels())
        return await asyncio.shield(self._read)

    async def of(self, companies: Iterable[str]) -> tuple[CodeLevels, ...] | None:
        """Return the codes of these companies in one sum per grade; None as long as the store cannot be read."""
        levels = await self.of_each()
        if levels is not self._summed or len(self._sums) >= MAX_SUMS:
            self._sums, self._summed = {}, levels
        if levels is None:
            return None
        sums, wanted = self._sums, frozenset(companies)
        if wanted not in sums:
            sums[wanted] = await asyncio.to_thread(codes_of, levels, wanted)
        return sums[wanted]

    async def _levels(self) -> Levels | None:
        now, levels = self._now(), list[list[ServiceLevel]]()
        try:
            for window in WINDOWS.values():
                results = await self._store.probes.results(window_start(now - window, now), None)
                levels.append(await asyncio.to_thread(of_companies, results, self._paths()))
        except StoreError:
            self._until = 0.0
            return None
        return tuple(levels)


def of_companies(results: Sequence[ResultCount], paths: Iterable[WatchedPath]) -> list[ServiceLevel]:
    """The service levels of each company."""
    return service_levels(results, lambda company: company, paths)
