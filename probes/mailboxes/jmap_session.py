"""One visit to a mailbox over JMAP.

The first look lists inbox and junk and remembers the account's state before that; later ones ask what has changed since
then. Each is one request, if nothing has come. Where the server cannot tell the changes, everything is listed again.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic

from probes.evidence import Folder
from probes.http import HttpListenError
from probes.mailboxes import MailboxError, Search, Sighting
from probes.mailboxes.excerpt import DAY, sighting
from probes.mailboxes.folders import INBOX, meaning
from probes.mailboxes.jmap import JmapMailbox
from probes.mailboxes.jmap_answers import JmapFolder, JmapMail, not_destroyed
from probes.mailboxes.jmap_reader import Filter, JmapReader, OpenedMail
from probes.mailboxes.jmap_wire import JmapLine, TooMuchError
from probes.mailboxes.threads import ServerVisit
from probes.message import PROBE_HEADER
from probes.outside import Outside
from probes.token import beginning

READ_LIMIT = 1_000  # messages of a search that are read; of more, only those with the marks of a probe
FOUND_LIMIT = 5_000  # messages that a server may find
OPEN_SECONDS = 60.0
LOOK_SECONDS = 600.0  # through the watched folders, however full they are
SEARCH_SECONDS = 120.0  # through all folders
PUSH_TRUST_SECONDS = 60.0  # that a stream is believed when it says nothing
REST_SECONDS, QUIET_SECONDS = 300.0, 2.0  # that a visit goes on without probes, with a stream and without
BREATH = 0.05  # seconds from one change to the next
PAUSE_SECONDS = 30.0  # before a stream that broke is opened again
EXAMINED_LIMIT = 100_000  # messages of a visit that are remembered

Places = Mapping[str, tuple[Folder, str]]
"""Folders by their ids: the meaning and the name of each, the inbox first."""


class JmapSession:
    """One visit. After a look that failed or was cancelled, the next returns everything again."""

    def __init__(self, mailbox: JmapMailbox, outside: Outside, visit: ServerVisit) -> None:
        self._mailbox, self._visit = mailbox, visit
        self._line = JmapLine(mailbox, outside, visit.check)
        self._reader = JmapReader(self._line)
        self._watched: dict[str, tuple[Folder, str]] = {}
        self._state = ""
        self._examined: dict[tuple[str, str], None] = {}  # message and folder
        self._news = asyncio.Event()
        self._pushes = False
        self._listening: asyncio.Task[None] | None = None
        self._changed_at = 0.0

    @property
    def folders(self) -> tuple[str, ...]:
        """The inbox and the junk folder, by the server's names."""
        return tuple(name for _, name in self._watched.values())

    @property
    def rest_seconds(self) -> float:
        """See `MailboxSession`. A stream costs the server little; without one each wait ends in a request."""
        return REST_SECONDS if self._pushes else QUIET_SECONDS

    async def start(self) -> None:
        """Read the session and the folders. Raises MailboxError."""
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self._line.connect()
                self._watch(await self._reader.folders())
        except TimeoutError:
            raise self._line.error(f"not open within {OPEN_SECONDS:g} s", unreachable=True) from None
        self._listening = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Stop listening."""
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def look(self, since: datetime) -> Sequence[Sighting]:
        """See `MailboxSession`."""
        self._news.clear()
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                found = await self._look(since)
        except TimeoutError:
            self._forget()
            raise self._line.error(f"not looked through within {LOOK_SECONDS:g} s", unreachable=True) from None
        except (MailboxError, asyncio.CancelledError):
            self._forget()
            raise
        self._visit.answered()
        return found

    def _forget(self) -> None:
        self._state = ""
        self._examined.clear()
        self._news.set()

    async def _look(self, since: datetime) -> list[Sighting]:
        both = [*self._watched] if len(self._watched) > 1 else None  # without junk: it may have been made
        new = await self._reader.changes(self._state, both) if self._state else None
        if new is None or self._differ(new.folders):
            if new is not None:
                self._watch(await self._reader.folders())
            new = await self._reader.listed([_within([key], since) for key in self._watched], None)
            self._watch(new.folders)
        places = {mail.id: place for mail in new.mails if (place := self._place(mail))}
        unread = [mail.id for mail in new.mails if mail.id in places and mail.headers is None]
        mails = [mail for mail in new.mails if mail.id in places and mail.headers is not None]
        mails += await self._reader.read(unread) if unread else []
        found = await self._sightings(await self._reader.opened(mails, since), places)
        for mail in new.mails:
            self._examined.update(dict.fromkeys((mail.id, each) for each in mail.folders & self._watched.keys()))
        while len(self._examined) > EXAMINED_LIMIT:
            del self._examined[next(iter(self._examined))]
        self._state = new.state
        return found

    async def changed(self, timeout: float) -> None:
        """See `MailboxSession`. Returns after `poll` if the server does not push, else after PUSH_TRUST_SECONDS."""
        await asyncio.sleep(min(timeout, self._changed_at + BREATH - monotonic()))
        poll = PUSH_TRUST_SECONDS if self._pushes else self._mailbox.poll.total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(timeout, poll)):
                await self._news.wait()
        self._changed_at = monotonic()

    async def remove(self, sightings: Sequence[Sighting]) -> None:
        """See `MailboxSession`. Nothing is deleted with `remove = false`."""
        refs = [*dict.fromkeys(each.ref for each in sightings)] if self._mailbox.remove else []
        size = self._line.server.objects_set
        for start in range(0, len(refs), size):
            try:
                ((answer,),) = await self._line.ask([("Email/set", {"destroy": refs[start : start + size]})])
            except TooMuchError:
                raise self._line.error("its answer is too large") from None
            if refused := not_destroyed(answer):
                raise self._line.error(f"{len(refused)} cannot be deleted: {next(iter(refused.values()))}")

    async def search(self, since: datetime, probe_ids: Collection[str], only: Collection[str] | None = None) -> Search:
        """See `MailboxSession`. The server finds what came since then in all folders at once."""
        folders = await self._reader.folders()
        self._watch(folders)
        chosen = [each for each in folders if only is None or each.name in only]
        meanings = {each.id: (meaning(each.name), each.name) for each in chosen if each.readable}
        first = {key: place for key, place in self._watched.items() if key in meanings}
        places = first | {key: place for key, place in meanings.items() if key not in first}
        names = tuple(name for _, name in places.values())
        closed = tuple(each.name for each in chosen if not each.readable) if only is None else ()
        try:
            async with asyncio.timeout(SEARCH_SECONDS):
                mail_ids = await self._search(_within(places if only is not None else None, since), probe_ids)
                mails = await self._reader.read(mail_ids) if places else []
                by_id = {mail.id: place for mail in mails if (place := _place(mail, places))}
                opened = await self._reader.opened([mail for mail in mails if mail.id in by_id], since)
        except TimeoutError:
            return Search((), (), closed, names)
        return Search(await self._sightings(opened, by_id), names, closed)

    async def _search(self, filter_: Filter, probe_ids: Collection[str]) -> list[str]:
        """Return the ids of possible probes. In a mailbox with very many messages the server is asked for those with
        the marks of a probe."""
        found = await self._reader.find(filter_, READ_LIMIT + 1)
        if len(found) <= READ_LIMIT:
            return found
        marks = [[PROBE_HEADER], *(["Message-ID", beginning(each)] for each in sorted(probe_ids))]
        any_mark = {"operator": "OR", "conditions": [{"header": mark} for mark in marks]}
        return await self._reader.find({"operator": "AND", "conditions": [filter_, any_mark]}, FOUND_LIMIT)

    def _watch(self, folders: Iterable[JmapFolder]) -> None:
        """Choose the inbox and the junk folder. Raises MailboxError."""
        inbox = _chosen(folders, self._mailbox.inbox, "inbox")
        if inbox is None:
            wanted = f"folder {self._mailbox.inbox}" if self._mailbox.inbox else "folder with the role inbox"
            raise self._line.error(f"there is no {wanted}; check `inbox`")
        junk = _chosen(folders, self._mailbox.junk, "junk")
        watched = {inbox.id: (Folder.INBOX, inbox.name)}
        if junk is not None and junk.id != inbox.id:
            watched[junk.id] = (Folder.JUNK, junk.name)
        self._watched = watched

    def _differ(self, folders: Sequence[JmapFolder]) -> bool:
        """Test if the watched folders are not what they were, by an answer for these or all folders."""
        there = {each.id: each for each in folders}
        if any(key not in there for key in self._watched):
            return True
        if len(self._watched) > 1:
            return False
        return _chosen(folders, self._mailbox.junk, "junk") is not None

    def _place(self, mail: JmapMail) -> tuple[Folder, str] | None:
        """Return the watched folder in which this message was not examined before."""
        new = {key: place for key, place in self._watched.items() if (mail.id, key) not in self._examined}
        place = _place(mail, new)
        marked = "$junk" in mail.keywords and "$notjunk" not in mail.keywords
        if place and marked and len(self._watched) == 1:  # RFC 8621, section 4.1.1: all that tells junk here
            return Folder.JUNK, place[1]
        return place

    async def _sightings(
        self, opened: Sequence[OpenedMail], places: Mapping[str, tuple[Folder, str]]
    ) -> list[Sighting]:
        if not opened:
            return []
        job = await self._visit.begin(_read, opened, places)
        return await asyncio.wrap_future(job)

    async def _listen(self) -> None:
        """Keep the stream of changes open as long as the server pushes; else `poll` is how often we look."""
        while True:
            try:
                if not await self._line.listen(self._heard_open, self._news.set):
                    return
            except (HttpListenError, MailboxError):
                pass
            self._pushes = False
            self._news.set()
            await asyncio.sleep(PAUSE_SECONDS)

    def _heard_open(self) -> None:
        self._pushes = True
        self._news.set()  # what came before it was open is not told


def _read(opened: Sequence[OpenedMail], places: Mapping[str, tuple[Folder, str]]) -> list[Sighting]:
    seen = (sighting(mail.id, *places[mail.id], headers, body, mail.received_at) for mail, headers, body in opened)
    return [each for each in seen if each]


def _place(mail: JmapMail, places: Places) -> tuple[Folder, str] | None:
    """Return the first of these folders that the message lies in."""
    return next((place for key, place in places.items() if key in mail.folders), None)


def _chosen(folders: Iterable[JmapFolder], name: str | None, role: str) -> JmapFolder | None:
    """Return the folder of this name, or without one of this role."""
    if name is None:
        return next((each for each in folders if each.role == role), None)
    same = [each for each in folders if each.name == name]
    return next(iter(same), None) or next((each for each in folders if name.upper() == INBOX == each.name), None)


def _within(folder_ids: Collection[str] | None, since: datetime) -> Filter:
    """Return the filter for messages in any of these folders, None for all, that came since then, give or take a
    day."""
    came = {"after": f"{(since - DAY).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    if folder_ids is None:
        return came
    if len(folder_ids) == 1:
        return {"inMailbox": next(iter(folder_ids)), **came}
    places = {"operator": "OR", "conditions": [{"inMailbox": each} for each in folder_ids]}
    return {"operator": "AND", "conditions": [came, places]}
