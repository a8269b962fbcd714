"""Decide what to send now: scheduled probes, and controls for failing paths, within the caps and while probes can be
stored. Every order goes to the dispatcher."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum, auto
from types import MappingProxyType

from monitor import process
from monitor.config import Config, WatchedPath
from monitor.incidents.signal import Signal
from monitor.probing.buckets import bucket_of_path
from monitor.probing.caps import caps_of, sent_today
from monitor.probing.dispatch import Dispatcher, ProbeOrder
from monitor.probing.ownership import Holder
from monitor.probing.pipeline import Pipeline
from monitor.probing.schedule import Schedule
from monitor.store import Store, StoreError
from monitor.store.ownership_tables import FIRST_EPOCH, Turn
from probes.probe import ProbePurpose
from probes.routes import comparison
from probes.sender import Identity, Role


class Admission(Enum):
    """The answer to the question if one more probe may be sent on a path now."""

    ADMITTED = auto()
    LATER = auto()  # its host has had its messages of this minute, or nothing is planned yet
    FULL = auto()  # it has had its probes of this day


class Planner:
    """Orders probes, from `configure` to `close`."""

    def __init__(
        self,
        store: Store,
        pipeline: Pipeline,
        dispatcher: Dispatcher,
        holder: Holder,
        now: Callable[[], datetime],
        identities: Mapping[Role, Identity] = MappingProxyType({}),
        schedule: Schedule | None = None,
    ) -> None:
        self.schedule = schedule
        self._store, self._pipeline, self._dispatcher = store, pipeline, dispatcher
        self._holder, self._now = holder, now
        self._identities = identities
        self._recounting: set[asyncio.Task[None]] = set()

    async def configure(self, config: Config) -> None:
        """Order by this configuration. What was sent already counts, before a restart or a reload too."""
        now = self._now()
        self._identities = config.identities()
        caps = self._pipeline.caps = self._pipeline.caps or await caps_of(config, self._store, now)
        caps.per_host_per_minute = config.probes.cap.per_host_per_minute
        self.schedule = Schedule(
            config.paths(),
            caps,
            now,
            busy=self._pipeline.busy,
            before=self.schedule,
            catch_up=self._was_anothers if self.schedule is None else lambda _: False,
        )
        process.settle_memory()

    def tick(self, now: datetime) -> None:
        """Order what is due. While nothing can be stored its turn is skipped, and so is one of another owner."""
        for due in self.schedule.due(now, stored=not self._store.health.trouble) if self.schedule else ():
            if hold := self._holder.hold(due.path):
                self._dispatcher.dispatch(ProbeOrder(due.path.check(due.kind), turn=Turn(due.slot, hold)))
            else:
                self.give_back(due.path)

    def take(self, buckets: Collection[int]) -> None:
        """Catch up with the turns that the last owner of these may have missed, and count what it sent today."""
        if self.schedule:
            self._recount_soon()
            self.schedule.catch_up(lambda path: bucket_of_path(path) in buckets, self._now())

    def _was_anothers(self, path: WatchedPath) -> bool:
        """Test if the path's mailbox had an owner before, who may have missed turns. What was sent is refused by its
        turn."""
        hold = self._holder.hold(path)
        return hold is not None and hold.epoch > FIRST_EPOCH

    def compare(self, path: WatchedPath, signal: Signal) -> None:
        """Send a control where the sender failed, or the neighbour where no control can go: is it the path?"""
        role = comparison(path.route, self._identities)
        if role and not self._store.health.trouble and self.admits(path):
            self._dispatcher.dispatch(ProbeOrder(signal.check, role, ProbePurpose.CONTROL))

    def admits(self, path: WatchedPath) -> bool:
        """Test if an additional probe may be sent on this path now, and count it."""
        return self.schedule is not None and self.schedule.admits(path, self._now())

    def admission(self, path: WatchedPath) -> Admission:
        """Return if an additional probe may be sent on this path now; one that is admitted is counted."""
        if self.admits(path):
            return Admission.ADMITTED
        caps = self._pipeline.caps
        return Admission.FULL if caps and caps.full(path, self._now()) else Admission.LATER

    def give_back(self, path: WatchedPath) -> None:
        """Give back an admitted probe that was not sent."""
        if self.schedule:
            self.schedule.give_back(path)

    def clock_was_set(self, step: timedelta) -> None:
        """The system clock is `step` later. Nothing is made up for, and nothing sent twice."""
        if self.schedule and (caps := self._pipeline.caps):
            caps.clock_was_set(step)
            self.schedule.clock_was_set(step, self._now())
            self._recount_soon()

    async def close(self) -> None:
        """Order nothing more."""
        self.schedule = None
        await asyncio.gather(*self._recounting, return_exceptions=True)
        await self._dispatcher.close()

    def _recount_soon(self) -> None:
        task = asyncio.create_task(self._recount())
        self._recounting.add(task)
        task.add_done_callback(self._recounting.discard)

    async def _recount(self) -> None:
        """Count what was sent today, by whomever."""
        if caps := self._pipeline.caps:
            with suppress(StoreError):
                caps.recount(await sent_today(self._store, self._now()), self._now())
