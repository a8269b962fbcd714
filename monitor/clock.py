"""The clock: calls things at intervals. The one home of APScheduler, with the cron times in `schedule` and `config`.

It only says that time has passed; what is due is decided by those it calls, so a late or missed call loses nothing.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler


def utc_now() -> datetime:
    """The time of day, aware."""
    return datetime.now(UTC)


@asynccontextmanager
async def ticking(jobs: Mapping[Callable[[], Awaitable[None]], timedelta]) -> AsyncIterator[None]:
    """Call each job at its interval, one call at a time, while the block lasts."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    for job, interval in jobs.items():
        scheduler.add_job(
            job, "interval", seconds=interval.total_seconds(), coalesce=True, max_instances=1, misfire_grace_time=None
        )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
