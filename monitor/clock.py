"""Time: the service's clock, and calls at intervals. The one home of APScheduler, with the cron times in `schedule` and
`config`.

The system clock can step: set by hand, by NTP after a start with the wrong time, or in a virtual machine that was
paused. Work scheduled for a time of day would then be hours late, or be done twice. Ticks therefore follow the
monotonic clock, and the service has its own time: the system's at the start, plus elapsed monotonic seconds. Only
`compare` adopts a step of the system clock; its caller shifts all deadlines by the same amount. APScheduler keeps what
follows the calendar.
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
    """Return the current time, timezone-aware."""
    return datetime.now(UTC)


def elapsed() -> float:
    """Return seconds since the machine booted, including suspend. Cannot be set."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock:
    """The service's time. `steps` counts how often the system clock was set."""

    def __init__(self, system: Callable[[], datetime] = utc_now, since: Callable[[], float] = elapsed) -> None:
        self._system, self._elapsed = system, since
        self._time, self._at = system(), since()
        self.steps = 0

    def now(self) -> datetime:
        """Return the time of day. It runs evenly from one `compare` to the next."""
        return self._time + timedelta(seconds=self._elapsed() - self._at)

    def compare(self) -> timedelta:
        """Adopt the system clock's time. Returns the size of a step, or zero."""
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
    """Detects suspension of the process by the time between ticks. `since` is in the time of `elapsed`."""

    def __init__(self) -> None:
        self._ticked_at: float | None = None
        self._noticed_at = 0.0
        self.total = 0.0  # seconds of all pauses that were noticed

    def tick(self) -> float:
        """Record a tick. Returns the length of a pause before it, in seconds, or 0."""
        now = elapsed()
        pause = now - self._ticked_at if self._now and self._ticked_at is not None else 0.0
        if pause:
            self._noticed_at = now
            self.total += pause
        self._ticked_at = now
        return pause

    def since(self, began: float) -> bool:
        """Test if a pause ended after this time."""
        return self._now or self._noticed_at >= began

    @property
    def _now(self) -> bool:
        return self._ticked_at is not None and elapsed() - self._ticked_at > PAUSE


@asynccontextmanager
async def ticking(tick: Callable[[], Awaitable[None]], every: timedelta) -> AsyncIterator[None]:
    """Call `tick` at this interval, one call at a time, while the block lasts, whatever the system clock does.

    A late call is not made up for; a failed one is logged, and the next one happens all the same.
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
            log.exception("tick failed")
            await asyncio.sleep(AFTER_FAILURE)
        due = max(due + every, now())


class Calendar:
    """Calls each job at its calendar interval, one call at a time."""

    def __init__(self, jobs: Mapping[Callable[[], Awaitable[None]], timedelta]) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._jobs = jobs

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Run the jobs while the block lasts."""
        self._plan()
        self._scheduler.start()
        try:
            yield
        finally:
            self._scheduler.shutdown(wait=False)

    def clock_was_set(self) -> None:
        """Reschedule everything from the present time."""
        self._scheduler.remove_all_jobs()
        self._plan()

    @property
    def planned(self) -> list[datetime]:
        """Return the next time of each job."""
        return [job.next_run_time for job in self._scheduler.get_jobs()]

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
    """Age of the last tick, by a clock that cannot be set."""

    def __init__(self) -> None:
        self._at = time.monotonic()

    def beat(self) -> None:
        """Record a tick."""
        self._at = time.monotonic()

    @property
    def age(self) -> float:
        """Return seconds since the last tick."""
        return time.monotonic() - self._at
