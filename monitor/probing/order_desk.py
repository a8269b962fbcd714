"""Launches the orders of other processes, for the mailboxes that this one owns: probes by hand, controls, diagnoses."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from monitor.config import WatchedPath
from monitor.probing.dispatch import Dispatcher, ProbeOrder
from monitor.probing.ownership import Holder
from monitor.probing.pipeline import LaunchError, TurnTakenError
from monitor.probing.planner import Admission, Planner
from monitor.probing.requester import Requester
from monitor.store import Store, StoreError
from monitor.store.orders import StoredOrder
from monitor.supervised import SupervisedTask
from probes.check import Check

LOOK_SECONDS = 0.25
FULL = "no more probes are sent there today, see probes.cap"

log = structlog.get_logger("orders")


class OrderDesk:
    """Follows the orders in the store, from `start` to `close`."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        holder: Holder,
        planner: Planner,
        path: Callable[[Check], WatchedPath | None],
    ) -> None:
        self._store, self._dispatcher, self._holder, self._planner = store, dispatcher, holder, planner
        self._path = path
        self._task = SupervisedTask("orders", self._run)

    def start(self) -> None:
        """Launch what is ordered."""
        self._task.start()

    async def close(self) -> None:
        """Launch nothing more; other owners may."""
        await self._task.close()

    async def look(self) -> None:
        """Launch the orders for our mailboxes; those that the host's limit holds up wait. Raises StoreError."""
        for order in await self._store.orders.open():
            path = self._path(order.check)
            if path is None or self._holder.hold(path) is None:
                continue
            match self._planner.admission(path):
                case Admission.ADMITTED:
                    await self._launch(order, path)
                case Admission.FULL:
                    await self._store.orders.refuse(order.id, f"{path.key}: {FULL}")
                case Admission.LATER:
                    pass

    async def _launch(self, order: StoredOrder, path: WatchedPath) -> None:
        by = Requester(order.requester, order.way or "") if order.requester is not None else None
        wanted = ProbeOrder(order.check, order.role, order.purpose, by, order.arm, stored=order.id)
        try:
            await self._dispatcher.launch(wanted)
        except TurnTakenError:  # withdrawn, or another owner has it; the pipeline gave back what was counted
            pass
        except LaunchError as error:
            self._planner.give_back(path)
            await self._store.orders.refuse(order.id, str(error))
        except BaseException:
            self._planner.give_back(path)
            raise

    async def _run(self) -> None:
        while True:
            with suppress(StoreError):  # of which the service tells
                await self.look()
            await asyncio.sleep(LOOK_SECONDS)
