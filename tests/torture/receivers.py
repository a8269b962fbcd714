"""The companies of the torture: one SMTP server for all, which knows what became of every message, and a webhook.

Each company treats mail in one way. What really happened is written down by probe, so that what Mailpath says of it can
be held against it. Forwarded copies and bounces are sent until they are answered with 250, as a mail server does.
"""

import asyncio
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

from aiohttp import web

HOST = "127.0.0.1"
INBOUND_DOMAIN = "probe.example"
RETRY_SECONDS = 0.3  # between tries to hand over a copy or a bounce
PARTS = tuple(f"{folder}{part}" for folder in ("", ".Junk/") for part in ("tmp", "new", "cur"))
PROBE_ID = re.compile(r"\+mp([a-z2-7]{16})[a-z2-7]{16}@", re.IGNORECASE)


@dataclass
class Truth:
    """What the companies did, by probe id, and what the webhook received."""

    company: dict[str, str] = field(default_factory=dict)  # the probe's
    tries: Counter[str] = field(default_factory=Counter)  # dialogues that got as far as RCPT
    taken: Counter[str] = field(default_factory=Counter)  # messages that were answered with 250
    sent_back: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # copies and bounces taken by us
    notices: list[tuple[str, str, str]] = field(default_factory=list)  # incident, its number there, news
    posts: int = 0


@dataclass
class Session:
    """One SMTP dialogue."""

    client_ip: str = "unknown"
    mail_from: str = ""
    recipient: str = ""

    @property
    def probe_id(self) -> str:
        """The probe that the envelope sender names, "" if it names none."""
        found = PROBE_ID.search(self.mail_from)
        return found[1].lower() if found else ""

    @property
    def company(self) -> str:
        """Whose mailbox it is for: probe@COMPANY.example."""
        return self.recipient.partition("@")[2].removesuffix(".example")


