"""One watcher per mailbox, for all probes in flight to it.

It is connected only while probes are in flight, or for a while after them where that is cheap; it survives every
failure of the mailbox, and reports what it saw: sightings to `accept`, and completed or failed looks to `report`. It
trusts none of it itself.

The inbox and junk are watched all the time. All folders are searched before a probe may be called missing, when one is
overdue, and once a day for probes left behind.

Every wait has an end. A caller who asks for a look gets an answer, also if the store fails while results are passed on;
that is our own problem then, and no evidence against the mailbox.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from datetime import datetime
from time import monotonic
from typing import Any, TypeVar

import structlog

from monitor.sources.searches import MARGIN, MOVED_EVERY, NO_PROBES, Request, Searches, until_sweep
from monitor.supervised import SupervisedTask
from probes.evidence import FailedLook, Folder, Look
from probes.mailboxes import MailboxError, MailboxSession, Search, Sighting, VisitedMailbox
from probes.outside import Outside

LOOK_INTERVAL_SECONDS = 120.0  # seconds: a push that is lost is found by the next look
BACKOFF_SECONDS = (
    1.0,
    2.0,
    5.0,
    10.0,
    30.0,
    60.0,
)  # between visits to a failing mailbox; the last one repeats
SHUTDOWN_GRACE_SECONDS = 5.0  # seconds to finish a visit when the service stops
QUIET_SECONDS = 2.0  # without a probe expected, before folders are swept: one probe's end is often the next one's start
LOOK_LIMIT = 900.0  # seconds; a mailbox has 60 to be opened, 600 for a look, 120 for a search
FOLDERS_NAMED = 10  # of those that were searched; more are counted

T = TypeVar("T")

Accept = Callable[[Sequence[Sighting]], Awaitable[Sequence[Sighting]]]
"""Takes sightings, stores the true ones, and returns those that are ours to delete."""

Report = Callable[[Iterable[str], Look | FailedLook], Awaitable[None]]
"""Takes a look for the probes with these ids."""

Answer = asyncio.Future[Look | FailedLook]

log = structlog.get_logger("mailbox")


class NotPassedOnError(Exception):
    """Results could not be passed on: our own problem, not the mailbox's. See its cause."""


