"""Followers read verdicts from the store by number: current state, metrics, pages and incident rules.

A verdict may be another process's, or this one's own whose answer was lost: in the store there is one truth, in one
order. So followers do not get a verdict from whoever judged it; that only wakes the one reader here, and
after a while it looks by itself. It reads once for all, and passes on each signal once, in order.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from monitor.events import Event, Judged
from monitor.incidents.signal import Signal
from monitor.store import Store, StoreError
from monitor.supervised import SupervisedTask

MAX_SIGNALS_PER_READ = 500
LOOK_SECONDS = 1.0  # between looks that nobody asked for: as late another process's verdicts are
REST_SECONDS = 0.05  # from one reading to the next, so that a storm is few readings
RETRY_SECONDS = 1.0  # after a reading that failed

log = structlog.get_logger("follow")

Follower = Callable[[Sequence[Signal]], None]
"""Is given the signals that are new, in the order of their numbers. Must not fail, nor wait."""


class SignalReader:
    """Reads the store's signals for all `followers`. `number` is that of the last that was passed on."""

    def __init__(self, store: Store) -> None:
        self.number = 0
        self._store = store
        self._followers: tuple[Follower, ...] = ()
        self._woken = asyncio.Event()
        self._turn = asyncio.Lock()
        self._task = SupervisedTask("follow signals", self._run)

    async def begin(self, *followers: Follower) -> None:
        """Pass on to these what is stored from now on. Raises StoreError."""
        async with self._turn:  # a page may read already
            self.number, self._followers = await self._store.probes.last_signal(), followers

    def start(self) -> None:
        """Read by itself from now on."""
        self._task.start()

    async def close(self) -> None:
        """Read no more."""
        await self._task.close()

    def on_event(self, event: Event) -> None:
        """A listener of the pipeline: a verdict wakes the reader."""
        if isinstance(event.what, Judged):
            self._woken.set()

    async def read(self) -> int:
        """Pass on whatever is new; the number of the last signal then. Raises StoreError."""
        async with self._turn:
            if not self._followers:  # pages are served before the service has started; what is stored is no news
                self.number = await self._store.probes.last_signal()
                return self.number
            more = True
            while more:
                signals = await self._store.probes.signals(self.number, MAX_SIGNALS_PER_READ)
                more = len(signals) == MAX_SIGNALS_PER_READ
                if signals:
                    self.number = signals[-1].number
                    self._pass_on(signals)
            return self.number

    def _pass_on(self, signals: Sequence[Signal]) -> None:
        for follower in self._followers:
            try:
                follower(signals)
            except Exception:  # the others are not to miss it
                log.exception("signals could not be followed", signals=len(signals))

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._woken.wait()
            self._woken.clear()
            try:
                await self.read()
            except StoreError:  # of which the service tells
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(REST_SECONDS)
