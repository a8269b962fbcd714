"""The clock: what time it is, and what is called at intervals. The one home of APScheduler, with the cron times in
`schedule` and `config`.

A system clock is set: by hand, by NTP after a start with a wrong one, by a virtual machine that was paused. Work that
waits for a time of day would then wait for hours, or be done twice. So the ticks come by the monotonic clock, and the
service has a time of its own: that of the system when it started, and since then one second each second. Only `compare`
takes over what the system clock was set to; whoever calls it moves what waits for a time by as much. APScheduler keeps
what belongs to the calendar.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.supervised import supervised

STEP = timedelta(seconds=1)  # a smaller difference is made up for bit by bit
SLEW = 0.02  # so much faster or slower time goes then: it never goes back
UNSURE = 0.1  # seconds between two readings; what was read then is not compared
PAUSE = 5.0  # seconds between two ticks, after which the process is taken to have been suspended
AFTER_FAILURE = 1.0  # seconds from a tick that failed to the next

log = structlog.get_logger("clock")


def utc_now() -> datetime:
    """The time of day, aware."""
    return datetime.now(UTC)


def elapsed() -> float:
    """Seconds since the machine was started, those included in which it slept. Nobody can set it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock:
    """The time of the service. `steps` counts how often the system clock was set."""

    def __init__(self, system: Callable[[], datetime] = utc_now, since: Callable[[], float] = elapsed) -> None:
        self._system, self._elapsed = system, since
        self._time, self._at = system(), since()
        self.steps = 0

    def now(self) -> datetime:
        """The time of day. It goes on evenly from one `compare` to the next."""
        return self._time + timedelta(seconds=self._elapsed() - self._at)

    def compare(self) -> timedelta:
        """Take over the system clock's time. If that was set, by how much; else nothing."""
        before, system, after = self._elapsed(), self._system(), self._elapsed()
        ours = self._time + timedelta(seconds=after - self._at)
        difference = system - ours
        if after - before > UNSURE:  # we were suspended in between
            return timedelta(0)
        stepped = abs(difference) >= STEP
        most = timedelta(seconds=SLEW * (after - self._at))
        self._time, self._at = ours + (difference if stepped else min(max(difference, -most), most)), after
        self.steps += stepped
        return difference if stepped else timedelta(0)


class Pauses:
    """Whether the process was suspended, by the time between its ticks. `since` is that of `elapsed`."""

    def __init__(self) -> None:
        self._ticked_at: float | None = None
        self._noticed_at = 0.0
        self.total = 0.0  # seconds of all pauses that were noticed

    def tick(self) -> float:
        """The process is at work; for how many seconds it was not, if there was a pause before this tick."""
        now = elapsed()
        pause = now - self._ticked_at if self._now and self._ticked_at is not None else 0.0
        if pause:
            self._noticed_at = now
            self.total += pause
        self._ticked_at = now
        return pause

    def since(self, began: float) -> bool:
        """Whether there was a pause that ended after then."""
        return self._now or self._noticed_at >= began

    @property
    def _now(self) -> bool:
        return self._ticked_at is not None and elapsed() - self._ticked_at > PAUSE


@asynccontextmanager
async def ticking(tick: Callable[[], Awaitable[None]], every: timedelta) -> AsyncIterator[None]:
    """Call `tick` at this interval, one call at a time, while the block lasts, whatever the system clock does.

    One that is late is not made up for; one that fails is logged, and the next comes all the same.
    """
    async with supervised("tick", partial(_tick, tick, every.total_seconds())):
        yield


async def _tick(tick: Callable[[], Awaitable[None]], every: float) -> None:
    now = asyncio.get_running_loop().time
    due = now() + every
    while True:
        await asyncio.sleep(due - now())
        try:
            await tick()
        except Exception:
            log.exception("a tick failed")
            await asyncio.sleep(AFTER_FAILURE)
        due = max(due + every, now())


class Calendar:
    """Calls each job at its interval by the calendar, one call at a time."""

    def __init__(self, jobs: Mapping[Callable[[], Awaitable[None]], timedelta]) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._jobs = jobs

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """While the block lasts."""
        self._plan()
        self._scheduler.start()
        try:
            yield
        finally:
            self._scheduler.shutdown(wait=False)

    def clock_was_set(self) -> None:
        """Plan anew, from the time that it is now."""
        self._scheduler.remove_all_jobs()
        self._plan()

    def _plan(self) -> None:
        for job, interval in self._jobs.items():
            self._scheduler.add_job(
                job,
                "interval",
                seconds=interval.total_seconds(),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )


class Pulse:
    """When the last tick was, by a clock that nobody can set."""

    def __init__(self) -> None:
        self._at = time.monotonic()

    def beat(self) -> None:
        """Now."""
        self._at = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self._at
