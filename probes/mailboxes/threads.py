"""Threads for blocking work, so that a hanging server delays only its own mailboxes.

Mailboxes are visited in threads, and a thread cannot be cancelled: with one shared pool, a provider that accepts
connections and stays silent would take every thread, and all other mailboxes would go unwatched. So each server (an
IMAP server, or a file system) has its own queue: it gets at most THREADS_PER_SERVER threads, waiting for one does not
count as the server's time, and a circuit breaker stops the asking if the server answers nobody.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from threading import Lock, Semaphore, Thread
from time import monotonic
from types import TracebackType
from typing import Any, TypeVar

from probes.mailboxes import MailboxError
from probes.mailboxes.breaker import Breaker

THREADS_LIMIT = 256
THREADS_PER_SERVER = 8
QUEUE_LIMIT = 300.0  # seconds that a mailbox waits for a thread while others of the same server are read
SHUTDOWN_LIMIT = 2.0  # seconds that threads have to end

T = TypeVar("T")
_Job = tuple[Future[Any], Callable[[], Any]]


class MailboxThreads(Executor):
    """Daemon threads, created on demand: one that hangs on a dead file system does not keep the process alive."""

    def __init__(self, limit: int = THREADS_LIMIT) -> None:
        self._limit = limit
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._idle = Semaphore(0)
        self._threads: list[Thread] = []
        self._lock = Lock()
        self._closed = False
        self._servers: dict[str, Server] = {}

    def visit(self, server: str, mailbox: str) -> "ServerVisit":
        """Start a visit to a mailbox on this server; both by display name. Raises MailboxError while the server answers
        nobody."""
        if server not in self._servers:
            self._servers[server] = Server(server, self)
        visit = ServerVisit(self._servers[server], mailbox)
        visit.check()
        return visit

    @property
    def alive(self) -> int:
        """Number of threads."""
        return sum(thread.is_alive() for thread in self._threads)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """See `Executor`."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("no new work after shutdown")
            self._jobs.put((future, lambda: fn(*args, **kwargs)))
            if not self._idle.acquire(blocking=False) and len(self._threads) < self._limit:
                thread = Thread(target=self._work, name=f"mailbox-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See `Executor`; threads that still hang after SHUTDOWN_LIMIT are left to the end of the process."""
        with self._lock:
            self._closed = True
            for _ in self._threads:
                self._jobs.put(None)
        end = monotonic() + SHUTDOWN_LIMIT
        for thread in self._threads if wait else ():
            thread.join(max(0.0, end - monotonic()))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            _do(*job)
            del job  # or else an idle thread keeps what it did last
            self._idle.release()


def _do(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


class Server:
    """One server: its running threads, its queue, and its breaker."""

    def __init__(self, name: str, threads: MailboxThreads) -> None:
        self.name = name
        self.breaker = Breaker()
        self._threads = threads
        self._busy = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._reason = ""
        self._silent_since: datetime | None = None

    async def begin(self, work: Callable[..., T], *arguments: object) -> Future[T]:
        """Wait for a thread and start the work in it. Raises MailboxError."""
        await self._turn()
        try:
            job = self._threads.submit(work, *arguments)
        except BaseException:
            self._release()
            raise
        loop = asyncio.get_running_loop()
        job.add_done_callback(lambda _: _call_in(loop, self._release))
        return job

    def failed(self, visit: "ServerVisit", reason: str) -> None:
        """The server did not answer this visit. If it answers nobody, waiting visits fail too."""
        self._silent_since = self._silent_since or datetime.now(UTC)
        self._reason = reason
        if self.breaker.failed(visit, visit.mailbox, monotonic()):
            for waiter in self._waiting:
                if not waiter.done():
                    waiter.set_exception(self.silent())

    def answered(self) -> None:
        """A mailbox on it was read."""
        self._silent_since = None
        self.breaker.answered()

    def silent(self) -> MailboxError:
        """Return the error for visits that must not ask now."""
        now = datetime.now(UTC)
        again = now + timedelta(seconds=max(0.0, (self.breaker.retry_at or 0.0) - monotonic()))
        since = self._silent_since or now
        return MailboxError(
            f"{self._reason}; no mailbox on this server could be read since {since:%H:%M:%S} UTC, "
            f"it is tried again at {again:%H:%M:%S} UTC"
        )

    async def _turn(self) -> None:
        if self._busy < THREADS_PER_SERVER:
            self._busy += 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(QUEUE_LIMIT):
                await waiter
        except TimeoutError:
            raise MailboxError(
                f"{self.name}: not looked into within {QUEUE_LIMIT:g} s, since all {THREADS_PER_SERVER} threads for "
                "this server are taken"
            ) from None
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._release()  # it was ours by then
            raise
        finally:
            with suppress(ValueError):
                self._waiting.remove(waiter)

    def _release(self) -> None:
        """Give the thread to whoever has waited longest."""
        while self._waiting:
            if not (waiter := self._waiting.popleft()).done():
                waiter.set_result(None)
                return
        self._busy -= 1


class ServerVisit:
    """One visit to a mailbox on a server."""

    def __init__(self, server: Server, mailbox: str) -> None:
        self.mailbox = mailbox
        self._server = server

    def check(self) -> None:
        """Raise MailboxError while the server answers nobody, unless this visit is the trial."""
        if not self._server.breaker.admits(self, monotonic()):
            raise self._server.silent()

    async def begin(self, work: Callable[..., T], *arguments: object) -> Future[T]:
        """Wait for a thread and start the work in it. Raises MailboxError if none is available."""
        self.check()
        return await self._server.begin(work, *arguments)

    def failed(self, reason: str) -> None:
        """The server could not be reached, or did not answer in time."""
        self._server.failed(self, reason)

    def answered(self) -> None:
        """The mailbox was read."""
        self._server.answered()

    def close(self) -> None:
        """The visit is over."""
        self._server.breaker.left(self)


class Deadline:
    """A time limit for a server's work, paused while we wait for a thread of our own.

    `async with Deadline(seconds)` raises TimeoutError; within it, use `with deadline.paused()` for the wait.
    """

    def __init__(self, seconds: float) -> None:
        self._timeout = asyncio.timeout(seconds)
        self._pauses = 0
        self._left = seconds

    async def __aenter__(self) -> "Deadline":
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._timeout.__aexit__(kind, error, trace)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Pause the deadline in this block, also if several such blocks overlap."""
        now = asyncio.get_running_loop().time
        self._pauses += 1
        if self._pauses == 1:
            self._left = (self._timeout.when() or 0.0) - now()
            self._set(None)
        try:
            yield
        finally:
            self._pauses -= 1
            if self._pauses == 0:
                self._set(now() + self._left)

    def _set(self, when: float | None) -> None:
        with suppress(RuntimeError):  # it has expired, or its block has ended
            self._timeout.reschedule(when)


def _call_in(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(call)
