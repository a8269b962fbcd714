"""The mailboxes that this process owns, kept up by one transaction a second.

It counts its lease on its own clock that is never set, from before it asked, and stops half a second early: whatever
the store's clock and the line to it do, it has stopped launching before another worker begins. And a turn that is
claimed is fenced by the store itself, see `monitor.store.ownership_tables`.
"""

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Protocol

import structlog

from monitor.config import WatchedPath
from monitor.probing.buckets import bucket_of_path, decide, take_all
from monitor.store import Store, StoreError
from monitor.store.ownership import Worker
from monitor.store.ownership_tables import Hold
from monitor.supervised import SupervisedTask

SITE = "main"  # there is one as yet
TTL = timedelta(seconds=10)  # after which a worker that says nothing is gone
RENEW_SECONDS = 1.0
STOP_EARLY_SECONDS = 0.5

log = structlog.get_logger("ownership")


class Holder(Protocol):
    """Knows what this process owns."""

    def hold(self, path: WatchedPath) -> Hold | None:
        """Return what proves that this process owns the path's mailbox now; None if it does not."""
        ...


Adopt = Callable[[Collection[int]], Awaitable[None]]
"""Takes care of buckets from now on. Raises StoreError: then they are not used, and it is called again."""

Release = Callable[[Collection[int]], None]
"""Leaves buckets to others. Must not fail, nor wait."""


async def _adopt_nothing(_: Collection[int]) -> None:
    pass


def _release_nothing(_: Collection[int]) -> None:
    pass


@dataclass
class Ownership:
    """The buckets of this process, from `begin` to `close`. `alone`: it leads on the store, and no other process may
    own any. `on_taken`: of those that it has taken, before it uses them; `on_lost`: of those that another one owns."""

    store: Store
    alone: bool
    on_taken: Adopt = _adopt_nothing
    on_lost: Release = _release_nothing

    def __post_init__(self) -> None:
        self._me = Worker(SITE, f"{socket.gethostname()}-{secrets.token_hex(6)}")
        self._epochs: Mapping[int, int] = {}  # adopted, and not released yet
        self._until = float("-inf")
        self._task = SupervisedTask("ownership", self._run)

    @property
    def buckets(self) -> frozenset[int]:
        """Return those that it owns now."""
        return frozenset(self._epochs) if monotonic() < self._until else frozenset()

    def owns(self, bucket: int) -> bool:
        """Test if this process owns a bucket now."""
        return bucket in self._epochs and monotonic() < self._until

    def hold(self, path: WatchedPath) -> Hold | None:
        """See `Holder`."""
        epoch = self._epochs.get(bucket := bucket_of_path(path))
        if epoch is None or monotonic() >= self._until:
            return None
        return Hold(self._me.site, bucket, self._me.name, epoch)

    async def renew(self) -> None:
        """Live on, and take and leave what is to be taken and left. Raises StoreError.

        What was another one's meanwhile is released before it is adopted anew; what is adopted, before it is used.
        """
        began = monotonic()
        how = take_all if self.alone else decide
        epochs = await self.store.ownership.renew(self._me, TTL, how, alone=self.alone, known=self._epochs)
        if epochs.keys() != self._epochs.keys():
            log.info("buckets of mailboxes", owned=len(epochs), before=len(self._epochs))
        self._release(bucket for bucket, epoch in self._epochs.items() if epochs.get(bucket) != epoch)
        if taken := [bucket for bucket in epochs if bucket not in self._epochs]:
            await self.on_taken(taken)
        self._epochs, self._until = epochs, began + TTL.total_seconds() - STOP_EARLY_SECONDS

    async def begin(self) -> None:
        """Own something, and keep it up from now on. Raises StoreError."""
        await self.renew()
        self._task.start()

    async def close(self) -> None:
        """Own nothing any more."""
        await self._task.close()
        self._release(self._epochs)
        with suppress(StoreError):  # it expires
            await self.store.ownership.release(self._me)

    async def _run(self) -> None:
        while not self.store.replaced.is_set():
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self.renew()
            except StoreError:  # of which the service tells
                if not self.alone and monotonic() >= self._until:  # others may own them by now
                    self._release(self._epochs)

    def _release(self, buckets: Iterable[int]) -> None:
        if lost := frozenset(buckets):
            self._epochs = {bucket: epoch for bucket, epoch in self._epochs.items() if bucket not in lost}
            self.on_lost(lost)
