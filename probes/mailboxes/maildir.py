"""A Maildir on this machine or a mounted file system, with its junk folder.

New files are announced by inotify and read one by one; everything is listed once at the start, and again whenever the
kernel cannot tell. Files named by inotify are read on the event loop: a message takes some 40 microseconds, going
through a thread twice that. Listings, bursts and network file systems, which may hang, go to the pool.
"""

import asyncio
import errno
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from probes.evidence import Folder
from probes.mailboxes import LocalMaildir, MailboxError, MailboxSession, Search, Sighting, VisitedSettings
from probes.mailboxes.folders import INBOX, junk_directories, maildir_folder, meaning
from probes.mailboxes.maildir_box import FOLDERS_LIMIT, Box, subfolders
from probes.mailboxes.notifier import Notifier, mount_of, real_path, served_elsewhere
from probes.mailboxes.threads import MailboxThreads
from probes.outside import Outside
from probes.settings import FilePath

POLL_SECONDS = 1.0  # seconds between two looks where nobody tells us, and between two searches for a folder for junk
MAX_INLINE_READS = 64  # as many messages are read on the event loop at once
BATCH = 256  # as many in one turn of a thread
THREAD_TIMEOUT_SECONDS = 60.0  # seconds for one turn of a thread, before the file system is taken for dead
REST_SECONDS = 300.0  # seconds that a visit may go on without probes; by default each path has one every three minutes
QUIET_SECONDS = 2.0  # the same where nobody tells us, or others need the kernel's watches more
SEARCH_LIMIT = 120.0  # seconds for a search through all folders

_GONE = (FileNotFoundError, NotADirectoryError)
T = TypeVar("T")


class MaildirMailbox(VisitedSettings):
    """A Maildir that this machine can read. These fields are the config keys.

    `junk` is a name relative to `path` (".Junk"), or a path; by default common names are tried. A junk folder need not
    exist: it is watched as soon as it does.
    """

    via: Literal["maildir"]
    path: FilePath = Field(description="The Maildir: the folder with cur, new and tmp.")
    junk: Annotated[str, Field(min_length=1, max_length=4096)] | None = Field(
        None, description='The junk folder, such as ".Junk"; default: common names are tried.'
    )

    @cached_property  # asked for with every probe, and a real path costs a system call for each of its parts
    def real_path(self) -> str:
        """The folder with symbolic links resolved, except those on network file systems."""
        return real_path(os.path.abspath(self.path))

    @property
    def key(self) -> str:
        """The folder's real path."""
        return f"maildir:{self.real_path}"

    @property
    def local(self) -> LocalMaildir:
        """See `Mailbox`."""
        return LocalMaildir(self.path, self.junk or ".Junk")

    def open(self, outside: Outside) -> AbstractAsyncContextManager[MailboxSession]:
        """Visit the Maildir."""
        return _visit(self, outside.threads)


@asynccontextmanager
async def _visit(mailbox: MaildirMailbox, pool: MailboxThreads) -> AsyncIterator[MailboxSession]:
    session = MaildirSession(mailbox, pool)
    try:
        await session.start()
        yield session
    finally:
        session.close()


class News:
    """An event with one waiter. One of asyncio keeps a queue of waiters: 600 octets for each of thousands of
    mailboxes."""

    __slots__ = ("_there", "_waiter")

    def __init__(self) -> None:
        self._there = False
        self._waiter: asyncio.Future[None] | None = None

    def set(self) -> None:
        """Wake the waiter, and whoever waits before the next `clear`."""
        self._there = True
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def clear(self) -> None:
        """Let the next waiter wait."""
        self._there = False

    async def wait(self) -> None:
        """Wait until it is set."""
        if not self._there:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None


