"""Stop a long-running command within a time limit, whatever its threads are doing.

Python cannot kill a thread, and a thread may hang in a C library or on a disk that does not respond. At exit the
interpreter joins all threads without a timeout: `asyncio.run` those of the default executor, `concurrent.futures` its
own. So once everything is closed and flushed, the process leaves through `os._exit`, which joins nothing. Daemon
threads are no alternative: one that wakes up during interpreter shutdown can crash it.

Closing can hang as well, and so can the event loop. All of it therefore has STOP_SECONDS from the signal; after that
faulthandler's watchdog, which needs neither the event loop nor the GIL, dumps every thread's stack to standard error
and exits with code 1. Nothing is lost: everything acknowledged to a client is already in the store, as for a kill -9.

One case is left to the service manager: native code that never releases the GIL. No Python code runs then, so the
signal is not handled; systemd and Kubernetes send SIGKILL after 90 and 30 seconds.
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
    """Return an event that the first SIGTERM or SIGINT sets, starting STOP_SECONDS. A second signal exits at once."""
    loop, stop, signalled = asyncio.get_running_loop(), asyncio.Event(), False

    def at_once(number: int, _: object) -> None:
        """Run between two bytecodes of the main thread: works even if the event loop is stuck."""
        nonlocal signalled
        if signalled:
            os._exit(128 + number)
        signalled = True
        faulthandler.dump_traceback_later(STOP_SECONDS, exit=True)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(
            number, stop.set
        )  # wakes the loop; installs its own handler, which the next line replaces
        signal.signal(number, at_once)
        signal.siginterrupt(number, False)
    return stop


async def to_the_end(work: Coroutine[object, object, Exit]) -> NoReturn:
    """Await the work and exit with its code without joining threads. Exceptions of the work propagate."""
    code = await work
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
