"""A server that hangs, drips, floods, lies or talks nonsense: one MailboxError, in time, and nothing left behind."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from probes.mailboxes import MailboxError
from probes.mailboxes.imap_line import Patience
from probes.mailboxes.threads import MailboxThreads
from tests.support.imap_server import (
    SECRET,
    Answer,
    ImapServer,
    drips,
    hangs,
    imap_server,
    pours,
    says,
    visited,
)
from tests.support.probe_mails import probe, token, within

NOW = datetime.now(UTC)
PATIENCE = Patience(connect=0.3, step=0.15, open=1.0, look=1.0, farewell=0.15)
BOUND = 15.0  # seconds for opening, looking, waiting and closing: some 3 of waits, the rest for a busy machine

STAGES = ["GREETING", "CAPABILITY", "AUTHENTICATE", "LIST", "EXAMINE", "NOOP", "SEARCH", "FETCH", "IDLE"]

WICKED: dict[str, Answer] = {
    "hangs": hangs,
    "drips a line": drips(b"* OK still thinking"),
    "drips lines": drips(b"* OK\r\n"),
    "floods with lines": pours(b"* OK still thinking\r\n"),
    "floods with one line": pours(b"* OK still thinking "),
    "floods with invitations": pours(b"+ go on\r\n"),
    "closes": says(b"", closes=True),
    "closes in the midst": says("* OK hal", closes=True),
    "says BYE": says(b"* BYE going down\r\n", closes=True),
    "says BYE and stays": says("* BYE going down\r\n"),
    "speaks SMTP": says("220 mail.example ESMTP\r\n"),
    "speaks HTTP": says("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>\r\n"),
    "speaks TLS": says(b"\x15\x03\x01\x00\x02\x02\x28" * 9 + b"\r\n"),
    "speaks binary": says(bytes(range(256)) * 9 + b"\r\n"),
    "ends lines like Unix": says("* OK done\n{tag} OK done\n"),
    "answers somebody else": says("XX99 OK done\r\n"),
    "sends a huge literal": says("* 1 FETCH (BODY[HEADER]<0> {{2000000000}}\r\n"),
    "sends a literal without end": says("* 1 FETCH (BODY[HEADER]<0> {{60000}}\r\nFrom: a"),
    "sends an absurd number": says("* 1 FETCH (BODY[HEADER]<0> {{" + "9" * 5000 + "}}\r\n"),
    "refuses": says("{tag} NO not you\r\n"),
    "does not understand": says("{tag} BAD what?\r\n"),
    "nests": says("* LIST " + "(" * 5000 + "\r\n* 1 FETCH " + "(" * 5000 + "\r\n* SEARCH (((\r\n{tag} OK done\r\n"),
    "answers with trash": says(
        '* LIST (\\Junk NIL) (("/")) &AAA-&\r\n* 1 FETCH (UID x BODY[HEADER]<0> NIL 3)\r\n* SEARCH a b -1\r\n'
        "* OK [UIDVALIDITY x] y\r\n* x EXISTS\r\n{tag} OK done\r\n"
    ),
}

TOLERABLE = {
    ("refuses", "IDLE"),  # then we poll
    ("does not understand", "IDLE"),
    ("nests", "AUTHENTICATE"),  # unasked news, of which none concerns us
}


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    """A good server with one probe in it."""
    async with imap_server() as running:
        running.boxes["INBOX"].add(probe(token()))
        yield running


@pytest.mark.parametrize("wicked", WICKED)
async def test_a_wicked_server_costs_one_error(wicked: str) -> None:
    with MailboxThreads(2 * len(STAGES)) as pool:
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(imap_server()) for _ in STAGES]
            for server, stage in zip(servers, STAGES, strict=True):
                server.boxes["INBOX"].add(probe(token()))
                server.answers[stage] = WICKED[wicked]
            with within(BOUND):
                heard = await asyncio.gather(*(error_of(server, pool) for server in servers))
            await let_threads_end(pool)
    for line, server, stage in zip(heard, servers, STAGES, strict=True):
        assert line or (wicked, stage) in TOLERABLE, stage
        assert line.startswith(f"imap 127.0.0.1:{server.port}: ") or not line
        assert line.isprintable()
        assert len(line) < 600
        assert SECRET not in line


async def error_of(server: ImapServer, pool: MailboxThreads) -> str:
    """What goes wrong when a mailbox is opened, looked through, cleaned and watched; "" for nothing."""
    try:
        async with visited(server, pool, PATIENCE) as session:
            await session.remove(await session.look(NOW))
            await session.changed(0.3)
            await session.look(NOW)
    except MailboxError as error:
        return str(error)
    return ""


async def let_threads_end(pool: MailboxThreads) -> None:
    """No thread of the pool is held by a server any more."""
    for job in [pool.submit(threading.get_ident) for _ in range(4)]:
        await asyncio.wait_for(asyncio.wrap_future(job), 2)
