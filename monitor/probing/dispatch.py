"""From an order to a probe: the port between those who want a probe sent and the pipeline that sends it.

An order is plain values. The pipeline is this process's own; or the order is a row that the owner of the mailbox finds.
"""

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from monitor.config import WatchedPath
from monitor.probing.caps import Caps
from monitor.probing.pipeline import LaunchError, Pipeline, TurnTakenError
from monitor.probing.requester import Requester
from monitor.store import Store, StoreDownError
from monitor.store.orders import StoredOrder
from monitor.store.ownership_tables import Turn
from probes.check import Check
from probes.diagnosis.arm import Arm
from probes.kinds import Kind
from probes.probe import Probe, ProbePurpose
from probes.sender import Role

HOLDS_BY_HAND = timedelta(seconds=10)  # an order that a person waits for
HOLDS = timedelta(minutes=2)  # any other one: the host's limit may hold it up
LOOK_SECONDS = 0.1  # between looks for what became of an order
NOBODY = "no worker has taken it, and it was not sent: is `mailpath worker` running, and is there room in its caps?"

log = structlog.get_logger("dispatch")


@dataclass(frozen=True, slots=True)
class ProbeOrder:
    """One probe that is to be sent now. `by`: who asked for it, if it was a person. `arm`: of a diagnosis. `turn`: of
    its check, which must be claimed first; `stored`: the id of the order in the store, the same."""

    check: Check
    role: Role = Role.SENDER
    purpose: ProbePurpose = ProbePurpose.SCHEDULED
    by: Requester | None = None
    arm: Arm | None = None
    turn: Turn | None = None
    stored: str | None = None


class Launcher(Protocol):
    """A pipeline, or what stands in for it, as far as those need it who launch probes one by one."""

    @property
    def caps(self) -> Caps | None:
        """Limits to respect before each launch; None where others do."""
        ...

    @property
    def path(self) -> Callable[[Check], WatchedPath | None]:
        """Return the path of a check."""
        ...

    @property
    def launch(self) -> Callable[..., Awaitable[Probe]]:
        """See `ElsewhereLauncher`."""
        ...


class Dispatcher(Protocol):
    """Hands orders to a pipeline."""

    async def launch(self, order: ProbeOrder) -> Probe:
        """Returns when the probe is stored and being sent. Raises LaunchError, StoreError."""
        ...

    def dispatch(self, order: ProbeOrder) -> None:
        """The same, for an order that nobody waits for; what goes wrong is logged."""
        ...

    async def close(self) -> None:
        """Wait until nothing is being launched any more."""
        ...


class _Dispatching(ABC):
    """Launches orders that nobody waits for."""

    def __init__(self) -> None:
        self.refused = 0  # orders whose turn was another's
        self._tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def launch(self, order: ProbeOrder) -> Probe:
        """See `Dispatcher`."""

    def dispatch(self, order: ProbeOrder) -> None:
        """See `Dispatcher`."""
        task = asyncio.create_task(self._launch(order))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """See `Dispatcher`."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _launch(self, order: ProbeOrder) -> None:
        company, path, kind = order.check
        try:
            await self.launch(order)
        except TurnTakenError as error:
            self.refused += 1
            log.debug("probe not launched", path=f"{company}/{path}", kind=kind, reason=str(error))
        except LaunchError as error:
            log.error("probe not launched", path=f"{company}/{path}", kind=kind, reason=str(error))
        except StoreDownError:
            return  # it was not sent; the service tells why
        except Exception:
            log.exception("probe not launched", path=f"{company}/{path}", kind=kind)


class InProcessDispatcher(_Dispatching):
    """Launches in the pipeline of this process."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self._pipeline = pipeline

    async def launch(self, order: ProbeOrder) -> Probe:
        """See `Dispatcher`."""
        path = self._pipeline.path(order.check)
        if path is None:
            raise LaunchError(f"{order.check.company}/{order.check.path}: there is no such path")
        what = (path, order.check.kind, order.role, order.purpose, order.by, order.arm)
        return await self._pipeline.launch(*what, turn=order.turn, order=order.stored)


class StoredDispatcher(_Dispatching):
    """Stores orders, for the owners of their mailboxes to launch. Each is launched once, or it is certain that it never
    will be."""

    def __init__(self, store: Store, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        super().__init__()
        self._store, self._pause = store, pause

    async def launch(self, order: ProbeOrder) -> Probe:
        """See `Dispatcher`."""
        holds = HOLDS_BY_HAND if order.purpose is ProbePurpose.MANUAL else HOLDS
        requester, way = (order.by.name, order.by.way) if order.by else (None, None)
        name = secrets.token_hex(8)
        await self._store.orders.place(
            StoredOrder(name, order.check, order.role, order.purpose, order.arm, requester, way), holds
        )
        try:
            async with asyncio.timeout(holds.total_seconds()):
                while not (result := await self._store.orders.result(name)).answered:
                    await self._pause(LOOK_SECONDS)
        except TimeoutError:
            await self._store.orders.refuse(name, NOBODY)
            result = await self._store.orders.result(name)
        record = await self._store.probes.record(result.probe_id) if result.probe_id else None
        if record is None:
            raise LaunchError(result.refused or NOBODY)
        return record.probe


class ElsewhereLauncher:
    """Stands in for a pipeline, for those who launch probes one by one, where other processes have the pipelines: the
    owner of the mailbox counts them against its caps."""

    caps = None

    def __init__(self, dispatcher: Dispatcher, path: Callable[[Check], WatchedPath | None]) -> None:
        self._dispatcher, self.path = dispatcher, path

    async def launch(
        self,
        path: WatchedPath,
        kind: Kind,
        role: Role = Role.SENDER,
        purpose: ProbePurpose = ProbePurpose.MANUAL,
        by: Requester | None = None,
        arm: Arm | None = None,
    ) -> Probe:
        """Launch a probe; returns when it is stored and being sent. Raises LaunchError, StoreError."""
        return await self._dispatcher.launch(ProbeOrder(path.check(kind), role, purpose, by, arm))