class MaildirSession:
    """One visit to a Maildir. Of other people's mail only the start is read, and nothing is changed."""

    __slots__ = ("_inbox", "_junk", "_mailbox", "_news", "_notifier", "_searched", "_served_elsewhere", "_visit")

    def __init__(self, mailbox: MaildirMailbox, pool: MailboxThreads) -> None:
        self._mailbox = mailbox
        mount = mount_of(mailbox.real_path)
        self._visit = pool.visit(f"file system at {mount}", mailbox.key)
        self._served_elsewhere = served_elsewhere(mount)
        self._notifier = Notifier.here()
        self._news = News()
        self._inbox = Box(mailbox.path, Folder.INBOX, INBOX, self._news.set)
        self._junk: Box | None = None
        self._searched: dict[tuple[Folder, str], Box] = {}

    @property
    def folders(self) -> tuple[str, ...]:
        """INBOX, and the name of the junk folder."""
        return tuple(box.name for box in self._boxes())

    @property
    def rest_seconds(self) -> float:
        """See `MailboxSession`. To be notified costs nothing, to open a Maildir as much as to read a probe."""
        notified = self._notifier is not None and self._notifier.has_room and self._notified
        return REST_SECONDS if notified else QUIET_SECONDS

    @property
    def _notified(self) -> bool:
        return self._junk is not None and all(box.told for box in self._boxes())

    async def start(self) -> None:
        """Check that the Maildir exists. Raises MailboxError."""
        try:
            if self._served_elsewhere:
                await self._in_thread(self._inbox.check)
            else:
                self._inbox.check()
        except OSError as error:
            raise self._sorry(error) from error
        self._news.set()

    def close(self) -> None:
        """Stop watching."""
        for box in self._boxes():
            box.leave(self._notifier)
        self._visit.close()

    async def look(self, since: datetime) -> Sequence[Sighting]:
        """See `MailboxSession`. After a look that failed or was cancelled, the next returns everything again."""
        self._searched.clear()  # what was found there was removed by now
        try:
            await self._find_junk()
            found = await self._look_until_steady(since)
        except OSError as error:
            self._forget()
            raise self._sorry(error) from error
        except (asyncio.CancelledError, MailboxError):
            self._forget()
            raise
        self._visit.answered()
        if not any(box.waits for box in self._boxes()):
            self._news.clear()
        return found

    async def _look_until_steady(self, since: datetime) -> list[Sighting]:
        found: list[Sighting] = []
        for _ in range(3):  # again for what was renamed under our eyes; who goes on with it is found in the next look
            for box in self._boxes():
                found += await self._look_through(box, since)
            if not any(box.missed or box.unsure for box in self._boxes()):
                break
        return found

    def _forget(self) -> None:
        for box in self._boxes():
            box.leave(self._notifier)
        self._inbox = self._inbox.anew()
        self._junk = self._junk and self._junk.anew()
        self._news.set()

    async def changed(self, timeout: float) -> None:
        """See `MailboxSession`. Returns after POLL_SECONDS without notification, or no junk folder yet."""
        try:
            async with asyncio.timeout(timeout if self._notified else min(timeout, POLL_SECONDS)):
                await self._news.wait()
        except TimeoutError:
            return

    async def remove(self, sightings: Sequence[Sighting]) -> None:
        """See `MailboxSession`."""
        boxes = self._searched | {(box.folder, box.name): box for box in self._boxes()}
        for each in sightings:
            if (box := boxes.get((each.folder, each.folder_name))) is None:
                continue  # the whole folder is gone
            try:
                await self._run(box, box.remove, each.ref)
            except _GONE:
                continue
            except OSError as error:
                raise MailboxError(f"{self._where}: {each.ref} cannot be deleted: {_error_text(error)}") from error

    async def search(self, since: datetime, probe_ids: Collection[str], only: Collection[str] | None = None) -> Search:
        """See `MailboxSession`. Reads every file that came since then: that is faster than any index."""
        ends = asyncio.get_running_loop().time() + SEARCH_LIMIT
        found: list[Sighting] = []
        boxes = await self._all_folders()
        searched, closed = [], []
        unfinished = [f"whatever comes after {FOLDERS_LIMIT} folders"] if len(boxes) > FOLDERS_LIMIT else []
        for box in boxes:
            if only is not None and box.name not in only:
                continue
            try:
                async with asyncio.timeout_at(ends):
                    found += await self._read_all(box, since)
            except _GONE:
                continue
            except TimeoutError:
                unfinished.append(box.name)
            except OSError:
                closed.append(box.name)
            else:
                searched.append(box.name)
                self._searched[box.folder, box.name] = box
        return Search(found, tuple(searched), tuple(closed), tuple(unfinished))

    async def _all_folders(self) -> list[Box]:
        """Return all folders of the Maildir, the watched ones first. Raises MailboxError."""
        try:
            paths = await self._in_thread(subfolders, self._mailbox.real_path)
        except OSError as error:
            raise self._sorry(error) from error
        boxes = [box.anew() for box in self._boxes()]
        watched = {box.path for box in boxes}
        called = Counter(maildir_folder(each) for each in paths)
        for path in paths:
            if (place := self._mailbox.path / path) not in watched:
                name = maildir_folder(path)
                name = name if called[name] == 1 else path  # two folders that people call the same
                boxes.append(Box(place, meaning(name), name, self._news.set))
        return boxes

    async def _read_all(self, box: Box, since: datetime) -> list[Sighting]:
        found: list[Sighting] = []
        for _ in range(3):  # again for what was renamed under our eyes
            await self._in_thread(box.survey, since)
            files = box.take()
            for start in range(0, len(files), BATCH):
                found += await self._in_thread(box.read, files[start : start + BATCH], since)
                found += await self._in_thread(box.open_bodies)
            if not box.missed:
                break
        return found

    def _boxes(self) -> tuple[Box, ...]:
        return (self._inbox, self._junk) if self._junk else (self._inbox,)

    async def _look_through(self, box: Box, since: datetime) -> list[Sighting]:
        if self._notifier is not None and box.told:
            self._notifier.drain()
            box.unsure = box.unsure or box.replaced()
        if (box.unsure or not box.told) and not await self._list(box, since):
            return []
        files, found = box.take(), []
        for start in range(0, len(files), BATCH):
            batch = files[start : start + BATCH]
            few = box.local and len(files) <= MAX_INLINE_READS
            found += box.read(batch, since) if few else await self._in_thread(box.read, batch, since)
            if box.unopened:
                found += await self._in_thread(box.open_bodies)
        return found

    async def _list(self, box: Box, since: datetime) -> bool:
        """Start notification and list existing files. False: the junk folder is gone."""
        try:
            box.watch(self._notifier)
            if box.short():
                box.survey(since)
            else:
                await self._in_thread(box.survey, since)
        except _GONE:
            if box is self._inbox:
                raise
            box.leave(self._notifier)
            self._junk = None
            return False
        return True

    async def _find_junk(self) -> None:
        """Remember the junk folder once it exists. Raises OSError."""
        if self._junk is None:
            chosen = self._mailbox.junk
            here = self._inbox.local and not os.path.isabs(chosen or "")
            self._junk = self._search(chosen) if here else await self._in_thread(self._search, chosen)

    def _search(self, chosen: str | None) -> Box | None:
        for name in [chosen] if chosen else junk_directories(os.listdir(self._mailbox.path)):
            box = Box(self._mailbox.path / name, Folder.JUNK, Path(name).name, self._news.set)
            try:
                box.check()
            except _GONE:  # or not whole yet
                continue
            return box
        return None

    async def _run(self, box: Box, work: Callable[..., T], *arguments: object) -> T:
        return work(*arguments) if box.local else await self._in_thread(work, *arguments)

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        job = await self._visit.begin(work, *arguments)
        try:
            async with asyncio.timeout(THREAD_TIMEOUT_SECONDS):
                return await asyncio.wrap_future(job)
        except TimeoutError:
            self._visit.failed(f"{self._where}: no answer within {THREAD_TIMEOUT_SECONDS:g} s")
            raise OSError(errno.ETIMEDOUT, f"no answer within {THREAD_TIMEOUT_SECONDS:g} s") from None

    @property
    def _where(self) -> str:
        return f"maildir {self._mailbox.path}"

    def _sorry(self, error: OSError) -> MailboxError:
        what = f"{self._where}: {error.filename or 'a file'} cannot be read: {_error_text(error)}"
        return MailboxError(f"{what}; {REMEDIES.get(error.errno or 0, 'look at the disk and its mount')}")


REMEDIES = {
    errno.ENOENT: "correct `path`, or make a Maildir there (a folder with tmp, new and cur)",
    errno.ENOTDIR: "correct `path`: it must be a Maildir (a folder with tmp, new and cur)",
    errno.EACCES: "let the user that runs this service read it",
    errno.EPERM: "let the user that runs this service read it",
    errno.EMFILE: "allow this service more open files",
    errno.ESTALE: "mount it again",
}


def _error_text(error: OSError) -> str:
    return error.strerror or str(error)
