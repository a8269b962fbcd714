"""Blocking deliveries, each in a thread of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def in_a_thread(call: Callable[[], T]) -> T:
    """Run a call in a daemon thread: one that hangs delays neither other deliveries nor the stop."""
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()  # from now on it cannot be cancelled, only be left alone

    def run() -> None:
        try:
            done.set_result(call())
        except BaseException as error:
            done.set_exception(error)

    Thread(target=run, name="delivery", daemon=True).start()
    return await asyncio.wrap_future(done)
