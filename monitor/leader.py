"""Leadership on a store: how `mailpath serve` acquires, keeps and loses it, and stands by while another one has it.

Without a leader two processes would probe, open incidents and notify people twice. A process that was replaced cannot
write any more: the store itself refuses it (`monitor.store.lease`), so nothing here has to be fast enough.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from time import monotonic

import structlog

from monitor.store import Store, StoreError
from monitor.store.lease import Lease, Process
from monitor.supervised import supervised

RENEW = 3.0  # seconds between two renewals
LOOK = 0.5  # seconds between two looks of one that stands by
EXPIRES = 15.0  # seconds without a renewal, while the store takes writes
ANSWERS = 1.0  # seconds; a look that takes longer tells nothing of the leader, who may be waiting just as we are
SETTLED = 5.0  # seconds after which a new leader has taken all addresses that it listens at

log = structlog.get_logger("leader")


class Standby:
    """Why this process does nothing yet: another one leads on the store `place`."""

    def __init__(self, place: str, lease: Lease) -> None:
        self._place, self._lease, self._another = place, lease, asyncio.Event()

    def saw(self, lease: Lease) -> None:
        """Record the lease as it is now."""
        if lease.epoch != self._lease.epoch:
            self._another.set()
            self._another = asyncio.Event()
        self._lease = lease

    async def settled(self) -> asyncio.Event:
        """Wait until one process has led for so long that an address which is free is none of its own. Returns what is
        set when another one leads."""
        while True:
            another = self._another
            try:
                async with asyncio.timeout(SETTLED):
                    await another.wait()
            except TimeoutError:
                return another

    @property
    def reason(self) -> str:
        """The leader, and what this process waits for, as a sentence without its full stop."""
        return (
            f"standing by: {who(self._lease)} leads on {self._place}, since {self._lease.since:%Y-%m-%d %H:%M:%S} UTC; "
            f"this process takes over when that one ends, or writes nothing for {EXPIRES:.0f} s"
        )


Meanwhile = Callable[[Standby], AbstractAsyncContextManager[None]]
"""What a process does while it stands by."""


def who(lease: Lease | None) -> str:
    """Name the process that holds the lease."""
    holder = lease.holder if lease else None
    return f"process {holder.pid} on {holder.host}" if holder else "another process"


@asynccontextmanager
async def leading(store: Store, now: Callable[[], datetime], meanwhile: Meanwhile) -> AsyncIterator[bool]:
    """Lead on the store while the block lasts. As long as another process does, stand by, in a block of `meanwhile`.

    Yields whether this process had to stand by. `store.replaced` is set if another process takes over all the same,
    because this one was suspended. Raises StoreError if the store cannot be read at first.
    """
    stood_by = await _lead(store, now, meanwhile)
    try:
        async with supervised("lease", partial(_renew, store)):
            yield stood_by
    finally:
        with suppress(StoreError):  # it expires
            await store.release_lease()


async def replaced_text(store: Store) -> str:
    """Say to whom this process lost the lead, and what to do."""
    lease = None
    with suppress(StoreError):
        lease = await store.lease()
    return (
        f"{who(lease)} took over {store.place} while this one was suspended; since then this one has sent and written "
        "nothing, and it ends; started again, it stands by"
    )


class Watch:
    """Judges by repeated looks at a lease if its leader is alive."""

    def __init__(self) -> None:
        self._seen: Lease | None = None
        self._since = monotonic()

    def saw(self, lease: Lease | None, began: float) -> None:
        """Record the lease as read by a look that began at this time."""
        if lease != self._seen or monotonic() - began > ANSWERS:
            self._seen, self._since = lease, monotonic()

    @property
    def expired(self) -> bool:
        """True if it was not renewed for so long that its leader is gone or suspended."""
        return monotonic() - self._since > EXPIRES


async def _lead(store: Store, now: Callable[[], datetime], meanwhile: Meanwhile) -> bool:
    me, watch, standby = Process.this(), Watch(), None
    async with AsyncExitStack() as until_it_leads:
        while True:
            began = monotonic()
            try:
                lease = await store.lease()
                watch.saw(lease, began)
                if lease is None or lease.free or watch.expired:
                    if await store.lead(me, lease, now()):
                        if standby:
                            log.info("taking over the store", from_=who(lease), expired=watch.expired)
                        return standby is not None
                    continue
            except StoreError:
                if standby is None:
                    raise
            else:
                if standby is None:
                    standby = Standby(store.place, lease)
                    gc.enable()  # `mailpath serve` starts without, and this may last for weeks
                    log.info(standby.reason)
                    await until_it_leads.enter_async_context(meanwhile(standby))
                standby.saw(lease)
            await asyncio.sleep(LOOK)


async def _renew(store: Store) -> None:
    while not store.replaced.is_set():
        with suppress(StoreError):  # the store's health tells of it
            await store.renew_lease()
        await asyncio.sleep(RENEW)
