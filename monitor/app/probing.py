"""The part that sends, watches and judges, for the mailboxes that its process owns."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitor.app.part import Job, RolePart
from monitor.app.pipelines import pipeline_of
from monitor.config import Config
from monitor.events import Listener
from monitor.probing.dialogue_times import DialogueTimes
from monitor.probing.dispatch import InProcessDispatcher
from monitor.probing.following import Follower
from monitor.probing.network import Network
from monitor.probing.order_desk import OrderDesk
from monitor.probing.ownership import Ownership
from monitor.probing.pipeline import Pipeline
from monitor.probing.planner import Planner
from monitor.store import Present, Store, StoreError
from probes.outside import Outside

FORGOTTEN = timedelta(seconds=30)  # after which a probe in flight that is unknown here is in nobody's care


@dataclass(eq=False)
class Probing(RolePart):
    """Probes on schedule and by order."""

    pipeline: Pipeline
    ownership: Ownership
    planner: Planner
    dispatcher: InProcessDispatcher
    orders: OrderDesk
    network: Network
    dialogue_times: DialogueTimes
    now: Callable[[], datetime]

    @property
    def gauges(self) -> Mapping[str, Callable[[], Any]]:
        """See `RolePart`."""
        return {
            "in_flight": lambda: len(self.pipeline.flights),
            "lag": lambda: self.planner.schedule.lag if self.planner.schedule else timedelta(0),
            "skipped": lambda: dict(self.planner.schedule.skipped) if self.planner.schedule else {},
            "owned": lambda: len(self.ownership.buckets),
            "refused_turns": lambda: self.dispatcher.refused,
            "mailbox_errors": self._mailbox_errors,
            "trace_errors": lambda: dict(self.pipeline.traces.errors),
            "reference": lambda: self.network.reference_up,
            "stages": lambda: self.dialogue_times.stages,
            "certificate_ends": lambda: dict(self.dialogue_times.certificate_ends),
        }

    @property
    def jobs(self) -> Mapping[Job, timedelta]:
        """See `RolePart`."""
        return {self.adopt_forgotten: FORGOTTEN}

    @property
    def followers(self) -> Sequence[Follower]:
        """See `RolePart`."""
        return (self.pipeline.take,)

    async def begin(self, config: Config, presents: Sequence[Present]) -> None:
        """Own mailboxes, and take up the probes in flight to them."""
        self.network.configure(config)
        self.network.start()
        await self.ownership.begin()
        await self.planner.configure(config)

    def start(self) -> None:
        """See `RolePart`."""
        self.orders.start()

    async def configure(self, config: Config) -> None:
        """See `RolePart`."""
        self.network.configure(config)
        await self.pipeline.configure(config)
        await self.planner.configure(config)

    def tick(self, now: datetime) -> None:
        """Launch due probes, and take care of those in flight."""
        self.planner.tick(now)
        self.pipeline.tick(now)

    def clock_was_set(self, step: timedelta) -> None:
        """Nothing is made up for or done twice."""
        self.pipeline.clock_was_set(step)
        self.planner.clock_was_set(step)

    def not_ready(self) -> str | None:
        """See `RolePart`."""
        return "still taking up what was on its way" if self.planner.schedule is None else None

    def _mailbox_errors(self) -> dict[tuple[str, str], int]:
        """Return how often the mailbox of each path could not be read, of those that are watched."""
        watchers, paths = self.pipeline.watchers, self.pipeline.paths.values()
        watched = [path for path in paths if path.mailbox_key in watchers]
        return {(path.company, path.path): watchers[path.mailbox_key].failures for path in watched}

    async def adopt_forgotten(self) -> None:
        """Take care of probes that nobody attends to: launched just when their mailbox got another owner."""
        with suppress(StoreError):  # of which the service tells
            await self.pipeline.adopt(self.ownership.buckets, before=self.now() - FORGOTTEN)

    async def close(self) -> None:
        """Dialogues end while their mailboxes are still ours."""
        async with AsyncExitStack() as parts:
            for part in (self.ownership, self.pipeline, self.network, self.planner, self.orders):
                parts.push_async_callback(part.close)


@asynccontextmanager
async def probing_of(
    config: Config,
    store: Store,
    outside: Outside,
    now: Callable[[], datetime],
    listeners: Sequence[Listener],
    *,
    alone: bool,
) -> AsyncIterator[Probing]:
    """Run the part; `alone`: see `Ownership`."""
    network, dialogue_times = Network(outside), DialogueTimes()

    async def taken(buckets: Collection[int]) -> None:
        await pipeline.adopt(buckets)
        planner.take(buckets)

    ownership = Ownership(store, alone=alone, on_taken=taken, on_lost=lambda buckets: pipeline.release(buckets))
    told = (*listeners, network.on_event, dialogue_times.on_event)
    flying = pipeline_of(config, store, *told, owns_orphans=True, outside=outside, owns=ownership.owns)
    async with flying as pipeline:
        dispatcher = InProcessDispatcher(pipeline)
        planner = Planner(store, pipeline, dispatcher, ownership, now)
        orders = OrderDesk(store, dispatcher, ownership, planner, pipeline.path)
        yield Probing(pipeline, ownership, planner, dispatcher, orders, network, dialogue_times, now)