class Watcher:
    """Watches `mailbox` while probes are expected in it."""

    def __init__(
        self, mailbox: VisitedMailbox, outside: Outside, *, accept: Accept, report: Report, now: Callable[[], datetime]
    ) -> None:
        self.mailbox = mailbox
        self.failures = 0
        self._outside, self._accept, self._report, self._now = outside, accept, report, now
        self._expected: dict[str, datetime] = {}
        self._failed_for = NO_PROBES
        self._searches = Searches(monotonic() + until_sweep(mailbox.key, outside.now()))
        self._asked: list[Answer] = []
        self._poked = False
        self._wait: asyncio.Task[None] | None = None
        self._task = SupervisedTask(f"watch {mailbox.key}", self._run, on_death=self._answer_failed)
        self._closing = self._sweeping = False

    def expect(self, probe_id: str, since: datetime) -> None:
        """Expect a probe, in flight since this time."""
        self._expected[probe_id] = since
        if self._failed_for or self._sweeping:
            self._poke()
        self._task.start()

    def forget(self, probe_id: str) -> None:
        """Stop expecting this probe."""
        self._expected.pop(probe_id, None)
        self._failed_for = self._failed_for - {probe_id} or NO_PROBES
        self._searches.forget(probe_id)
        if not self._expected:
            self._poke()

    async def look(self) -> Look | FailedLook:
        """Search every folder now. Raises the error that prevented passing on the results."""
        answer: Answer = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        self._poke()
        self._task.start()
        try:
            async with asyncio.timeout(LOOK_LIMIT):
                return await answer
        except TimeoutError:
            return FailedLook(self._now(), f"{self.mailbox.key}: not looked through within {LOOK_LIMIT:g} s")
        finally:
            if answer in self._asked:
                self._asked.remove(answer)

    async def close(self) -> None:
        """Leave the mailbox after removing found probes. Probes still expected are left to the next watcher."""
        self._closing = True
        self._poke()
        await self._task.close(SHUTDOWN_GRACE_SECONDS)
        self._refuse(NotPassedOnError("the watch of this mailbox has ended"))

    @property
    def _wanted(self) -> bool:
        return not self._closing and bool(self._expected or self._asked)

    async def _run(self) -> None:
        """Run until closed: errors are logged, waiting callers are answered, and watching continues."""
        misses = 0
        while self._wanted:
            visited = False
            try:
                visited = await self._visits()
            except NotPassedOnError as error:
                log.error("mailbox findings could not be stored", mailbox=self.mailbox.key, reason=str(error))
                self._refuse(error)
            except Exception as error:
                log.exception("mailbox watcher failed; it continues", mailbox=self.mailbox.key)
                self._answer_failed(error)
            misses = 0 if visited else misses + 1
            if self._wanted:
                await self._until_poked(asyncio.sleep(BACKOFF_SECONDS[min(misses, len(BACKOFF_SECONDS) - 1)]))

    async def _visits(self) -> bool:
        """Stay connected while probes are in flight. False if the mailbox could not be read at all, or if what is ours
        could not be removed: only a new session sees that again, so it must not come at once."""
        visited = False
        try:
            async with self.mailbox.open(self._outside) as session:
                while True:
                    if self._wanted:
                        if not await self._visit(session):
                            return False
                        visited = True
                    idle = not self._wanted
                    if idle:
                        self._poked = self._closing  # it was this visit's own end of expecting
                    if not self._closing:
                        await self._until_poked(session.changed(_quiet(session) if idle else self._patience))
                    if idle and not self._wanted:  # still, so that a sweep is not begun anew after each probe
                        await self._sweep(session)
                        await self._rest(session)
                    if self._closing or (idle and not self._wanted):
                        return visited
        except MailboxError as error:
            await self._fail(str(error))
        except NotPassedOnError:
            raise
        except Exception as error:
            log.exception("mailbox visit failed", mailbox=self.mailbox.key)
            await self._fail(self._internal(error))
        return visited

    async def _rest(self, session: MailboxSession) -> None:
        """Stay where that costs the server nothing: the next probe is found without opening the mailbox again, and
        without a look before it is there."""
        longer = session.rest_seconds - _quiet(session)
        if longer > 0 and not self._wanted and not self._closing:
            await self._until_poked(session.changed(longer))

    @property
    def _patience(self) -> float:
        return MOVED_EVERY if self._searches.often else LOOK_INTERVAL_SECONDS

    async def _until_poked(self, waiting: Coroutine[Any, Any, None]) -> None:
        """Wait for `waiting`, or until the watcher is poked."""
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
        """Wake the watcher: end the present wait, or the next one."""
        self._poked = True
        if self._wait:
            self._wait.cancel()

    async def _visit(self, session: MailboxSession) -> bool:
        """Search and remove our probes; False if they could not be removed, which ends the visit but not the
        watching."""
        started = self._now()
        asked, self._asked = self._asked, []
        try:
            since = min(self._expected.values(), default=started) - MARGIN
            ours = await self._accepted(await session.look(since))
            needed = bool(asked or self._failed_for)
            request = self._searches.due(self._expected, started, monotonic(), needed=needed)
            search = await self._search(session, request, needed=needed) if request else None
            ours = [*ours, *(await self._accepted_of(request, search) if request and search else ())]
            if needed and search:
                await self._recover(self._look_of(started, search))
        except BaseException:
            self._asked = asked + self._asked
            raise
        if search:
            _answer(asked, self._look_of(started, search))
        return await self._remove(session, ours)

    async def _search(self, session: MailboxSession, request: Request, *, needed: bool) -> Search | None:
        """Search what is due. A search that no answer depends on may fail: the watched folders were read."""
        try:
            return await session.search(request.since, self._expected.keys(), request.only)
        except MailboxError as error:
            if needed:
                raise
            log.warning("searching all folders failed", mailbox=self.mailbox.key, reason=str(error))
            return None

    async def _sweep(self, session: MailboxSession) -> None:
        """Remove probes left behind in any folder, once a day. Interrupted by any other request."""
        request = self._searches.sweep(self._now(), monotonic())
        if request is None or self._closing:
            return
        found: list[Search | None] = []

        async def search() -> None:
            found.append(await self._search(session, request, needed=False))

        self._sweeping = True
        try:
            await self._until_poked(search())
        finally:
            self._sweeping = False
        for each in found:
            ours = await self._accepted_of(request, each or Search((), ()))
            await self._remove(session, ours)

    async def _accepted_of(self, request: Request, search: Search) -> Sequence[Sighting]:
        """Return those of the sightings that are ours, and remember their folders."""
        ours = await self._accepted(search.sightings)
        elsewhere = {each.folder_name for each in ours if each.folder is Folder.OTHER}
        self._searches.made(request, monotonic(), elsewhere)
        return ours

    async def _accepted(self, sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        return await _passed_on(self._accept(sightings)) if sightings else ()

    def _look_of(self, at: datetime, search: Search) -> Look | FailedLook:
        """Return the look that a fruitless search amounts to: only a completed search proves absence."""
        if left := len(search.unfinished):
            total = left + len(search.folders)
            names = ", ".join(search.unfinished[:FOLDERS_NAMED])
            why = f"{left} of {total} folders could not be searched in time: {names}"
            return FailedLook(at, f"{self.mailbox.key}: {why}{', ...' if left > FOLDERS_NAMED else ''}")
        named = search.folders[:FOLDERS_NAMED]
        return Look(at, named, len(search.folders) - len(named), search.closed[:FOLDERS_NAMED])

    async def _recover(self, look: Look | FailedLook) -> None:
        """Report a successful look to the probes that had got a failed one."""
        if not self._failed_for:
            return
        recovered = self._failed_for & self._expected.keys()
        log.info("mailbox readable again", mailbox=self.mailbox.key)
        await _passed_on(self._report(recovered, look))
        self._failed_for = self._failed_for - recovered or NO_PROBES

    async def _remove(self, session: MailboxSession, ours: Sequence[Sighting]) -> bool:
        try:
            if ours:
                await session.remove(ours)
        except MailboxError as error:
            self.failures += 1
            log.warning("deleting probes failed", mailbox=self.mailbox.key, reason=str(error))
            return False
        return True

    async def _fail(self, reason: str) -> None:
        """Report the failure once to every expected probe, and at once to those that asked.

        A connection that breaks while nothing is expected is no failure: it was about to be closed.
        """
        if not self._wanted:
            return
        self.failures += 1
        failed = FailedLook(self._now(), reason)
        asked, self._asked = self._asked, []
        news = self._expected.keys() - self._failed_for
        try:
            if news:
                log.warning("mailbox unreadable", mailbox=self.mailbox.key, reason=reason)
                await _passed_on(self._report(news, failed))
                self._failed_for |= news
        finally:
            _answer(asked, failed)

    def _refuse(self, error: NotPassedOnError) -> None:
        """Answer waiting callers with the error: they ask again."""
        asked, self._asked = self._asked, []
        for answer in asked:
            if not answer.done():
                answer.set_exception(error)

    def _answer_failed(self, error: BaseException) -> None:
        """Tell waiting callers that the watcher could not look: a fault of ours that may last, so they must not wait
        for it to go away."""
        failed = FailedLook(self._now(), self._internal(error))
        asked, self._asked = self._asked, []
        _answer(asked, failed)

    def _internal(self, error: BaseException) -> str:
        return f"{self.mailbox.key}: internal error: {error!r}"


def _quiet(session: MailboxSession) -> float:
    return min(QUIET_SECONDS, session.rest_seconds)


async def _passed_on(telling: Awaitable[T]) -> T:
    try:
        return await telling
    except Exception as error:
        raise NotPassedOnError(str(error) or repr(error)) from error


def _answer(asked: Iterable[Answer], look: Look | FailedLook) -> None:
    for answer in asked:
        if not answer.done():
            answer.set_result(look)
