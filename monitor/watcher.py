"""One watcher per mailbox, for all the probes that are on their way to it.

It is connected only while probes are out, survives whatever the mailbox does to it, and tells what it saw: sightings to
`hear`, and looks, made or failed, to `report`. It believes nothing itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from probes.evidence import FailedLook, Look
from probes.mailboxes import Mailbox, MailboxError, Session, Sighting
from probes.mailboxes.threads import MailboxThreads

PATIENCE = 120.0  # seconds: a push that is lost is found by the next look
BACKOFF = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)  # seconds between visits to a mailbox that fails; the last one repeats
GRACE = 5.0  # seconds to finish a visit when the service stops
LINGER = 2.0  # seconds to stay connected when nothing is expected any more

Hear = Callable[[Sequence[Sighting]], Awaitable[Sequence[Sighting]]]
"""Takes sightings, keeps what is true of them, and returns those that are ours to delete."""

Report = Callable[[Iterable[str], Look | FailedLook], Awaitable[None]]
"""Takes a look for the probes with these ids."""

log = structlog.get_logger("mailbox")


class Watcher:
    """Watches `mailbox` while anything is expected in it."""

    def __init__(
        self, mailbox: Mailbox, pool: MailboxThreads, *, hear: Hear, report: Report, now: Callable[[], datetime]
    ) -> None:
        self.mailbox = mailbox
        self.failures = 0
        self._pool, self._hear, self._report, self._now = pool, hear, report, now
        self._expected: dict[str, datetime] = {}
        self._failed_for: set[str] = set()
        self._asked: list[asyncio.Future[Look | FailedLook]] = []
        self._poked = False
        self._wait: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def expect(self, probe_id: str, since: datetime) -> None:
        """A probe is on its way since then."""
        self._expected[probe_id] = since
        if self._failed_for:
            self._poke()
        self._start()

    def forget(self, probe_id: str) -> None:
        """Nothing more is expected of this probe."""
        self._expected.pop(probe_id, None)
        self._failed_for.discard(probe_id)
        if not self._expected:
            self._poke()

    async def look(self) -> Look | FailedLook:
        """Look now, through every folder."""
        answer: asyncio.Future[Look | FailedLook] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        self._poke()
        self._start()
        return await answer

    async def close(self) -> None:
        """Leave the mailbox, what was found in it first removed. What is still expected is for the next to find."""
        self._closing = True
        self._poke()
        if self._task:
            await asyncio.wait((self._task,), timeout=GRACE)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for answer in self._asked:
            answer.cancel()

    @property
    def _wanted(self) -> bool:
        return not self._closing and bool(self._expected or self._asked)

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"watch {self.mailbox.key}")

    async def _run(self) -> None:
        misses = 0
        while self._wanted:
            visited = await self._visits()
            misses = 0 if visited else misses + 1
            if self._wanted:
                await self._until_poked(asyncio.sleep(BACKOFF[min(misses, len(BACKOFF) - 1)]))

    async def _visits(self) -> bool:
        """Be connected for as long as probes are out; whether the mailbox could be read at all."""
        visited = False
        try:
            async with self.mailbox.open(self._pool) as session:
                while True:
                    if self._wanted:
                        clean = await self._visit(session)
                        visited = True
                        if not clean:
                            return visited
                    idle = not self._wanted  # one probe's end is often the next one's start
                    if idle:
                        self._poked = self._closing  # it was this visit's own end of expecting
                    if not self._closing:
                        await self._until_poked(session.changed(LINGER if idle else PATIENCE))
                    if self._closing or (idle and not self._wanted):
                        return visited
        except MailboxError as error:
            await self._fail(str(error))
        except Exception as error:
            log.exception("looking into a mailbox went wrong", mailbox=self.mailbox.key)
            await self._fail(f"{self.mailbox.key}: internal error: {error!r}")
        return visited

    async def _until_poked(self, waiting: Coroutine[Any, Any, None]) -> None:
        """Wait for `waiting`, or until somebody wants something of us."""
        wait = self._wait = asyncio.create_task(waiting)
        if self._poked:
            wait.cancel()
        try:
            await asyncio.wait((wait,))
        finally:
            self._wait, self._poked = None, False
            if not wait.done():
                wait.cancel()
                await asyncio.gather(wait, return_exceptions=True)
        if not wait.cancelled():
            wait.result()

    def _poke(self) -> None:
        """Somebody wants something: end the present wait, or the next one."""
        self._poked = True
        if self._wait:
            self._wait.cancel()

    async def _visit(self, session: Session) -> bool:
        """Look, and remove what is ours; False if it could not be removed, which ends the visit but not the looking."""
        asked, self._asked = self._asked, []
        started = self._now()
        try:
            since = min(self._expected.values(), default=started)
            sightings = await session.look(since - timedelta(minutes=1))
            ours = await self._hear(sightings) if sightings else ()
        except BaseException:
            self._asked = asked + self._asked
            raise
        look = Look(started, session.folders)
        if self._failed_for:
            recovered, self._failed_for = self._failed_for & self._expected.keys(), set()
            log.info("mailbox can be read again", mailbox=self.mailbox.key)
            await self._report(recovered, look)
        _answer(asked, look)
        return await self._remove(session, ours)

    async def _remove(self, session: Session, ours: Sequence[Sighting]) -> bool:
        try:
            if ours:
                await session.remove(ours)
        except MailboxError as error:
            self.failures += 1
            log.warning("found probes cannot be deleted", mailbox=self.mailbox.key, reason=str(error))
            return False
        return True

    async def _fail(self, reason: str) -> None:
        """Every expected probe learns once that we cannot look; those that asked learn it at once.

        A connection that breaks while nothing is expected is no failure: it was about to be closed.
        """
        if not self._wanted:
            return
        self.failures += 1
        asked, self._asked = self._asked, []
        failed = FailedLook(self._now(), reason)
        news = self._expected.keys() - self._failed_for
        if news:
            log.warning("mailbox cannot be read", mailbox=self.mailbox.key, reason=reason)
            self._failed_for |= news
            await self._report(news, failed)
        _answer(asked, failed)


def _answer(asked: Iterable[asyncio.Future[Look | FailedLook]], look: Look | FailedLook) -> None:
    for answer in asked:
        if not answer.done():
            answer.set_result(look)
