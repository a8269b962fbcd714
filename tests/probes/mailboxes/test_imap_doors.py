"""How we come into an IMAP server and how we leave it: passwords, TLS, and that nothing stays behind."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from probes.mailboxes import MailboxError
from probes.mailboxes.imap_line import Patience
from probes.mailboxes.threads import MailboxThreads
from tests.lab.dovecot import make_certificate
from tests.support.imap_server import SECRET, Answer, ImapConversation, ImapServer, hangs, imap_server, says, visited
from tests.support.probe_mails import FOREIGN, probe, token, within

NOW = datetime.now(UTC)
STAGES = ["GREETING", "CAPABILITY", "AUTHENTICATE", "LIST", "EXAMINE", "NOOP", "SEARCH", "FETCH", "IDLE"]


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    """A good server with one mail of somebody else's."""
    async with imap_server() as running:
        running.boxes["INBOX"].add(FOREIGN)
        yield running


async def failure(server: ImapServer, pool: MailboxThreads, **other: object) -> str:
    """What opening the mailbox fails with."""
    with pytest.raises(MailboxError) as caught:
        async with visited(server, pool, **other):  # type: ignore[arg-type]
            pass
    return str(caught.value)


# -- logging in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capability", "user", "password", "asked"),
    [
        ("IMAP4rev1 AUTH=PLAIN", "zoë", "pa ss\"wörd'\\", "AUTHENTICATE PLAIN"),
        ("IMAP4rev1 AUTH=PLAIN AUTH=LOGIN", "probe", "word", "AUTHENTICATE PLAIN"),
        ("IMAP4rev1", "ACME\\probe", 'a "b" \\c', 'LOGIN ACME\\probe a "b" \\c'),
    ],
)
async def test_any_user_and_password_can_be_said(
    server: ImapServer, pool: MailboxThreads, capability: str, user: str, password: str, asked: str
) -> None:
    server.capability = capability
    async with visited(server, pool, user=user, password=SecretStr(password)):
        assert asked in server.heard


@pytest.mark.parametrize(
    ("capability", "words"),
    [
        ("IMAP4rev1 LOGINDISABLED STARTTLS", "login: the server takes no password in the clear; set `tls`"),
        ("IMAP4rev1", "login: the server offers LOGIN only, which takes no user or password beyond ASCII"),
    ],
)
async def test_a_server_we_cannot_log_in_to(
    server: ImapServer, pool: MailboxThreads, capability: str, words: str
) -> None:
    server.capability = capability
    assert words in await failure(server, pool, password=SecretStr("wörd"))
    assert not [each for each in server.heard if "LOGIN" in each]


