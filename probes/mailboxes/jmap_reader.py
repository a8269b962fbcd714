"""Read messages over JMAP: lists, changes, headers in batches, bodies of what may be a probe. Keeps nothing.

An answer may be too large, because somebody's mail has megabytes of headers. Then the same is asked without headers,
and these are read in smaller and smaller batches: one that is too large alone is no probe.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from probes.mailboxes.excerpt import BODY_LIMIT, split, worth_opening
from probes.mailboxes.jmap_answers import (
    JmapFolder,
    JmapMail,
    failure_of,
    ids,
    is_last_page,
    read_folders,
    read_mails,
    read_texts,
    state,
)
from probes.mailboxes.jmap_wire import Call, Group, JmapLine, TooMuchError, ids_of

BATCH = 50  # messages whose headers are read at once
BODIES_AT_ONCE = 16
IDS_AT_ONCE = 500
PASSES = 3  # through a list that changes while it is read
STEPS = 100  # of changes, one after another

MAIL = ("id", "blobId", "mailboxIds", "keywords", "receivedAt", "size")
WITH_HEADERS = (*MAIL, "headers")
_FOLDER = ("id", "name", "parentId", "role", "myRights")

Filter = Mapping[str, Any]
"""A FilterCondition or FilterOperator of Email/query (RFC 8621, section 4.4.1)."""


class OpenedMail(NamedTuple):
    """A message as far as it was read: `body` is empty if it cannot be a probe's."""

    mail: JmapMail
    headers: bytes
    body: bytes


class NewMails(NamedTuple):
    """Messages that may be new, the state of the account up to which they were read, and the folders as they are."""

    mails: list[JmapMail]
    state: str
    folders: tuple[JmapFolder, ...]