class Companies:
    """The server. `inbound_port` is where Mailpath listens for copies and bounces."""

    def __init__(self, folder: Path, inbound_port: int, seed: int) -> None:
        self.truth = Truth()
        self._folder, self._inbound_port = folder, inbound_port
        self._rng = random.Random(seed)
        self._errands: set[asyncio.Task[None]] = set()
        self._count = 0
        self._policies: dict[str, Callable[[Session, bytes], Awaitable[str]]] = {
            "inbox": self._deliver,
            "junk": self._deliver,
            "slow": self._slow,
            "greylist": self._deliver,
            "copies": self._copy,
            "bounces": self._bounce,
        }

    def make_mailboxes(self) -> None:
        """A Maildir with a folder for junk for each company."""
        for company in (*self._policies, "refuses"):
            for part in PARTS:
                (self._folder / "mail" / company / part).mkdir(parents=True, exist_ok=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        session = Session()
        with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            writer.write(b"220 mx.torture.example ESMTP\r\n")
            while answer := await self._answer(session, reader, writer):
                writer.write(answer.encode() + b"\r\n")
                await writer.drain()
        writer.close()

    async def _answer(self, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        line = (await reader.readuntil(b"\r\n")).decode("latin-1").strip()
        verb = line.split(" ")[0].partition(":")[0].upper()
        match verb:
            case "EHLO" | "HELO":
                return "250-mx.torture.example\r\n250-ENHANCEDSTATUSCODES\r\n250 XCLIENT NAME ADDR PROTO HELO"
            case "XCLIENT":
                said = dict(part.split("=", 1) for part in line.split()[1:])
                session.client_ip = said.get("ADDR", session.client_ip)
                return "220 mx.torture.example ESMTP"
            case "MAIL":
                session.mail_from = line[line.index("<") + 1 : line.index(">")]
                return "250 2.1.0 Ok"
            case "RCPT":
                session.recipient = line[line.index("<") + 1 : line.index(">")].lower()
                return self._at_rcpt(session)
            case "DATA":
                writer.write(b"354 End data with <CR><LF>.<CR><LF>\r\n")
                content = await reader.readuntil(b"\r\n.\r\n")
                return await self._policies[session.company](session, content[:-3].replace(b"\r\n..", b"\r\n."))
            case _:
                return ""

    def _at_rcpt(self, session: Session) -> str:
        probe_id, company = session.probe_id, session.company
        self.truth.company[probe_id] = company
        self.truth.tries[probe_id] += 1
        if company == "refuses":
            return f"554 5.7.1 <unknown[{session.client_ip}]>: Client host rejected: Access denied"
        if company == "greylist" and self.truth.tries[probe_id] == 1:
            return f"450 4.2.0 <{session.recipient}>: Recipient address rejected: Greylisted"
        return "250 2.1.5 Ok"

    async def _deliver(self, session: Session, content: bytes) -> str:
        """As a delivery agent does: written in `tmp`, then renamed into `new`; after that it is ours."""
        self._count += 1
        box = self._folder / "mail" / session.company / (".Junk" if session.company == "junk" else "")
        name = f"{int(time.time())}.P1Q{self._count}.torture"
        (box / "tmp" / name).write_bytes(self._stamped(session, content))
        (box / "tmp" / name).rename(box / "new" / name)
        return self._taken(session)

    async def _slow(self, session: Session, content: bytes) -> str:
        await asyncio.sleep(self._rng.uniform(0, 1.5))
        return await self._deliver(session, content)

    async def _copy(self, session: Session, content: bytes) -> str:
        mail = self._stamped(session, content)
        self._start(session, f"copies@{INBOUND_DOMAIN}", session.mail_from, mail)
        return self._taken(session)

    async def _bounce(self, session: Session, content: bytes) -> str:
        self._start(session, session.mail_from, "", self._report(session, content))
        return self._taken(session)

    def _taken(self, session: Session) -> str:
        self.truth.taken[session.probe_id] += 1
        return "250 2.0.0 Ok: queued"

    def _stamped(self, session: Session, content: bytes) -> bytes:
        received = (
            f"Return-Path: <{session.mail_from}>\r\n"
            f"Received: from account.trimble.com (unknown [{session.client_ip}])\r\n"
            f"\tby mx.torture.example (Postfix) with ESMTP id {self._count:08X}; {formatdate()}\r\n"
        )
        return received.encode() + content

    def _report(self, session: Session, content: bytes) -> bytes:
        headers = content.partition(b"\r\n\r\n")[0].decode("latin-1")
        return (
            f"""\
From: MAILER-DAEMON@mx.torture.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {session.mail_from}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="torture"

--torture
Content-Type: text/plain; charset=us-ascii

<{session.recipient}>: host inner.torture.example said: 550 5.7.1 Message refused by policy

--torture
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.torture.example

Final-Recipient: rfc822; {session.recipient}
Action: failed
Status: 5.7.1
Remote-MTA: dns; inner.torture.example
Diagnostic-Code: smtp; 550 5.7.1 Message refused by policy

--torture
Content-Type: text/rfc822-headers

{headers}

--torture--
""".replace("\r\n", "\n")
            .replace("\n", "\r\n")
            .encode("latin-1")
        )

    def _start(self, session: Session, recipient: str, mail_from: str, mail: bytes) -> None:
        task = asyncio.create_task(self._until_taken(session.probe_id, recipient, mail_from, mail))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _until_taken(self, probe_id: str, recipient: str, mail_from: str, mail: bytes) -> None:
        while True:
            if await self._hand_over(recipient, mail_from, mail):
                break
            await asyncio.sleep(RETRY_SECONDS)
        self.truth.sent_back[probe_id].add(recipient)

    async def _hand_over(self, recipient: str, mail_from: str, mail: bytes) -> bool:
        """Whether Mailpath took it: answered with 250."""
        dialogue = (
            b"EHLO mx.torture.example\r\n",
            f"MAIL FROM:<{mail_from}>\r\n".encode(),
            f"RCPT TO:<{recipient}>\r\n".encode(),
            b"DATA\r\n",
            mail.replace(b"\r\n.", b"\r\n..") + b".\r\n",
        )
        with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection(HOST, self._inbound_port)
                try:
                    await _reply(reader)
                    for line in dialogue:
                        writer.write(line)
                        if (code := await _reply(reader)) >= 400:
                            break
                    return code == 250
                finally:
                    writer.close()
        return False

    async def settled(self) -> None:
        """Wait until every copy and bounce was taken."""
        while self._errands:
            await asyncio.wait(self._errands)

    async def take_notice(self, request: web.Request) -> web.Response:
        """The webhook: it takes notices, fails, or hangs up, as chance has it."""
        self.truth.posts += 1
        notice = json.loads(await request.read())
        if self._rng.random() < 0.2:
            return web.Response(status=503)
        self.truth.notices.append((notice["incident"], notice["id"], notice["news"]))
        if self._rng.random() < 0.1 and request.transport:
            request.transport.abort()  # taken, and Mailpath does not hear it
        return web.Response()


async def _reply(reader: asyncio.StreamReader) -> int:
    while True:
        line = await reader.readuntil(b"\n")
        if line[3:4] != b"-":
            return int(line[:3])
