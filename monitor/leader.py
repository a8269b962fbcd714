"""Leadership on a store: how `mailpath serve` acquires, keeps and loses it.

Without a leader two processes would probe, open incidents and notify people twice. A process that was replaced cannot
write any more: the store itself refuses it (`monitor.store.lease`), so nothing here has to be fast enough.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from time import monotonic

import structlog

from monitor.errors import UserError
from monitor.store import Store, StoreError
from monitor.store.lease import Lease, Process
from monitor.supervised import supervised

RENEW = 3.0  # seconds between two renewals
LOOK = 1.0  # seconds between two looks of one that waits
EXPIRES = 15.0  # seconds without a renewal, while the store takes writes
ANSWERS = 1.0  # seconds; a look that takes longer tells nothing of the leader, who may be waiting just as we are

log = structlog.get_logger("leader")


class AnotherLeadsError(UserError):
    """Another process leads on this store."""

    def __init__(self, where: str, lease: Lease) -> None:
        holder = lease.holder
        who = f"process {holder.pid} on {holder.host}" if holder else "another process"
        super().__init__(
            f"{where}: another `mailpath serve` works on it: {who}, since {lease.since:%Y-%m-%d %H:%M:%S} UTC; "
            "stop that one, or start this one with --standby, to take over when it ends"
        )


@asynccontextmanager
async def leading(store: Store, now: Callable[[], datetime], *, standby: bool) -> AsyncIterator[None]:
    """Lead on the store while the block lasts. Raises AnotherLeadsError if another process does; `standby` waits
    instead.

    `store.replaced` is set if another process takes over all the same, because this one was suspended.
    """
    await _lead(store, now, standby=standby)
    try:
        async with supervised("lease", partial(_renew, store)):
            yield
    finally:
        with suppress(StoreError):  # it expires
            await store.release_lease()


class Watch:
    """Judges by repeated looks at a lease if its leader is alive."""

    def __init__(self) -> None:
        self.renewed = False  # while we watched, so that it works for certain
        self._seen: Lease | None = None
        self._since = monotonic()

    def saw(self, lease: Lease | None, began: float) -> None:
        """Record the lease as read by a look that began at this time."""
        self.renewed = self.renewed or (self._seen is not None and lease != self._seen)
        if lease != self._seen or monotonic() - began > ANSWERS:
            self._seen, self._since = lease, monotonic()

    @property
    def expired(self) -> bool:
        """True if it was not renewed for so long that its leader is gone or suspended."""
        return monotonic() - self._since > EXPIRES


async def _lead(store: Store, now: Callable[[], datetime], *, standby: bool) -> None:
    me, watch, told = Process.this(), Watch(), False
    while True:
        began = monotonic()
        try:
            lease = await store.lease()
        except StoreError:
            if not standby:
                raise
            lease = None
        else:
            watch.saw(lease, began)
            if lease is None or lease.free or watch.expired:
                if await store.lead(me, lease, now()):
                    return
                continue
            if not standby and (watch.renewed or (lease.holder and lease.holder.alive)):
                raise AnotherLeadsError(store.place, lease)
        if not told and lease and lease.holder:
            told = True
            log.info("standby: another process leads on this store", pid=lease.holder.pid, host=lease.holder.host)
        await asyncio.sleep(LOOK)


async def _renew(store: Store) -> None:
    while not store.replaced.is_set():
        with suppress(StoreError):  # the store's health tells of it
            await store.renew_lease()
        await asyncio.sleep(RENEW)
