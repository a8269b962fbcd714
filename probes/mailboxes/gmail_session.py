"""One visit to a mailbox by Gmail's API: the first look lists inbox and spam, later ones read the history since then.

Google counts requests in units, so many a minute for each user. A list of messages has ids only, and each message costs
as much as ten looks at the history: so what was read once is not read again, bodies are read only for what may be a
probe, and a visit waits rather than spend more than its share.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from probes.accounts import AccountError
from probes.accounts.faults import AccountFault
from probes.accounts.requests import Api, ApiReply, ApiRequest
from probes.evidence import Folder
from probes.mailboxes import MailboxError, MailboxSession, Search, Sighting, gmail_answers
from probes.mailboxes.excerpt import DAY, HOUR, PROBE_LIMIT, sighting, split, worth_opening
from probes.mailboxes.folders import INBOX, meaning
from probes.mailboxes.gmail import TRASH, GmailMailbox
from probes.mailboxes.gmail_answers import INBOX_LABEL, SPAM_LABEL, TRASH_LABEL, GmailMessage
from probes.mailboxes.gmail_remedies import GMAIL_REMEDIES
from probes.outside import Outside
from probes.token import beginning

UNITS = {  # developers.google.com/workspace/gmail/api/reference/quota, since May 2026
    "profile": 1, "labels": 1, "history": 2, "list": 5, "get": 20, "trash": 20, "delete": 10,
}  # fmt: skip
UNITS_PER_MINUTE = 5_000  # of 6,000 that each user has: the rest is for the user's own programs
MINUTE = timedelta(minutes=1)
STEP_SECONDS = 120.0  # for one look, one search, one removal
REST_SECONDS = 600.0  # that a visit goes on without probes: nothing is open and nothing is asked meanwhile
PAGE = "100"
PAGES_LIMIT = 50  # of one list or history
OLDER_IN_A_ROW = 3  # messages after which a list, newest first, is taken to be past what is wanted
AT_ONCE = 4  # messages that are read at the same time
READ_LIMIT = 200  # messages of one label, or of a search, that are read
BODIES_LIMIT = 10  # bodies without a token in the headers that one look reads; the next one goes on
PATIENCE_SECONDS = 20.0  # that an API which is busy is waited for
EXAMINED_LIMIT = 50_000  # messages of a visit that are remembered
NAMES = {INBOX_LABEL: (Folder.INBOX, INBOX), SPAM_LABEL: (Folder.JUNK, "[Gmail]/Spam")}
ARCHIVED, IN_TRASH = (Folder.OTHER, "[Gmail]/All Mail"), (Folder.OTHER, "[Gmail]/Trash")  # named as in IMAP
UNREACHABLE = frozenset({AccountFault.API_UNREACHABLE, AccountFault.UNREACHABLE, AccountFault.BUSY})

Place = tuple[Folder, str]


@asynccontextmanager
async def visit(mailbox: GmailMailbox, outside: Outside) -> AsyncIterator[MailboxSession]:
    """Visit the mailbox. Raises MailboxError."""
    where = f"gmail {mailbox.user}"
    try:
        api = outside.accounts.api(mailbox.account_use, GMAIL_REMEDIES)
    except AccountError as error:
        raise MailboxError(f"{where}: {error}") from None
    session = GmailSession(mailbox, api, where)
    await session.start()
    yield session


class GmailSession:
    """One visit. It holds no connection; only what it has seen."""

    def __init__(self, mailbox: GmailMailbox, api: Api, where: str) -> None:
        self._mailbox, self._api, self._where = mailbox, api, where
        self._base = f"/gmail/v1/users/{quote(mailbox.user, safe='@')}"
        self._quota = api.account.quota(f"gmail:{mailbox.user}", UNITS_PER_MINUTE, MINUTE)
        self._history = ""
        self._examined: dict[tuple[str, str], None] = {}  # message and label
        self._unread: list[str] = []  # ids that the next look goes on with
        self._turns = asyncio.Semaphore(AT_ONCE)

    @property
    def folders(self) -> tuple[str, ...]:
        """The inbox and the spam label."""
        return tuple(name for _, name in NAMES.values())

    @property
    def rest_seconds(self) -> float:
        """See `MailboxSession`."""
        return REST_SECONDS

    async def start(self) -> None:
        """Test if the mailbox can be read. Raises MailboxError."""
        async with self._within("open"):
            await self._profile()

    async def look(self, since: datetime) -> Sequence[Sighting]:
        """See `MailboxSession`."""
        before = self._history, [*self._unread]
        try:
            async with self._within("look"):
                return await self._look(since)
        except BaseException:
            self._history, self._unread = before
            raise

    async def _look(self, since: datetime) -> list[Sighting]:
        changed = await self._changes() if self._history else None
        ids = [*dict.fromkeys([*self._unread, *changed])] if changed is not None else None
        if ids is None:
            history = await self._profile()
            messages = await self._newest(INBOX_LABEL, since - DAY) + await self._newest(SPAM_LABEL, since - DAY)
            self._history = history
        else:
            messages = await self._read(ids)
        fresh = {each.id: (each, place) for each in messages if (place := self._fresh(each))}
        found, left = await self._sightings(fresh.values(), since, BODIES_LIMIT)
        self._unread = [each.id for each in left]
        for each in messages:
            if each.id not in self._unread:
                self._examined.update(dict.fromkeys((each.id, label) for label in each.labels & NAMES.keys()))
        while len(self._examined) > EXAMINED_LIMIT:
            del self._examined[next(iter(self._examined))]
        return found

    async def changed(self, timeout: float) -> None:
        """See `MailboxSession`. Returns after `poll`: Google's own notices need a topic of Pub/Sub."""
        if not self._unread:
            await asyncio.sleep(min(timeout, self._mailbox.poll.total_seconds()))

    async def remove(self, sightings: Sequence[Sighting]) -> None:
        """See `MailboxSession`. Deleted for good, moved to the trash, or left, as `remove` says."""
        if not self._mailbox.remove:
            return
        async with self._within("delete"):
            for each in sightings:
                target = f"{self._base}/messages/{quote(each.ref, safe='')}"
                for_good = self._mailbox.remove is True
                request = ApiRequest("DELETE", target) if for_good else ApiRequest("POST", f"{target}/trash")
                reply = await self._call("delete" if for_good else "trash", request)
                if not reply.good and reply.status != 404:
                    raise self._failure(self._api.error(reply))

    async def search(self, since: datetime, probe_ids: Collection[str], only: Collection[str] | None = None) -> Search:
        """See `MailboxSession`. All mail is one list, newest first; if that is too long, nothing counts as searched.

        Where we move probes to the trash ourselves, what lies there is returned only if it is one of `probe_ids`, and
        came since a little before then.
        """
        async with self._within("search"):
            own = gmail_answers.labels(await self._get("labels", "labels"))
            places: dict[str, Place] = {**NAMES, TRASH_LABEL: IN_TRASH}
            places |= {each.id: (meaning(each.name), each.name) for each in own}
            names = [name for _, name in (*places.values(), ARCHIVED) if only is None or name in only]
            messages, whole = await self._listed({"includeSpamTrash": "true"}, since - DAY, self._ours_in_trash(since))
            placed = [(each, place) for each in messages if (place := _place(each, places))[1] in names]
            found, left = await self._sightings(placed, since, READ_LIMIT)
            found = [each for each in found if each.folder_name != IN_TRASH[1] or self._expected(each, probe_ids)]
            searched = tuple(dict.fromkeys(names))
            return Search(found, searched) if whole and not left else Search(found, (), (), searched)

    def _ours_in_trash(self, since: datetime) -> Callable[[GmailMessage], bool]:
        return lambda each: (
            self._mailbox.remove == TRASH
            and TRASH_LABEL in each.labels
            and bool(each.came and each.came < since - HOUR)
        )

    def _expected(self, seen: Sighting, probe_ids: Collection[str]) -> bool:
        starts = tuple(beginning(each) for each in probe_ids)
        return self._mailbox.remove != TRASH or any(token.startswith(starts) for token in seen.tokens.values())

    def _fresh(self, message: GmailMessage) -> Place | None:
        """Return the watched label under which this message was not seen yet."""
        return next((NAMES[label] for label in self._new(message.id, message.labels)), None)

    def _new(self, key: str, labels: frozenset[str]) -> list[str]:
        return [label for label in NAMES if label in labels and (key, label) not in self._examined]

    # -- requests

    async def _profile(self) -> str:
        """Return the present place in the history. Raises MailboxError."""
        if at := gmail_answers.history_id(await self._get("profile", "profile")):
            return at
        raise MailboxError(f"{self._where}: the answer is no profile")

    async def _changes(self) -> list[str] | None:
        """Return what came or got a label since the last look; None if the history does not reach so far back."""
        found: list[str] = []
        query = {"startHistoryId": self._history, "maxResults": "500"}
        for _ in range(PAGES_LIMIT):
            reply = await self._call("history", ApiRequest("GET", f"{self._base}/history", query))
            if reply.status == 404:  # older than a week, sometimes than a few hours
                return None
            if not reply.good:
                raise self._failure(self._api.error(reply))
            at = gmail_answers.history_id(reply.value)
            if not at:
                raise MailboxError(f"{self._where}: the answer is no history")
            found += [
                key
                for key, labels in gmail_answers.changed(reply.value).items()
                if labels is None or self._new(key, labels)
            ]
            if not (page := gmail_answers.next_page(reply.value)):
                self._history = at
                return found
            query["pageToken"] = page
        return None

    async def _newest(self, label: str, floor: datetime) -> list[GmailMessage]:
        """Return the messages with this label that came since."""
        query = {"labelIds": label} | ({"includeSpamTrash": "true"} if label == SPAM_LABEL else {})
        messages, whole = await self._listed(query, floor)
        if not whole:
            raise MailboxError(f"{self._where}: look: too many messages in one day; use a mailbox for probes alone")
        return messages

    async def _listed(
        self,
        query: Mapping[str, str],
        floor: datetime,
        passed: Callable[[GmailMessage], bool] = lambda _: False,
    ) -> tuple[list[GmailMessage], bool]:
        """Return the messages of a list, newest first, that came since, and if these are all. Those that are `passed`
        over are left out."""
        found: list[GmailMessage] = []
        older, read, asked = 0, 0, {**query, "maxResults": PAGE}
        for _ in range(PAGES_LIMIT):
            answer = await self._get("list", "messages", asked)
            if (ids := gmail_answers.listed_ids(answer)) is None:
                raise MailboxError(f"{self._where}: the answer is no list")
            for start in range(0, len(ids), AT_ONCE):
                for each in await self._read(ids[start : start + AT_ONCE]):
                    read += 1
                    late = each.came is not None and each.came < floor
                    older = older + 1 if late else 0
                    found += [] if late or passed(each) else [each]
                if older >= OLDER_IN_A_ROW:
                    return found, True
                if read >= READ_LIMIT:
                    return found, False
            if not (page := gmail_answers.next_page(answer)):
                return found, True
            asked["pageToken"] = page
        return found, False

    async def _read(self, ids: Iterable[str]) -> list[GmailMessage]:
        """Return these messages with headers; one that is gone is left out."""
        answers = await asyncio.gather(*(self._message(each, "metadata") for each in ids))
        return [each for answer in answers if answer is not None and (each := gmail_answers.message(answer))]

    async def _message(self, key: str, form: str) -> Any:
        """Return one message as Gmail answers it, None if it is gone."""
        target = f"{self._base}/messages/{quote(key, safe='')}"
        async with self._turns:
            reply = await self._call("get", ApiRequest("GET", target, {"format": form}))
        if reply.status == 404:
            return None
        if not reply.good:
            raise self._failure(self._api.error(reply))
        return reply.value

    async def _sightings(
        self, placed: Iterable[tuple[GmailMessage, Place]], since: datetime, most: int
    ) -> tuple[list[Sighting], list[GmailMessage]]:
        """Return those with a token, and those that could not be read this time: at most so many are read whole that
        have no token in their headers."""
        found, left, opened = list[Sighting](), list[GmailMessage](), 0
        for each, (folder, name) in placed:
            seen = await asyncio.to_thread(sighting, each.id, folder, name, each.headers, b"", each.came)
            if self._mailbox.bodies and (seen or worth_opening(each.size, each.came, since)):
                if not seen and opened >= most:
                    left.append(each)
                    continue
                opened += not seen
                raw = await self._raw(each)
                headers, body = split(raw) if raw else (each.headers, b"")
                seen = await asyncio.to_thread(sighting, each.id, folder, name, headers, body, each.came) or seen
            found += [seen] if seen else []
        return found, left

    async def _raw(self, message: GmailMessage) -> bytes:
        """Return the octets of a message that is no larger than a probe can be, else none."""
        if message.size > PROBE_LIMIT:
            return b""
        return gmail_answers.raw_message(await self._message(message.id, "raw"))

    async def _get(self, kind: str, path: str, query: Mapping[str, str] | None = None) -> Any:
        reply = await self._call(kind, ApiRequest("GET", f"{self._base}/{path}", query or {}))
        if not reply.good:
            raise self._failure(self._api.error(reply))
        return reply.value

    async def _call(self, kind: str, request: ApiRequest) -> ApiReply:
        """Send a request when its units are there."""
        await self._spend(UNITS[kind])
        try:
            return await self._api.call(replace(request, patience=PATIENCE_SECONDS))
        except AccountError as error:
            raise self._failure(error) from None

    async def _spend(self, units: int) -> None:
        now = self._api.account.now()
        if again_at := self._quota.spend(now, units):
            await asyncio.sleep(max(0.01, (again_at - now).total_seconds()))
            await self._spend(units)

    def _failure(self, error: AccountError) -> MailboxError:
        return MailboxError(f"{self._where}: {error}", unreachable=error.fault in UNREACHABLE, fault=error.fault)

    @asynccontextmanager
    async def _within(self, step: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(STEP_SECONDS):
                yield
        except TimeoutError:
            raise MailboxError(f"{self._where}: {step}: not done within {STEP_SECONDS:g} s", unreachable=True) from None


def _place(message: GmailMessage, places: Mapping[str, Place]) -> Place:
    """Return the first of these labels that the message has; archived mail has none."""
    return next((place for label, place in places.items() if label in message.labels), ARCHIVED)
