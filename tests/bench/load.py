"""Load on something that is done over and over, and what it costs: probes per second, and our process's CPU."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

Once = Callable[[int], Awaitable[object]]
"""Does it once. The number tells who asks: no two are in flight with the same one."""

PATIENCE = 30.0  # seconds that anything may take longer than it should
STEP = 0.01  # seconds between two looks at the event loop
IDLE_TURN = 0.0002  # seconds of CPU of a turn without work, at most


@dataclass(frozen=True, slots=True)
class Pace:
    """`cpu_ms` is user and system time of our process, all threads, for each one done."""

    per_second: float
    cpu_ms: float


async def closed_loop(
    once: Once, in_flight: int, *, warm_up: float, seconds: float, begins: Callable[[], None] = lambda: None
) -> Pace:
    """Keep `in_flight` of them going, each followed by the next.

    Measured for `seconds`, from when each was done once and `warm_up` seconds have passed; `begins` is called then.
    """
    done, over, warm = 0, False, asyncio.Event()

    async def go_on(number: int) -> None:
        nonlocal done
        while not over:
            await once(number)
            done += 1
            if done >= in_flight:
                warm.set()

    async with asyncio.timeout(warm_up + seconds + PATIENCE), asyncio.TaskGroup() as group:
        for number in range(in_flight):
            group.create_task(go_on(number))
        await asyncio.gather(warm.wait(), asyncio.sleep(warm_up))
        begins()
        before, began, cpu = done, time.perf_counter(), time.process_time()
        await asyncio.sleep(seconds)
        spent, took, count = time.process_time() - cpu, time.perf_counter() - began, done - before
        over = True
    return Pace(count / took, spent / max(count, 1) * 1000)


async def counted(once: Once, in_flight: int, total: int) -> None:
    """Do it `total` times, `in_flight` at once."""
    left = iter(range(total))

    async def go_on(number: int) -> None:
        for _ in left:
            await once(number)

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        for number in range(in_flight):
            group.create_task(go_on(number))


async def paced(once: Once, per_second: float, seconds: float) -> Pace:
    """Begin one every so often, whatever became of those before. To the end of the last one."""
    total, began, cpu = round(per_second * seconds), time.perf_counter(), time.process_time()
    async with asyncio.timeout(seconds + PATIENCE), asyncio.TaskGroup() as group:
        for number in range(total):
            await asyncio.sleep(began + number / per_second - time.perf_counter())
            group.create_task(_awaited(once(number)))
    return Pace(total / (time.perf_counter() - began), (time.process_time() - cpu) / total * 1000)


async def _awaited(work: Awaitable[object]) -> None:
    await work


def cpu_seconds(pid: int) -> float:
    """What a running process has used so far, user and system, told in hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def loop_turns() -> Iterator[list[float]]:
    """Fills with the CPU time, in seconds, of each turn of the event loop in which there was work: how late others are
    served by our doing, whatever else the machine does. Meanwhile the loop never rests."""
    loop, turns, over, began = asyncio.get_running_loop(), list[float](), False, time.thread_time()

    def turn() -> None:
        nonlocal began
        now = time.thread_time()
        if now - began > IDLE_TURN:
            turns.append(now - began)
        began = now
        if not over:
            loop.call_soon(turn)

    turn()
    try:
        yield turns
    finally:
        over = True


@asynccontextmanager
async def loop_lag() -> AsyncIterator[list[float]]:
    """Fills with how late, in seconds, each moment of a fine grid was served by the event loop.

    A stall counts for every moment that fell into it, as it would for everybody who came in that time.
    """
    lags: list[float] = []

    async def watch() -> None:
        due = time.perf_counter()
        while True:
            due += STEP
            await asyncio.sleep(due - time.perf_counter())
            now = time.perf_counter()
            while due <= now - STEP:
                lags.append(now - due)
                due += STEP
            lags.append(now - due)

    task = asyncio.create_task(watch())
    try:
        yield lags
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
