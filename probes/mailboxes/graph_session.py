"""One visit to a mailbox by Microsoft Graph: inbox and junk are listed every `poll` while probes are in flight.

Two requests for one look, and not one `$batch`: so each has its own status and its own Retry-After, and both count the
same. No delta query: it writes into the mailbox, and needs a state that can be lost. What has been seen is not read
again: of that only ids are listed. Ids are immutable: a message keeps its id wherever a rule moves it.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from probes.accounts import AccountError
from probes.accounts.faults import AccountFault
from probes.accounts.requests import Api, ApiReply, ApiRequest
from probes.evidence import Folder
from probes.mailboxes import MailboxError, MailboxSession, Search, Sighting, graph_mail
from probes.mailboxes.excerpt import BODY_LIMIT, DAY, sighting, worth_opening
from probes.mailboxes.folders import INBOX, meaning
from probes.mailboxes.graph import WELL_KNOWN_INBOX, GraphMailbox
from probes.mailboxes.graph_mail import GraphFolder, GraphMessage
from probes.mailboxes.graph_remedies import MAIL_REMEDIES
from probes.outside import Outside

PATIENCE = 12.0  # seconds that Graph may be busy, or out of reach, before the visit fails
STEP_SECONDS = 120.0  # for one look, one search, one removal
REST_SECONDS = 600.0  # that a visit goes on without probes: nothing is open and nothing is asked meanwhile
PAGES_LIMIT = 40  # of one list: 2,000 messages with their headers
FOLDERS_LIMIT = 500
BODIES_LIMIT = 10  # read in one folder for one look; the next one goes on
SEARCHED_BODIES_LIMIT = 50  # read in one folder for one search
UNLISTED = "a folder that is not listed"
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}  # learn.microsoft.com/graph/outlook-immutable-id
AS_TEXT = {"Prefer": 'IdType="ImmutableId", outlook.body-content-type="text"'}
GONE = frozenset({404, 410})
NO_SUCH_ACTION = frozenset({400, 405, 501})  # where a cloud has no permanentDelete
UNREACHABLE = frozenset({AccountFault.API_UNREACHABLE, AccountFault.UNREACHABLE, AccountFault.BUSY})


@asynccontextmanager
async def visit(mailbox: GraphMailbox, outside: Outside) -> AsyncIterator[MailboxSession]:
    """Visit the mailbox. Raises MailboxError."""
    where = f"graph {mailbox.user}"
    try:
        api = outside.accounts.api(mailbox.account_use, MAIL_REMEDIES)
    except AccountError as error:
        raise MailboxError(f"{where}: {error}") from None
    session = GraphSession(mailbox, api, where)
    await session.start()
    yield session


class GraphSession:
    """One visit. It holds no connection; only what it has seen."""

    def __init__(self, mailbox: GraphMailbox, api: Api, where: str) -> None:
        self._mailbox, self._api, self._where = mailbox, api, where
        self._base = f"/users/{quote(mailbox.user, safe='@')}"
        self._watched: dict[Folder, GraphFolder] = {}
        self._seen: set[str] = set()
        self._patience = 0.0  # none before it is open: whoever opens it tries again
        self._bodies = True  # until we are refused one
        self._for_good = True  # until the cloud has no such action

    @property
    def folders(self) -> tuple[str, ...]:
        """The inbox and the junk folder, the latter by its name in the mailbox."""
        return tuple(each.name for each in self._watched.values())

    @property
    def rest_seconds(self) -> float:
        """See `MailboxSession`."""
        return REST_SECONDS

    async def start(self) -> None:
        """Find the folders. Raises MailboxError."""
        box = self._mailbox
        async with self._within("open"):
            inbox, junk = await asyncio.gather(self._folder(box.inbox), self._folder(box.junk))
        name = INBOX if box.inbox == WELL_KNOWN_INBOX else inbox.name
        self._watched = {Folder.INBOX: replace(inbox, name=name), Folder.JUNK: junk}
        self._patience = PATIENCE

    async def look(self, since: datetime) -> Sequence[Sighting]:
        """See `MailboxSession`. Mail is known by when it came; what is moved in later is found if it came since."""
        async with self._within("look"):
            listed = await asyncio.gather(*(self._new_in(each.id, since - DAY) for each in self._watched.values()))
            found: list[Sighting] = []
            read: set[str] = set()
            for folder, messages in zip(self._watched, listed, strict=True):
                name = self._watched[folder].name
                for each, seen in await self._sightings(folder, name, messages, since, BODIES_LIMIT):
                    found += [seen] if seen and each.id not in read else []
                    read.add(each.id)
            self._seen |= read
            return found

    async def search(self, since: datetime, probe_ids: Collection[str], only: Collection[str] | None = None) -> Search:
        """See `MailboxSession`. All folders are read in one list, for which no ids are needed. If there is too much, no
        folder counts as searched; if too many bodies would have to be read, those folders do not."""
        async with self._within("search"):
            folders, all_folders = await self._all_folders()
            chosen = {each.id: each for each in folders if only is None or each.name in only}
            messages, whole = await self._pages(f"{self._base}/messages", graph_mail.READ, since - DAY)
            for each in messages if only is None else ():
                chosen.setdefault(each.folder_id, GraphFolder(each.folder_id, UNLISTED))
            found: list[Sighting] = []
            searched: dict[str, bool] = {}
            for key, folder in chosen.items():
                here = [each for each in messages if each.folder_id == key]
                read = await self._sightings(self._purpose(folder), folder.name, here, since, SEARCHED_BODIES_LIMIT)
                found += [seen for _, seen in read if seen]
                searched[folder.name] = whole and all_folders and len(read) == len(here)
            done = tuple(name for name, finished in searched.items() if finished)
            return Search(found, done, (), tuple(name for name in searched if name not in done))

    async def changed(self, timeout: float) -> None:
        """See `MailboxSession`. Returns after `poll`: it is quicker than Graph's notifications, which take minutes."""
        await asyncio.sleep(min(timeout, self._mailbox.poll.total_seconds()))

    async def remove(self, sightings: Sequence[Sighting]) -> None:
        """See `MailboxSession`. Without `remove` nothing is deleted."""
        if not self._mailbox.remove:
            return
        async with self._within("delete"):
            for each in sightings:
                await self._delete(f"{self._base}/messages/{quote(each.ref, safe='')}")

    async def _delete(self, message: str) -> None:
        """Delete a message for good where the cloud can, else so that its user can recover it for a while."""
        if self._for_good:
            reply = await self._call(ApiRequest("POST", f"{message}/permanentDelete", headers=IMMUTABLE))
            if reply.good or reply.status in GONE:
                return
            if reply.status not in NO_SUCH_ACTION:
                raise self._error(reply)
            self._for_good = False
        reply = await self._call(ApiRequest("DELETE", message, headers=IMMUTABLE))
        if not reply.good and reply.status not in GONE:
            raise self._error(reply)

    async def _new_in(self, folder_id: str, floor: datetime) -> list[GraphMessage]:
        """Return the messages with headers in this folder that were not seen yet."""
        target = f"{self._base}/mailFolders/{quote(folder_id, safe='')}/messages"
        if self._seen:
            listed, _ = await self._pages(target, graph_mail.LISTED, floor)
            unseen = [each for each in listed if each.id not in self._seen]
            if not unseen:
                return []
            floor = max(floor, min(each.came or floor for each in unseen))
        messages, whole = await self._pages(target, graph_mail.READ, floor)
        if not whole:
            raise MailboxError(f"{self._where}: look: too many messages in one day; use a mailbox for probes alone")
        return [each for each in messages if each.id not in self._seen]

    async def _sightings(
        self, folder: Folder, name: str, messages: Sequence[GraphMessage], since: datetime, most_bodies: int
    ) -> list[tuple[GraphMessage, Sighting | None]]:
        """Return each message that was read, with its sighting if it contains a token. Those without one in their
        headers are read by their bodies, at most so many of them."""
        if not messages:
            return []
        found = await asyncio.to_thread(_by_headers, folder, name, messages)
        opened = 0
        read: list[tuple[GraphMessage, Sighting | None]] = []
        for each, seen in zip(messages, found, strict=True):
            if seen is None and self._bodies and worth_opening(0, each.came, since):
                if opened >= most_bodies:
                    continue
                opened += 1
                seen = await self._by_body(folder, name, each)
            read.append((each, seen))
        return read

    async def _by_body(self, folder: Folder, name: str, message: GraphMessage) -> Sighting | None:
        """Return the message as a sighting by its body. What Graph calls text is not what was sent, so it has no
        digest."""
        target = f"{self._base}/messages/{quote(message.id, safe='')}"
        request = ApiRequest("GET", target, {"$select": "body"}, headers=AS_TEXT, most=4 * BODY_LIMIT)
        try:
            reply = await self._api.call(replace(request, patience=self._patience))
        except AccountError as error:
            if error.fault is AccountFault.TOO_LONG:
                return None
            raise self._failure(error) from None
        if reply.status == 403:
            self._bodies = False
        if not reply.good:
            return None
        content = graph_mail.body(reply.value)
        seen = await asyncio.to_thread(sighting, message.id, folder, name, message.headers, content, message.came)
        return replace(seen, digest=None) if seen else None

    async def _folder(self, key: str) -> GraphFolder:
        query = {"$select": "id,displayName"}
        reply = await self._call(
            ApiRequest("GET", f"{self._base}/mailFolders/{quote(key, safe='')}", query, headers=IMMUTABLE)
        )
        if not reply.good:
            raise self._error(reply)
        if (found := graph_mail.folder(reply.value)) is None:
            raise MailboxError(f"{self._where}: the answer is no folder")
        return found

    async def _all_folders(self) -> tuple[list[GraphFolder], bool]:
        """Return all folders, and if these are all: those that are watched first; the name of one in another has that
        before it."""
        watched = {each.id: each for each in self._watched.values()}
        found = dict(watched)
        waiting = [(f"{self._base}/mailFolders", "")]
        while waiting and len(found) < FOLDERS_LIMIT:
            target, parent = waiting.pop()
            items, _ = await self._items(target, {**graph_mail.FOLDERS, "includeHiddenFolders": "true"})
            for each in filter(None, map(graph_mail.folder, items)):
                named = replace(each, name=f"{parent}{each.name}")
                if each.parent:
                    waiting.append(
                        (f"{self._base}/mailFolders/{quote(each.id, safe='')}/childFolders", f"{named.name}/")
                    )
                found.setdefault(each.id, named)
        return [*found.values()], not waiting

    def _purpose(self, folder: GraphFolder) -> Folder:
        own = (purpose for purpose, each in self._watched.items() if each.id == folder.id)
        return next(own, meaning(folder.name))

    async def _pages(self, target: str, query: Mapping[str, str], floor: datetime) -> tuple[list[GraphMessage], bool]:
        """Return the messages that came since, each once, and if these are all."""
        items, whole = await self._items(target, {**query, **graph_mail.since(floor)})
        messages = {each.id: each for each in map(graph_mail.message, items) if each}
        return [*messages.values()], whole

    async def _items(self, target: str, query: Mapping[str, str]) -> tuple[list[Any], bool]:
        """Return the items of a list of many pages, and if it was read to its end."""
        request, items = ApiRequest("GET", target, query, headers=IMMUTABLE), list[Any]()
        for _ in range(PAGES_LIMIT):
            reply = await self._call(request)
            if not reply.good:
                raise self._error(reply)
            page = graph_mail.items_of(reply.value)
            if page is None:
                raise MailboxError(f"{self._where}: the answer is no list")
            items += page
            if not (link := graph_mail.next_page(reply.value)):
                return items, True
            request = ApiRequest("GET", link, headers=IMMUTABLE)
        return items, False

    async def _call(self, request: ApiRequest) -> ApiReply:
        """Send the request; after a short pause once more if Graph is busy, as it is now and then for everybody."""
        try:
            return await self._api.call(replace(request, patience=self._patience))
        except AccountError as error:
            raise self._failure(error) from None

    def _error(self, reply: ApiReply) -> MailboxError:
        return self._failure(self._api.error(reply))

    def _failure(self, error: AccountError) -> MailboxError:
        return MailboxError(f"{self._where}: {error}", unreachable=error.fault in UNREACHABLE, fault=error.fault)

    @asynccontextmanager
    async def _within(self, step: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(STEP_SECONDS):
                yield
        except TimeoutError:
            raise MailboxError(f"{self._where}: {step}: not done within {STEP_SECONDS:g} s", unreachable=True) from None


def _by_headers(folder: Folder, name: str, messages: Sequence[GraphMessage]) -> list[Sighting | None]:
    return [sighting(each.id, folder, name, each.headers, b"", each.came) for each in messages]