async def test_the_password_is_in_no_error_and_no_log(
    server: ImapServer, pool: MailboxThreads, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answers["AUTHENTICATE"] = says(f"{{tag}} NO no user probe with password {SECRET}\r\n")
    assert "no user probe with password ***" in await failure(server, pool)
    server.capability = "IMAP4rev1"
    server.answers["LOGIN"] = says(f"{{tag}} BAD LOGIN probe {SECRET}\r\n")
    assert "BAD" in await failure(server, pool)
    assert SECRET not in caplog.text


# -- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and certificate of the server."""
    return make_certificate(tmp_path, ["127.0.0.1"])


def upgrades(certificate: Path, *injected: str) -> Answer:
    """Does STARTTLS; what is injected comes in the clear right behind the server's OK, {tag} being the next one."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def answer(visit: ImapConversation, tag: str, words: list[str]) -> None:
        following = tag[:4] + str(int(tag[4:]) + 1)
        visit.say(f"{tag} OK begin", *(line.format(tag=following) for line in injected))
        await visit.writer.start_tls(context)

    return answer


async def test_what_is_said_before_the_handshake_is_not_believed(
    server: ImapServer, pool: MailboxThreads, certificate: Path
) -> None:
    server.capability += " STARTTLS"
    server.answers["STARTTLS"] = upgrades(certificate, "* CAPABILITY IMAP4rev1 LOGINDISABLED", "{tag} OK injected")
    async with visited(server, pool, tls="starttls", ca_file=certificate) as session:
        await session.look(NOW)


async def test_no_password_is_sent_where_tls_is_missing(server: ImapServer, pool: MailboxThreads) -> None:
    assert "STARTTLS" in await failure(server, pool, tls="starttls")
    assert "TLS" in await failure(server, pool, tls="implicit")
    assert "AUTHENTICATE PLAIN" not in server.heard


# -- leaving ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["at rest", "waiting", "LOGOUT hangs"])
async def test_leaving_takes_no_time(server: ImapServer, pool: MailboxThreads, when: str) -> None:
    if when == "LOGOUT hangs":
        server.answers["LOGOUT"] = hangs
    async with visited(server, pool) as session:
        await session.look(NOW)
        if when == "waiting":
            await session.changed(0.05)
        start = time.monotonic()
    assert time.monotonic() - start < 1.5
    assert server.heard.count("LOGOUT") == 2


async def begins_and_hangs(visit: ImapConversation, tag: str, words: list[str]) -> None:
    visit.say(f"{tag} OK begin")
    await hangs(visit, tag, words)


@pytest.mark.parametrize("stage", [*STAGES, "TLS", "STARTTLS", "handshake"])
async def test_who_is_stopped_leaves_no_thread_behind(
    server: ImapServer, pool: MailboxThreads, certificate: Path, stage: str
) -> None:
    server.capability += " STARTTLS"
    server.answers["GREETING" if stage == "TLS" else "STARTTLS" if stage == "handshake" else stage] = (
        begins_and_hangs if stage == "handshake" else hangs
    )
    tls = {"TLS": "implicit", "STARTTLS": "starttls", "handshake": "starttls"}.get(stage, "none")

    async def watch() -> None:
        async with visited(server, pool, Patience(), tls=tls, ca_file=certificate) as session:
            await session.look(NOW)
            await session.changed(60)

    watching = asyncio.create_task(watch())
    reached = {"TLS": "GREETING", "handshake": "STARTTLS"}.get(stage, stage)
    async with asyncio.timeout(2):
        while not any(each.startswith(reached) for each in server.heard):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.02)  # so that it is in the midst of it
    watching.cancel()
    with within(2), pytest.raises(asyncio.CancelledError):
        await watching
    for job in [pool.submit(time.time) for _ in range(4)]:
        await asyncio.wait_for(asyncio.wrap_future(job), 2)


async def test_after_a_look_that_was_stopped_nothing_is_believed(server: ImapServer, pool: MailboxThreads) -> None:
    server.boxes["INBOX"].add(probe(token()))
    server.answers["FETCH"] = hangs
    async with visited(server, pool, Patience()) as session:
        looking = asyncio.create_task(session.look(NOW))
        async with asyncio.timeout(2):
            while not any(each.startswith("FETCH") for each in server.heard):  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.001)
        looking.cancel()
        await asyncio.wait([looking])
        with within(2), pytest.raises(MailboxError, match="the connection was cut"):
            await session.look(NOW)  # what was found and not returned would be missing


@pytest.mark.parametrize("tls", ["none", "starttls"])
@pytest.mark.parametrize("broken", ["", "EXAMINE", "FETCH", "LOGOUT"])
async def test_nothing_is_left_open(
    server: ImapServer, pool: MailboxThreads, certificate: Path, tls: str, broken: str
) -> None:
    server.capability += " STARTTLS"
    server.answers["STARTTLS"] = upgrades(certificate)
    if broken:
        server.answers[broken] = says(b"* BYE\r\n", closes=True)
    opened, open_before = list[object](), connections()
    for _ in range(3):
        try:
            async with visited(server, pool, tls=tls, ca_file=certificate) as session:
                opened.append(session)  # kept, so that it is not the garbage collector who closes
                await session.look(NOW)
                await session.changed(0.02)
        except MailboxError:
            assert broken
    assert any(each.startswith(broken) for each in server.heard)
    await asyncio.wait_for(asyncio.wrap_future(pool.submit(time.time)), 1)
    await server.end()
    assert connections() == open_before


def connections() -> int:
    """How many sockets we have open."""
    count = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            count += str(each.readlink()).startswith("socket:")
    return count
