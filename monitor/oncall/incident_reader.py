"""The open incidents as the store has them, for processes that show them and do not apply the rules."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from monitor.config import Config
from monitor.incidents.incident import Incident
from monitor.store import Store, StoreError
from monitor.supervised import SupervisedTask

LOOK_SECONDS = 1.0


class IncidentsShown(Protocol):
    """Open incidents, of the rules in this process or as the store has them."""

    @property
    def incidents(self) -> Sequence[Incident]:
        """The open incidents."""
        ...

    @property
    def waiting(self) -> dict[str, tuple[int, timedelta]]:
        """For each channel the number of undelivered notices, and the age of the oldest."""
        ...

    def poke(self) -> None:
        """Look soon: something may have changed, such as a mute."""


class IncidentReader:
    """Reads them again and again, from `start` to `close`."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._incidents: Sequence[Incident] = ()
        self._store, self._now = store, now
        self._config = Config()
        self._queues: Mapping[str, tuple[int, datetime]] = {}
        self._news = asyncio.Event()
        self._task = SupervisedTask("incidents", self._run)

    @property
    def incidents(self) -> Sequence[Incident]:
        """The open incidents."""
        return self._incidents

    @property
    def waiting(self) -> dict[str, tuple[int, timedelta]]:
        """For each channel the number of undelivered notices, and the age of the oldest."""
        return waiting_of(self._config, self._queues, self._now())

    def configure(self, config: Config) -> None:
        """Use this configuration from now on."""
        self._config = config

    def poke(self) -> None:
        """Look soon: something may have changed."""
        self._news.set()

    def start(self) -> None:
        """Read from now on."""
        self._task.start()

    async def close(self) -> None:
        """Read no more."""
        await self._task.close()

    async def read(self) -> None:
        """Read them now. Raises StoreError."""
        self._incidents, self._queues = await self._store.incidents.open(), await self._store.incidents.queues()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            with suppress(StoreError):  # of which the service tells
                await self.read()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()


def waiting_of(
    config: Config, queues: Mapping[str, tuple[int, datetime]], now: datetime
) -> dict[str, tuple[int, timedelta]]:
    """Return for each channel the number of undelivered notices, and the age of the oldest."""
    return {
        name: (queues[name][0], now - queues[name][1]) if name in queues else (0, timedelta(0))
        for name in config.channels
    }
