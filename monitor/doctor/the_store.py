"""The store: whether it is whole, and which process works on it."""

import asyncio
from collections.abc import AsyncIterator

from monitor.doctor.observation import Observation, Premises
from monitor.store import StoreError, file_of, place_of
from monitor.store.checkup import StoreCheckup, check_up
from monitor.store.lease import Lease
from probes.standing.fact import State

INTEGRITY_SECONDS = 10.0  # a store of many gigabytes takes minutes
NOT_FINISHED = f"its integrity was not known after {INTEGRITY_SECONDS:.0f} s; nothing wrong so far"


async def store(premises: Premises) -> AsyncIterator[Observation]:
    """Check the database. One that is not there yet is not made."""
    url = premises.config.store.url
    file = file_of(url)
    name = str(file) if file else place_of(url)
    if file is not None and not file.exists():
        yield Observation(name, State.NONE, "there is no store yet; `mailpath serve` makes it")
        return
    try:
        found = await asyncio.to_thread(check_up, url, INTEGRITY_SECONDS)
    except StoreError as error:
        yield Observation(name, State.BAD, str(error))
        return
    yield _whole(name, found)
    yield _led(found.lease)


def _whole(name: str, found: StoreCheckup) -> Observation:
    size = f"{found.size / 1e6:,.0f} MB"
    if found.damage:
        advice = "stop Mailpath, restore a backup, and keep what is damaged"
        return Observation(name, State.BAD, f"{size}, damaged: {found.damage}", advice)
    if found.damage is None:
        advice = "with Mailpath stopped: sqlite3 FILE 'PRAGMA integrity_check'"
        return Observation(name, State.UNKNOWN, f"{size}; {NOT_FINISHED}", advice)
    if not found.current:
        return Observation(
            name, State.WEAK, f"{size}, whole, of an older release", "it is migrated by `mailpath serve`"
        )
    return Observation(name, State.GOOD, f"{size}, whole")


def _led(lease: Lease | None) -> Observation:
    start = "start `mailpath serve`, or look at its log if it should run"
    if lease is None or lease.holder is None:
        return Observation("service", State.WEAK, "nothing probes: no `mailpath serve` works on this store", start)
    who = f"process {lease.holder.pid} on {lease.holder.host}"
    match lease.holder.alive:
        case True:
            return Observation("service", State.GOOD, f"{who} leads since {lease.since:%Y-%m-%d %H:%M:%S} UTC")
        case False:
            return Observation("service", State.WEAK, f"nothing probes: {who} is gone", start)
        case None:
            return Observation("service", State.UNKNOWN, f"{who} leads, which cannot be seen from here")
