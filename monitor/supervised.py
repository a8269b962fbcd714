"""Supervise long-running tasks: one that dies is logged, waiting callers are answered, and it is restarted.

asyncio keeps a dead task's exception for whoever awaits it, and nobody awaits a task meant to run until the service
stops. Without supervision a probe would wait for a look that never comes, or incidents would stay as they were.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial, wraps
from time import monotonic
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import structlog

from monitor.errors import UserError

RESTART_DELAYS = (0.1, 1.0, 5.0, 30.0)  # seconds until it is started again, by deaths in a row; the last one repeats
STEADY_SECONDS = 60.0  # a task that lived this long has recovered: its next death is the first in a row

REOPEN_SECONDS = 0.5  # seconds between two attempts to listen where another process does

log = structlog.get_logger("tasks")

Work = Callable[[], Coroutine[Any, Any, None]]
Opening = Callable[[], AbstractAsyncContextManager[object]]
Owner = TypeVar("Owner")
Method = Callable[[Owner], Coroutine[Any, Any, None]]


class SupervisedTask:
    """Runs `work` until it returns or `close` is called. `on_death` is called after each death, to answer waiting
    callers."""

    def __init__(self, name: str, work: Work, *, on_death: Callable[[BaseException], None] | None = None) -> None:
        self.deaths = 0
        self._name, self._work, self._on_death = name, work, on_death
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """True if it runs, or waits to be restarted."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Start, unless it runs already."""
        if not self.running:
            self._task = asyncio.create_task(self._run(), name=self._name)
            self._task.add_done_callback(self._forget)

    async def close(self, grace: float = 0.0) -> None:
        """Stop, after `grace` seconds in which it may return by itself."""
        if (task := self._task) is None:
            return
        if grace:
            await asyncio.wait((task,), timeout=grace)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def _forget(self, task: "asyncio.Task[None]") -> None:
        """Keep nothing of a task that has ended: there may be one for each mailbox."""
        if self._task is task:
            self._task = None

    async def _run(self) -> None:
        in_a_row = 0
        while True:
            began = monotonic()
            try:
                return await self._work()
            except asyncio.CancelledError as error:
                if asked_to_stop():
                    raise
                death: BaseException = error  # a cancellation that was meant for something within
            except Exception as error:
                death = error
            in_a_row = 1 if monotonic() - began > STEADY_SECONDS else in_a_row + 1
            self.deaths += 1
            delay = RESTART_DELAYS[min(in_a_row, len(RESTART_DELAYS)) - 1]
            log.error("task died; restarting it", task=self._name, seconds=delay, exc_info=death)
            self._answer(death)
            await asyncio.sleep(delay)

    def _answer(self, death: BaseException) -> None:
        try:
            if self._on_death:
                self._on_death(death)
        except Exception:
            log.exception("callers waiting for a task could not be answered", task=self._name)


def asked_to_stop() -> bool:
    """True if the current task itself was cancelled, not only something it awaits."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@asynccontextmanager
async def supervised(name: str, work: Work) -> AsyncIterator[SupervisedTask]:
    """Run the task while the block lasts."""
    task = SupervisedTask(name, work)
    task.start()
    try:
        yield task
    finally:
        await task.close()


@asynccontextmanager
async def kept_open(opening: Opening, *, patient: bool) -> AsyncIterator[None]:
    """Keep this open while the block lasts. Raises the UserError that says why it cannot be opened.

    `patient`: then the block begins all the same, and it is opened as soon as possible. A leader that was suspended
    holds its ports until it wakes, sees that it was replaced, and ends: whoever took over works meanwhile.
    """
    if patient:
        async with supervised("open", partial(_open, opening)):
            yield
    else:
        async with opening():
            yield


async def _open(opening: Opening) -> None:
    told = False
    while True:
        try:
            async with opening():
                if told:
                    log.info("the address is free, and is listened at")
                await asyncio.Event().wait()
        except UserError as error:
            if not told:
                log.warning(f"{error}; trying again until it is free", seconds=REOPEN_SECONDS)
            told = True
        await asyncio.sleep(REOPEN_SECONDS)


def one_at_a_time(method: Method[Owner]) -> Method[Owner]:
    """Let a method of each object run once at a time: whoever comes meanwhile waits for a run of their own."""
    locks: WeakKeyDictionary[Owner, asyncio.Lock] = WeakKeyDictionary()

    @wraps(method)
    async def in_turn(owner: Owner) -> None:
        async with locks.setdefault(owner, asyncio.Lock()):
            await method(owner)

    return in_turn
