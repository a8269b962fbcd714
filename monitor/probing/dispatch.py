"""From an order to a probe: the port between those who want a probe sent and the pipeline that sends it.

Here the pipeline is this process's own. An order is plain values, so that a queue can carry one to a worker instead.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import structlog

from monitor.probing.pipeline import LaunchError, Pipeline, TurnTakenError
from monitor.probing.requester import Requester
from monitor.store import StoreDownError
from monitor.store.ownership_tables import Turn
from probes.check import Check
from probes.probe import Probe, ProbePurpose
from probes.sender import Role

log = structlog.get_logger("dispatch")


@dataclass(frozen=True, slots=True)
class ProbeOrder:
    """One probe that is to be sent now. `by`: who asked for it, if it was a person. `turn`: of its check, which must
    be claimed first."""

    check: Check
    role: Role = Role.SENDER
    purpose: ProbePurpose = ProbePurpose.SCHEDULED
    by: Requester | None = None
    turn: Turn | None = None


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


class InProcessDispatcher:
    """Launches in the pipeline of this process."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._tasks: set[asyncio.Task[None]] = set()

    async def launch(self, order: ProbeOrder) -> Probe:
        """See `Dispatcher`."""
        path = self._pipeline.path(order.check)
        if path is None:
            raise LaunchError(f"{order.check.company}/{order.check.path}: there is no such path")
        return await self._pipeline.launch(path, order.check.kind, order.role, order.purpose, order.by, turn=order.turn)

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
            log.debug("probe not launched", path=f"{company}/{path}", kind=kind, reason=str(error))
        except LaunchError as error:
            log.error("probe not launched", path=f"{company}/{path}", kind=kind, reason=str(error))
        except StoreDownError:
            return  # it was not sent; the service tells why
        except Exception:
            log.exception("probe not launched", path=f"{company}/{path}", kind=kind)
