"""A small IMAP server that does what it should until a test says otherwise, for what no real server does on demand."""

import asyncio
import shlex
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field

from pydantic import SecretStr

from probes.mailboxes import MailboxSession
from probes.mailboxes.imap import ImapMailbox, visit
from probes.mailboxes.imap_line import Patience
from probes.mailboxes.threads import MailboxThreads


@dataclass
class ImapFolder:
    """A folder: messages by UID, and the UIDs that are flagged \\Deleted."""

    validity: int = 1
    messages: dict[int, bytes] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    following: int = 1
    tells_following: bool = True

    def add(self, content: bytes) -> int:
        uid, self.following = self.following, self.following + 1
        self.messages[uid] = content
        return uid


@dataclass
class ImapConversation:
    """One client's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    name: str = ""  # of the open folder

    def say(self, *lines: str | bytes) -> None:
        """All of it in one packet."""
        self.writer.write(b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines))


Answer = Callable[[ImapConversation, str, list[str]], Awaitable[None]]
"""What is done with a command: of whom, its tag, its arguments."""


class ImapServer:
    """`answers` overrides what is done with a command ("SEARCH", "GREETING"); `heard` holds all that was asked."""

    def __init__(self) -> None:
        self.capability = "IMAP4rev1 AUTH=PLAIN IDLE UIDPLUS"
        self.boxes = {"INBOX": ImapFolder(), "Junk": ImapFolder()}
        self.answers: dict[str, Answer] = {}
        self.heard: list[str] = []
        self.visits: list[ImapConversation] = []
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = ImapConversation(reader, writer)
        self.visits.append(visit)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(ConnectionError, asyncio.CancelledError):
            await self._answer(visit, "GREETING", "*", [])
            while line := await reader.readline():
                tag, *words = shlex.split(line.decode())
                if words and words[0].upper() == "UID":
                    del words[0]
                if words:
                    await self._answer(visit, words[0].upper(), tag, words[1:])
        writer.close()

    async def end(self) -> None:
        """Drop every client."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for each in self.visits:
            each.writer.close()

    async def _answer(self, visit: ImapConversation, command: str, tag: str, words: list[str]) -> None:
        self.heard.append(" ".join([command, *words]))
        answer = self.answers.get(command) or getattr(self, f"do_{command.lower()}")
        await answer(visit, tag, words)

    async def do_greeting(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        visit.say("* OK ready")

    async def do_capability(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        visit.say(f"* CAPABILITY {self.capability}", f"{tag} OK done")

    async def do_authenticate(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        visit.say("+ ")
        await visit.reader.readline()
        visit.say(f"{tag} OK [CAPABILITY {self.capability}] welcome")

    async def do_login(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        visit.say(f"{tag} OK welcome")

    async def do_list(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        visit.say(*(f'* LIST () "/" "{name}"' for name in self.boxes), f"{tag} OK done")

    async def do_examine(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        box = self.boxes.get(words[0])
        if box is None:
            visit.say(f"{tag} NO no such folder")
            return
        visit.name = words[0]
        visit.say("* FLAGS (\\Deleted)", f"* {len(box.messages)} EXISTS", f"* OK [UIDVALIDITY {box.validity}] valid")
        if box.tells_following:
            visit.say(f"* OK [UIDNEXT {box.following}] next")
        visit.say(f"{tag} OK [READ-WRITE] done")

    do_select = do_examine

    async def do_noop(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        visit.say(f"* {len(self.boxes[visit.name].messages)} EXISTS", f"{tag} OK done")

    async def do_search(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        box = self.boxes[visit.name]
        found = sorted(box.deleted if "DELETED" in words else box.messages)
        if words[0] == "UID":
            found = [uid for uid in found if _covers(words[1], uid, max(box.messages, default=0))]
        elif words[0][0].isdigit():  # by number, not by UID
            found = [uid for number, uid in enumerate(sorted(box.messages), 1) if _covers(words[0], number, 0)]
        visit.say("* SEARCH " + " ".join(map(str, found)), f"{tag} OK done")

    async def do_fetch(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        box, part = self.boxes[visit.name], "HEADER" if "HEADER" in " ".join(words) else "TEXT"
        for number, uid in enumerate(sorted(box.messages), 1):
            if not _covers(words[0], uid, 0):
                continue
            head, _, body = box.messages[uid].partition(b"\r\n\r\n")
            text = head + b"\r\n\r\n" if part == "HEADER" else body
            facts = f'UID {uid} INTERNALDATE "23-Nov-2026 08:00:00 +0000" RFC822.SIZE {len(box.messages[uid])}'
            visit.say(f"* {number} FETCH ({facts} BODY[{part}]<0> {{{len(text)}}}".encode() + b"\r\n" + text + b")")
        visit.say(f"{tag} OK done")

    async def do_store(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        box = self.boxes[visit.name]
        box.deleted |= {uid for uid in box.messages if _covers(words[0], uid, 0)}
        visit.say(f"{tag} OK done")

    async def do_expunge(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        box = self.boxes[visit.name]
        gone = {uid for uid in box.deleted if not words or _covers(words[0], uid, 0)}
        for uid in sorted(gone, reverse=True):
            visit.say(f"* {sorted(box.messages).index(uid) + 1} EXPUNGE")
            del box.messages[uid]
        box.deleted -= gone
        visit.say(f"{tag} OK done")

    async def do_idle(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        visit.say("+ idling")
        await visit.reader.readline()
        visit.say(f"{tag} OK done")

    async def do_logout(self, visit: ImapConversation, tag: str, words: list[str]) -> None:
        visit.say("* BYE bye", f"{tag} OK done")


def _covers(numbers: str, uid: int, last: int) -> bool:
    for part in numbers.split(","):
        low, _, high = part.partition(":")
        ends = [last if end == "*" else int(end) for end in (low, high or low)]
        if min(ends) <= uid <= max(ends):
            return True
    return False


@asynccontextmanager
async def imap_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[ImapServer]:
    """One that listens on a free port of this machine."""
    server = ImapServer()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await server.end()


SECRET = "tr0ub4dor"
QUICK = Patience(connect=5.0, step=5.0, open=10.0, look=10.0, farewell=0.2)


def visited(
    server: ImapServer, pool: MailboxThreads, patience: Patience = QUICK, **other: object
) -> AbstractAsyncContextManager[MailboxSession]:
    """A visit to its mailbox, with these keys of the configuration."""
    values = {"via": "imap", "host": "127.0.0.1", "port": server.port, "tls": "none", "user": "probe", "poll": "50ms"}
    values |= {"password": SecretStr(SECRET)} | other
    return visit(ImapMailbox.model_validate(values), pool, patience)


async def hangs(visit: ImapConversation, tag: str, words: list[str]) -> None:
    """Says nothing."""
    await asyncio.sleep(3600)


def drips(text: bytes) -> Answer:
    """Says it again and again, slowly: there is always something, and never an end."""

    async def answer(visit: ImapConversation, tag: str, words: list[str]) -> None:
        while True:
            for octet in text:
                visit.writer.write(bytes([octet]))
                await visit.writer.drain()
                await asyncio.sleep(0.005)

    return answer


def pours(text: bytes) -> Answer:
    """Says it again and again, as fast as it goes."""

    async def answer(visit: ImapConversation, tag: str, words: list[str]) -> None:
        while True:
            visit.writer.write(text * 200)
            await visit.writer.drain()
            await asyncio.sleep(0)

    return answer


def says(text: str | bytes, *, closes: bool = False) -> Answer:
    """Says it, with {tag} filled in, and goes on as if nothing were."""

    async def answer(visit: ImapConversation, tag: str, words: list[str]) -> None:
        visit.writer.write(text if isinstance(text, bytes) else text.format(tag=tag).encode())
        if closes:
            visit.writer.close()
        elif isinstance(text, str) and not text.endswith("\r\n"):
            await asyncio.sleep(3600)

    return answer