class JmapReader:
    """Reads by one line. Every method raises MailboxError, also for half an answer."""

    def __init__(self, line: JmapLine) -> None:
        self._line = line

    async def folders(self) -> tuple[JmapFolder, ...]:
        """Return all folders."""
        ((answer,),) = await self._call([_folders(None)])
        return read_folders(answer)

    async def listed(self, filters: Sequence[Filter], folder_ids: Sequence[str] | None) -> NewMails:
        """Return all messages for each filter, with headers. `folder_ids`: None for all folders."""
        (before,), (folders,), *lists = await self._call_with_headers(
            lambda properties: [
                [("Email/get", {"ids": [], "properties": ["id"]})],
                [_folders(folder_ids)],
                *([_listing(each, 0, BATCH), _got("Email/query", "/ids", properties)] for each in filters),
            ]
        )
        mails: dict[str, JmapMail] = {}
        for filter_, (found, got) in zip(filters, lists, strict=True):
            page = self._complete(ids(found, "ids"), got)
            mails |= {mail.id: mail for mail in await self._filled(page)}
            if not is_last_page(found, BATCH):
                more = [each for each in await self.find(filter_) if each not in mails]
                mails |= {mail.id: mail for mail in await self.read(more)}
        return NewMails([*mails.values()], state(before), read_folders(folders))

    async def changes(self, since: str, folder_ids: Sequence[str] | None) -> NewMails | None:
        """Return the messages that came, were moved or marked since this state; None if the server cannot tell, or
        contradicts itself. Only those that came have headers."""
        mails: list[JmapMail] = []
        for _ in range(STEPS):
            (changed, got, moved), (folders,) = await self._call_with_headers(
                partial(_changes, since, folder_ids, min(BATCH, self._line.server.objects_got)), lenient=True
            )
            if failure_of(changed):
                return None
            for method, answer in (("Email/get", got), ("Email/get", moved), ("Mailbox/get", folders)):
                self._line.unless_error(method, answer)
            created, updated = ids(changed, "created"), ids(changed, "updated")
            mails += await self._filled(self._complete(created, got))
            mails += self._complete(updated, moved)
            now = state(changed, "newState")
            nothing = not (created or updated or changed.get("destroyed"))
            if not now or (nothing and now != since):  # as Cyrus 3.6 after a restore: its state is before ours
                return None
            since = now
            if changed.get("hasMoreChanges") is not True:
                return NewMails(mails, now, read_folders(folders))
        return None

    async def find(self, filter_: Filter, most: int = 1_000_000) -> list[str]:
        """Return the ids of the messages for this filter, newest first, at most so many. A list of several pages that
        changed meanwhile is read again: a message that was deleted moves others from one page to the one before."""
        found: dict[str, None] = {}
        for _ in range(PASSES):
            states = set[str]()
            position = 0
            while position < most:
                limit = min(IDS_AT_ONCE, most - position)
                ((answer,),) = await self._call([_listing(filter_, position, limit)])
                page = ids(answer, "ids")
                found.update(dict.fromkeys(page))
                states.add(state(answer, "queryState"))
                position += len(page)
                if not page or is_last_page(answer, limit):
                    break
            if len(states) <= 1:
                break
        return [*found][:most]

    async def read(self, mail_ids: Sequence[str]) -> list[JmapMail]:
        """Return these messages with headers. One that is gone is left out, and one whose headers alone are too
        large."""
        found: list[JmapMail] = []
        size = min(BATCH, self._line.server.objects_got)
        for start in range(0, len(mail_ids), size):
            found += await self._read(mail_ids[start : start + size])
        return found

    async def _read(self, batch: Sequence[str]) -> list[JmapMail]:
        try:
            ((answer,),) = await self._line.ask([("Email/get", {"ids": [*batch], "properties": [*WITH_HEADERS]})])
        except TooMuchError:
            half = len(batch) // 2
            return [*await self._read(batch[:half]), *await self._read(batch[half:])] if half else []
        return [mail for mail in self._complete(batch, answer) if mail.headers is not None]

    async def _filled(self, mails: Sequence[JmapMail]) -> list[JmapMail]:
        """Return these messages with headers, reading them for those that have none."""
        whole = [mail for mail in mails if mail.headers is not None]
        return [*whole, *await self.read([mail.id for mail in mails if mail.headers is None])]

    async def opened(self, mails: Sequence[JmapMail], since: datetime) -> list[OpenedMail]:
        """Return these messages, which have headers, with the bodies of those that may be probes sent after `since`.
        One that is gone is left out."""
        shut = [mail for mail in mails if not worth_opening(mail.size, mail.received_at, since)]
        opened = [OpenedMail(mail, mail.headers or b"", b"") for mail in shut]
        candidates = [mail for mail in mails if worth_opening(mail.size, mail.received_at, since)]
        if not self._line.server.download_url:
            return opened + await self._texts(candidates)
        raw = await asyncio.gather(*(self._line.raw(mail.blob) for mail in candidates))
        for mail, content in zip(candidates, raw, strict=True):
            if content is not None:
                opened.append(OpenedMail(mail, *split(content)))
        return opened

    async def _texts(self, mails: Sequence[JmapMail]) -> list[OpenedMail]:
        """Read bodies by method, decoded: raw messages are on another server."""
        opened: list[OpenedMail] = []
        for start in range(0, len(mails), BODIES_AT_ONCE):
            batch = mails[start : start + BODIES_AT_ONCE]
            asked = {
                "ids": [mail.id for mail in batch], "properties": ["id", "bodyValues"],
                "fetchAllBodyValues": True, "maxBodyValueBytes": BODY_LIMIT,
            }  # fmt: skip
            try:
                ((answer,),) = await self._line.ask([("Email/get", asked)])
            except TooMuchError:
                raise self._line.error("its answer is too large") from None
            texts = read_texts(answer)
            opened += [OpenedMail(mail, mail.headers or b"", b"") for mail in batch if mail.id not in texts]
            opened += [OpenedMail(mail, mail.headers or b"", texts[mail.id]) for mail in batch if mail.id in texts]
        return opened

    async def _call(self, *groups: Group) -> list[list[Mapping[str, Any]]]:
        try:
            return await self._line.ask(*groups)
        except TooMuchError:
            raise self._line.error("its answer is too large") from None

    async def _call_with_headers(
        self, groups: Callable[[Sequence[str]], Sequence[Group]], *, lenient: bool = False
    ) -> list[list[Mapping[str, Any]]]:
        """Call the methods for messages with headers, or without if that is too much. `lenient`: an answer that is an
        error is returned too."""
        call = self._line.call if lenient else self._line.ask
        for properties in (WITH_HEADERS, MAIL):
            with suppress(TooMuchError):
                return await call(*groups(properties))
        raise self._line.error("its answer is too large")

    def _complete(self, asked: Sequence[str], answer: Mapping[str, Any]) -> list[JmapMail]:
        """Return the messages of this answer, each of which was asked for."""
        mails = read_mails(answer, len(asked))
        missing = {*asked} - {mail.id for mail in mails} - {*ids(answer, "notFound")}
        if missing:
            raise self._line.error(f"half an answer: {len(missing)} of {len(asked)} messages are missing")
        return mails


def _changes(since: str, folder_ids: Sequence[str] | None, most: int, properties: Sequence[str]) -> list[Group]:
    return [
        [
            ("Email/changes", {"sinceState": since, "maxChanges": most}),
            _got("Email/changes", "/created", properties),
            _got("Email/changes", "/updated", MAIL),
        ],
        [_folders(folder_ids)],
    ]


def _folders(folder_ids: Sequence[str] | None) -> Call:
    wanted = None if folder_ids is None else [*folder_ids]
    return "Mailbox/get", {"ids": wanted, "properties": [*_FOLDER]}


def _listing(filter_: Filter, position: int, limit: int) -> Call:
    newest_first = [{"property": "receivedAt", "isAscending": False}]
    return "Email/query", {"filter": {**filter_}, "sort": newest_first, "position": position, "limit": limit}


def _got(method: str, path: str, properties: Sequence[str]) -> Call:
    """Return the call that gets the messages in the result of the first call of the group."""
    return "Email/get", {"#ids": ids_of(0, method, path), "properties": [*properties]}
