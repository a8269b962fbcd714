"""How a command that runs for long is stopped, and that it always is.

A thread cannot be ended, and one may hang: in a foreign library, on a disk that does not answer. The interpreter waits
for all of them at its end, without a time limit: `asyncio.run` for those of the default executor, `concurrent.futures`
for its own. So once everything is closed and written, we leave by `os._exit`, which waits for nobody. Daemon threads
would be no remedy: one that comes back to life while the interpreter is taken down can crash it.

Closing itself may hang too, and so may the event loop, so all of it has STOP_SECONDS from the signal. Then
faulthandler's watchdog, which needs neither the event loop nor the interpreter's lock, writes to standard error what
each thread is doing, and ends the process with exit code 1. Nothing is lost by that: what was promised to anybody is in
the store already, as it must be for a kill -9.

One thing is left to whoever started us: foreign code in another thread that never gives the interpreter's lock back. No
code of Python's runs then, so nobody hears of the signal; systemd and Kubernetes kill, after 90 and 30 seconds.
"""

import asyncio
import faulthandler
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from typing import NoReturn

from monitor.cli.exits import Exit

STOP_SECONDS = 20.0  # systemd waits for 90 and Kubernetes for 30 before they kill


def until_stopped() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT, from which STOP_SECONDS count; the second ends the process at once."""
    loop, stop, told = asyncio.get_running_loop(), asyncio.Event(), False

    def at_once(number: int, _: object) -> None:
        """Called between two steps of the main thread, whatever that does; the event loop itself may be stuck."""
        nonlocal told
        if told:
            os._exit(128 + number)
        told = True
        faulthandler.dump_traceback_later(STOP_SECONDS, exit=True)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)  # which wakes the loop, and puts a handler of its own in the place
        signal.signal(number, at_once)
        signal.siginterrupt(number, False)
    return stop


async def to_the_end(work: Coroutine[object, object, Exit]) -> NoReturn:
    """Do the work, and end the process with its exit code, whatever its threads do. Raises what the work raises."""
    code = await work
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
