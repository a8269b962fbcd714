"""A worker without mail: it owns mailboxes and claims turns as a real one does, and what it launches goes nowhere.

Told the address of a store, how many paths there are, their interval in seconds, and for how long a lease lasts.
"""

import asyncio
import sys
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from monitor.probing import ownership
from monitor.probing.caps import Caps
from monitor.probing.dispatch import ProbeOrder
from monitor.probing.ownership import Ownership
from monitor.probing.planner import Planner
from monitor.probing.schedule import Schedule
from monitor.store import Store, StoreError
from probes.evidence import Attempt
from probes.kinds import Kind
from tests.support.pipeline_app import watched
from tests.support.store_samples import T0, probe

TICK_SECONDS = 0.1


def now() -> datetime:
    return datetime.now(UTC)


class Launcher:
    """Stores what is ordered, as the pipeline does before it sends."""

    def __init__(self, store: Store) -> None:
        self._store, self._number, self._tasks = store, 0, set[asyncio.Task[None]]()

    def dispatch(self, order: ProbeOrder) -> None:
        task = asyncio.create_task(self._launch(order))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _launch(self, order: ProbeOrder) -> None:
        assert order.turn
        self._number += 1
        name = f"{order.turn.hold.owner}-{self._number}"
        at = now()
        made = probe((at - T0).total_seconds(), id=name, company=order.check.company, kind=order.check.kind)
        slot = f"{order.turn.slot.timestamp():.6f}"
        try:
            sent = await self._store.probes.launch(made, slot, Attempt(at, 1), turn=order.turn)
        except StoreError:
            return
        if not sent:
            print("refused", flush=True)


async def main(url: str, number: int, every: float) -> None:
    """Work until killed."""
    paths = [
        watched(None, None, company=f"c{each}", kinds=(Kind.VERIFICATION,), every=timedelta(seconds=every))
        for each in range(number)
    ]
    async with Store.open(url) as store:
        ours, launcher = Ownership(store, alone=False), Launcher(store)
        caps = Caps(10**6, {}, now())
        plan = Schedule(paths, caps, now(), busy=lambda _: False, catch_up=lambda _: True)
        around: Any = SimpleNamespace()
        anything: Any = launcher
        planner = Planner(store, around, anything, ours, now, schedule=plan)

        async def taken(buckets: Collection[int]) -> None:
            planner.take(buckets)

        ours.on_taken = taken
        await ours.begin()
        print("ready", flush=True)
        while True:
            planner.tick(now())
            await asyncio.sleep(TICK_SECONDS)


if __name__ == "__main__":
    ownership.TTL = timedelta(seconds=float(sys.argv[4]))
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
