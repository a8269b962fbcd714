"""Many examinations of one kind at the same time, within bounds."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any

from monitor.doctor.observation import Observation

AT_ONCE = 16  # connections; a thousand paths are no reason to flood a gateway that they share


async def side_by_side(works: Iterable[Coroutine[Any, Any, Observation]]) -> AsyncIterator[Observation]:
    """Yield the findings as they come, at most AT_ONCE at work; what is under way when nobody asks any more, ends."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(work: Coroutine[Any, Any, Observation]) -> Observation:
        async with free:
            return await work

    tasks = [asyncio.create_task(one(work)) for work in works]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
