"""The frame of every process of the service: configuration, clock, current state, metrics and health."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from monitor.app.part import Job, RolePart
from monitor.clock import Calendar, Clock, Pulse
from monitor.config import Config
from monitor.config.secret_values import secret_values
from monitor.config.unchanged import read_again
from monitor.doctor.config_warnings import config_warnings
from monitor.doctor.observation import Premises
from monitor.doctor.rounds import Doctor
from monitor.logs import hide
from monitor.measures.loop_lag import LoopLag
from monitor.output.metrics import Gauges, Metrics
from monitor.output.snapshot import ReloadResult
from monitor.people.person import token_ends
from monitor.probing.current import Board
from monitor.probing.following import Follower, SignalReader
from monitor.store import Store, StoreError
from monitor.supervised import one_at_a_time
from monitor.web.broadcast import Live
from monitor.web.rejections import Rejections
from monitor.web.request_counts import RequestCounts
from probes.outside import Outside

TICK_INTERVAL = timedelta(milliseconds=250)
TICK_OVERDUE = 5.0  # seconds after the last tick
EACH_MINUTE = timedelta(minutes=1)
EXAMINATION_SECONDS = 10.0  # for one dialogue, lookup or mailbox that the doctor tries
NEED_A_START = ("store", "web", "inbound", "dns", "log", "sandbox")

log = structlog.get_logger("mailpath")


@dataclass(eq=False)
class Service:
    """One process, with the parts of its role. Its fields are its parts; it builds none of them."""

    file: Path
    config: Config
    store: Store
    clock: Clock
    outside: Outside
    board: Board
    signals: SignalReader
    live: Live
    loop_lag: LoopLag
    parts: Sequence[RolePart]

    def __post_init__(self) -> None:
        self.now = self.clock.now
        self.rejections, self.requests = Rejections(), RequestCounts()
        self.calendar = Calendar(self._jobs())
        self.metrics = Metrics(self.board, self._gauges())
        self.doctor = Doctor(self._premises, self.now)
        self._pulse = Pulse()
        self._reload = ReloadResult(successful=True, loaded_at=self.now())
        self._token_ends: Mapping[str, datetime] = {}
        self._store_trouble: str | None = None

    def _jobs(self) -> dict[Job, timedelta]:
        jobs: dict[Job, timedelta] = {self.read_token_ends: EACH_MINUTE, self.follow_profile: EACH_MINUTE}
        for part in self.parts:
            jobs |= part.jobs
        return jobs

    def _gauges(self) -> Gauges:
        of_parts = {name: gauge for part in self.parts for name, gauge in part.gauges.items()}
        return Gauges(
            rejected=lambda: dict(self.rejections.counts),
            tick_age=lambda: self._pulse.age,
            clock_steps=lambda: self.clock.steps,
            store_errors=lambda: self.store.health.errors,
            loop_lag=lambda: self.loop_lag.seconds,
            store_seconds=lambda: self.store.seconds,
            http_requests=lambda: dict(self.requests.counts),
            http_seconds=lambda: self.requests.seconds,
            reload=lambda: self._reload,
            token_ends=lambda: dict(self._token_ends),
            now=self.now,
            **of_parts,
        )

    @property
    def replaced(self) -> asyncio.Event:
        """Set once another process leads on the store instead of this one."""
        return self.store.replaced

    async def start(self, followers: Iterable[Follower]) -> None:
        """Continue where the last run stopped. `followers` of signals come after those in here."""
        self.board.configure(self.config.paths())
        await self.read_token_ends()
        own = [follower for part in self.parts for follower in part.followers]
        await self.signals.begin(self.board.take, *own, self.live.take, *followers)
        presents = await self.store.probes.current()  # read after that, so that nothing is missed in between
        self.board.recall(presents)
        self.board.clock_was_set(self.now())  # perhaps while nothing ran
        for part in self.parts:
            await part.begin(self.config, presents)
        self.signals.start()
        for part in self.parts:
            part.start()

    @one_at_a_time
    async def reload(self) -> None:
        """Reload the configuration. If it has errors, all are logged and nothing changes."""
        config = await read_again(self.file, self.config)
        if config is None:
            self._reload = replace(self._reload, successful=False)
            return
        for table in NEED_A_START:
            if getattr(config, table) != getattr(self.config, table):
                log.warning(f"a change of [{table}] takes effect at the next start")
        self.config = config
        hide(secret_values(config))
        self.board.configure(config.paths())
        self.outside.accounts.configure(config.accounts)
        for part in self.parts:
            await part.configure(config)
        self._reload = ReloadResult(successful=True, loaded_at=self.now())
        log.info("configuration loaded", paths=len(self.board.paths))

    async def stop(self) -> None:
        """Stop working. If stopping one part fails, the others are stopped all the same: none may use a store that is
        being closed."""
        log.info("stopping; probes in flight continue at the next start")
        async with AsyncExitStack() as parts:
            parts.push_async_callback(self.doctor.close)
            for part in reversed(self.parts):
                parts.push_async_callback(part.close)
            parts.push_async_callback(self.signals.close)

    async def tick(self) -> None:
        """Handle everything that is due."""
        self._pulse.beat()
        if step := self.clock.compare():
            self._clock_was_set(step)
        self._log_store()
        now = self.now()
        for part in self.parts:
            part.tick(now)

    async def follow_profile(self) -> None:
        """Reload the configuration once the next profile of the sender holds."""
        since = self.config.sender.next_profile_at(self._reload.loaded_at)
        if since and since <= self.now():
            await self.reload()

    async def read_token_ends(self) -> None:
        """Read when tokens expire."""
        with suppress(StoreError):  # of which the service tells
            self._token_ends = token_ends(await self.store.people.tokens(), self.now())

    def not_ready(self) -> str | None:
        """Return why this process does not do its work; None if it does."""
        for reason in filter(None, (part.not_ready() for part in self.parts)):
            return f"not ready: {reason}"
        if self._pulse.age > TICK_OVERDUE:
            return f"not ready: the last tick was {self._pulse.age:.0f} s ago, so nothing is sent or looked for"
        trouble = self.store.health.trouble
        return f"not ready: {trouble}" if trouble else None

    def _premises(self) -> Premises:
        warnings = tuple(config_warnings(self.file, self.config))
        return Premises(self.config, self.file, warnings, self.outside, EXAMINATION_SECONDS)

    def _clock_was_set(self, step: timedelta) -> None:
        """Shift all deadlines by the step of the system clock; nothing is made up for or done twice."""
        way, now = "forward" if step > timedelta(0) else "back", self.now()
        log.warning(f"the system clock was set {way} by {abs(step.total_seconds()):,.0f} s", now=f"{now:%F %T} UTC")
        for part in self.parts:
            part.clock_was_set(step)
        self.board.clock_was_set(now)
        self.calendar.clock_was_set()

    def _log_store(self) -> None:
        """Log once when the store fails, and once when it works again."""
        before, self._store_trouble = self._store_trouble, self.store.health.trouble
        if self._store_trouble and not before:
            log.error("store refuses writes; sending is paused", reason=self._store_trouble)
        elif before and not self._store_trouble:
            log.info("store accepts writes again; sending resumes")
