"""How we speak IMAP, seen from the server: what is asked, what is heard, and what is not done."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from probes.evidence import Folder
from probes.mailboxes import MailboxError, Session, imap_line
from probes.mailboxes.imap import ImapMailbox, visit
from probes.mailboxes.imap_line import Patience
from tests.lab.dovecot import make_certificate
from tests.probes.mailboxes.imap_server import Answer, ImapServer, Visit, hangs, imap_server, says
from tests.probes.mailboxes.mail import FOREIGN, probe, token, within

NOW = datetime.now(UTC)
SECRET = "tr0ub4dor"
STAGES = ["GREETING", "CAPABILITY", "AUTHENTICATE", "LIST", "EXAMINE", "NOOP", "SEARCH", "FETCH", "IDLE"]
QUICK = Patience(connect=5.0, step=5.0, open=10.0, look=10.0, farewell=0.2)


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    """A good server with one mail of somebody else's."""
    async with imap_server() as running:
        running.boxes["INBOX"].add(FOREIGN)
        yield running


def visited(
    server: ImapServer, pool: ThreadPoolExecutor, patience: Patience = QUICK, **other: object
) -> AbstractAsyncContextManager[Session]:
    values = {"via": "imap", "host": "127.0.0.1", "port": server.port, "tls": "none", "user": "probe", "poll": "50ms"}
    values |= {"password": SecretStr(SECRET)} | other
    return visit(ImapMailbox.model_validate(values), pool, patience)


async def failure(server: ImapServer, pool: ThreadPoolExecutor, **other: object) -> str:
    """What opening the mailbox fails with."""
    with pytest.raises(MailboxError) as caught:
        async with visited(server, pool, **other):  # type: ignore[arg-type]
            pass
    return str(caught.value)


async def idling(server: ImapServer, times: int = 2) -> None:
    """Until the server was asked that often to tell of news."""
    async with asyncio.timeout(2):
        while server.heard.count("IDLE") < times:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.001)


def at_inbox(server: ImapServer) -> Visit:
    return next(each for each in server.visits if each.name == "INBOX")


# -- looking ----------------------------------------------------------------------------------------------------------


async def test_looking_never_opens_a_folder_for_writing(server: ImapServer, pool: ThreadPoolExecutor) -> None:
    async with visited(server, pool) as session:
        for _ in range(2):
            await session.look(NOW)
            await session.changed(0.05)
    asked = {each.partition(" ")[0] for each in server.heard}
    assert asked <= {*STAGES, "LOGOUT"}
    assert all("PEEK" in each for each in server.heard if "BODY" in each)


async def test_one_login_for_each_folder_and_none_for_a_look(server: ImapServer, pool: ThreadPoolExecutor) -> None:
    async with visited(server, pool) as session:
        for _ in range(5):
            server.boxes["INBOX"].add(probe(token()))
            assert len(await session.look(NOW)) == 1
    assert server.heard.count("AUTHENTICATE PLAIN") == 2
    assert server.heard.count("LOGOUT") == 2


async def test_what_was_read_is_not_asked_for_again(server: ImapServer, pool: ThreadPoolExecutor) -> None:
    async with visited(server, pool) as session:
        await session.look(NOW)
        server.heard.clear()
        server.boxes["INBOX"].add(probe(token()))
        assert len(await session.look(NOW)) == 1
        assert [each for each in server.heard if each.startswith("FETCH")] == [
            "FETCH 2 (BODY.PEEK[HEADER]<0.65536> INTERNALDATE RFC822.SIZE)"
        ]


@pytest.mark.parametrize("tells", [True, False])
async def test_old_mail_is_never_asked_for(server: ImapServer, pool: ThreadPoolExecutor, tells: bool) -> None:
    for box in server.boxes.values():
        box.tells_following = tells

    async def nothing_lately(visit: Visit, tag: str, words: list[str]) -> None:
        if "SINCE" in words:
            visit.say("* SEARCH", f"{tag} OK done")
        else:
            await server.do_search(visit, tag, words)

    server.answers["SEARCH"] = nothing_lately
    async with visited(server, pool) as session:
        await session.look(NOW)
        await session.look(NOW)
        assert not [each for each in server.heard if each.startswith("FETCH")]
        mark = token()
        server.boxes["INBOX"].add(probe(mark))
        assert len(await session.look(NOW)) == 1


async def test_a_big_folder_is_searched_piece_by_piece(
    server: ImapServer, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_line, "WINDOW", 3)
    for _ in range(9):
        server.boxes["INBOX"].add(probe(token()))
    async with visited(server, pool) as session:
        assert len(await session.look(NOW)) == 9
    pieces = [each.split()[1] for each in server.heard if each.startswith("SEARCH") and "SINCE" in each]
    assert pieces == ["8:10", "5:7", "2:4", "1:1"]


async def test_a_folder_beyond_belief(server: ImapServer, pool: ThreadPoolExecutor) -> None:
    server.answers["EXAMINE"] = says("* 4294967295 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n{tag} OK done\r\n")
    server.answers["NOOP"] = says("{tag} OK done\r\n")
    with pytest.raises(MailboxError, match="too many"):
        async with visited(server, pool) as session:
            await session.look(NOW)


async def test_a_folder_made_anew_is_looked_through_again(server: ImapServer, pool: ThreadPoolExecutor) -> None:
    box = server.boxes["INBOX"]
    async with visited(server, pool) as session:
        box.add(probe(token()))
        found = await session.look(NOW)
        box.validity, box.messages, box.following = 2, {}, 1
        new = [box.add(probe(token())) for _ in range(3)]
        await session.remove(found)
        assert sorted(box.messages) == new  # UID 2 is another message now
        await asyncio.wait_for(session.changed(60), 5)
        assert len(await session.look(NOW)) == 3
        await session.remove(found)
        assert sorted(box.messages) == new


@pytest.mark.parametrize("command", ["FETCH", "STORE"])
async def test_a_server_that_refuses_for_what_is_gone(
    server: ImapServer, pool: ThreadPoolExecutor, command: str
) -> None:
    box = server.boxes["INBOX"]
    ours = [box.add(probe(token())) for _ in range(3)]

    async def refuses(visit: Visit, tag: str, words: list[str]) -> None:
        del server.answers[command]
        del box.messages[ours[1]]
        visit.say(f"{tag} NO [EXPUNGEISSUED] some are gone")

    server.answers[command] = refuses
    async with visited(server, pool) as session:
        found = await session.look(NOW)
        assert len(found) == (2 if command == "FETCH" else 3)
        await session.remove(found)
        assert list(box.messages) == [1]


async def test_a_server_that_refuses_for_no_reason(server: ImapServer, pool: ThreadPoolExecutor) -> None:
    server.answers["FETCH"] = says("{tag} NO [SERVERBUG] disk on fire\r\n")
    with pytest.raises(MailboxError, match=r"fetch headers: .*disk on fire"):
        async with visited(server, pool) as session:
            await session.look(NOW)


# -- waiting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "news",
    [
        [b"* 2 EXISTS\r\n+ idling\r\n"],  # before we are told that it listens
        [b"+ idling\r\n* 2 EXISTS\r\n"],  # in the same packet
        [b"+ idling\r\n", b"* 2 EXISTS\r\n"],
        [b"+ idling\r\n", b"* OK Still here\r\n* 2 EXISTS\r\n* 1 RECENT\r\n"],
        [b"+ idling\r\n", b"* 2 EXI", b"STS\r", b"\n"],
        [b"+ idling\r\n", b"* 1 EXPUNGE\r\n", b"* 1 EXISTS\r\n"],
        [b"+ idling\r\n", b"* 2 exists\r\n"],
    ],
)
async def test_news_is_heard_in_whatever_pieces_it_comes(
    server: ImapServer, pool: ThreadPoolExecutor, news: list[bytes]
) -> None:
    async def tells(visit: Visit, tag: str, words: list[str]) -> None:
        if visit.name == "Junk":
            return await server.do_idle(visit, tag, words)
        for piece in news:
            visit.writer.write(piece)
            await asyncio.sleep(0.01)
        await visit.reader.readline()
        visit.say(f"{tag} OK done")
        return None

    server.answers["IDLE"] = tells
    async with visited(server, pool) as session:
        await session.look(NOW)
        with within(5):
            await session.changed(60)


@pytest.mark.parametrize("chatter", [b"* OK Still here\r\n", b"* 1 RECENT\r\n", b"* 1 FETCH (FLAGS (\\Seen))\r\n"])
async def test_chatter_is_no_news(server: ImapServer, pool: ThreadPoolExecutor, chatter: bytes) -> None:
    async with visited(server, pool) as session:
        await session.look(NOW)
        waiting = asyncio.create_task(session.changed(0.3))
        await idling(server)
        at_inbox(server).writer.write(chatter)
        assert not (await asyncio.wait([waiting], timeout=0.2))[0]
        await waiting
        assert await session.look(NOW) == []


async def test_no_thread_is_held_while_we_wait(server: ImapServer) -> None:
    with ThreadPoolExecutor(1) as pool:
        async with visited(server, pool) as one, visited(server, pool) as two:
            await asyncio.gather(one.look(NOW), two.look(NOW))
            waiting = [asyncio.create_task(each.changed(60)) for each in (one, two)]
            await idling(server, 4)
            with within(2):
                await asyncio.wrap_future(pool.submit(time.time))
            for each in waiting:
                each.cancel()


async def test_idle_is_taken_up_again_before_the_server_tires(
    server: ImapServer, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with visited(server, pool) as session:
        await session.look(NOW)
        await session.changed(0.05)
        await session.changed(0.05)
        assert server.heard.count("IDLE") == 2  # one for each folder
        monkeypatch.setattr(imap_line, "IDLE_LIMIT", 0.0)
        await session.changed(0.05)
        assert server.heard.count("IDLE") == 4


async def test_who_stops_waiting_costs_no_connection(server: ImapServer, pool: ThreadPoolExecutor) -> None:
    async def slowly(visit: Visit, tag: str, words: list[str]) -> None:
        await asyncio.sleep(0.01)
        await server.do_idle(visit, tag, words)

    server.answers["IDLE"] = slowly
    async with visited(server, pool) as session:
        for turn in range(20):
            waiting = asyncio.create_task(session.changed(60))
            await asyncio.sleep(0.002 * (turn % 10))
            waiting.cancel()
            await asyncio.wait([waiting])
            assert waiting.cancelled()
            server.boxes["INBOX"].add(probe(token()))
            assert len(await session.look(NOW)) == 1
    assert server.heard.count("AUTHENTICATE PLAIN") == 2


@pytest.mark.parametrize("why", ["not offered", "refused"])
async def test_without_idle_we_poll(server: ImapServer, pool: ThreadPoolExecutor, why: str) -> None:
    if why == "refused":
        server.answers["IDLE"] = says("{tag} NO not in this folder\r\n")
    else:
        server.capability = server.capability.replace("IDLE ", "")
    async with visited(server, pool) as session:
        await session.look(NOW)
        mark = token()
        server.boxes["Junk"].add(probe(mark))
        with within(2):
            await session.changed(60)  # the mailbox's `poll` is 50 ms
            (seen,) = await session.look(NOW)
        assert seen.folder is Folder.JUNK
        assert server.heard.count("IDLE") == (2 if why == "refused" else 0)


async def test_who_cries_wolf_does_not_keep_us_busy(server: ImapServer, pool: ThreadPoolExecutor) -> None:
    wolves = 1

    async def cries(visit: Visit, tag: str, words: list[str]) -> None:
        nonlocal wolves
        wolves += 1
        visit.say(f"* {wolves} EXISTS", "* SEARCH", f"{tag} OK done")

    server.answers["SEARCH"] = cries
    async with visited(server, pool) as session:
        looks, end = 0, time.monotonic() + 0.5
        while time.monotonic() < end:
            await session.look(NOW)
            await session.changed(60)
            looks += 1
        assert looks < 30


@pytest.mark.parametrize("end", ["BYE", "EOF", "reset", "nonsense", "tagged"])
async def test_a_connection_that_is_lost_while_we_wait(server: ImapServer, pool: ThreadPoolExecutor, end: str) -> None:
    async with visited(server, pool) as session:
        await session.look(NOW)
        waiting = asyncio.create_task(session.changed(60))
        await idling(server)
        writer = at_inbox(server).writer
        match end:
            case "BYE":
                writer.write(b"* BYE going down for repair\r\n")
            case "EOF":
                writer.close()
            case "reset":
                writer.transport.abort()
            case "nonsense":
                writer.write(b"what?\r\n")
            case "tagged":
                writer.write(b"A1 OK enough\r\n")
        with within(2), pytest.raises(MailboxError, match="repair" if end == "BYE" else "imap 127"):
            await waiting
        with pytest.raises(MailboxError):  # and it stays lost
            await session.look(NOW)


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
    server: ImapServer, pool: ThreadPoolExecutor, capability: str, user: str, password: str, asked: str
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
    server: ImapServer, pool: ThreadPoolExecutor, capability: str, words: str
) -> None:
    server.capability = capability
    assert words in await failure(server, pool, password=SecretStr("wörd"))
    assert not [each for each in server.heard if "LOGIN" in each]


async def test_the_password_is_in_no_error_and_no_log(
    server: ImapServer, pool: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
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

    async def answer(visit: Visit, tag: str, words: list[str]) -> None:
        following = tag[:4] + str(int(tag[4:]) + 1)
        visit.say(f"{tag} OK begin", *(line.format(tag=following) for line in injected))
        await visit.writer.start_tls(context)

    return answer


async def test_what_is_said_before_the_handshake_is_not_believed(
    server: ImapServer, pool: ThreadPoolExecutor, certificate: Path
) -> None:
    server.capability += " STARTTLS"
    server.answers["STARTTLS"] = upgrades(certificate, "* CAPABILITY IMAP4rev1 LOGINDISABLED", "{tag} OK injected")
    async with visited(server, pool, tls="starttls", ca_file=certificate) as session:
        await session.look(NOW)


async def test_no_password_is_sent_where_tls_is_missing(server: ImapServer, pool: ThreadPoolExecutor) -> None:
    assert "STARTTLS" in await failure(server, pool, tls="starttls")
    assert "TLS" in await failure(server, pool, tls="implicit")
    assert "AUTHENTICATE PLAIN" not in server.heard


# -- leaving ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["at rest", "waiting", "LOGOUT hangs"])
async def test_leaving_takes_no_time(server: ImapServer, pool: ThreadPoolExecutor, when: str) -> None:
    if when == "LOGOUT hangs":
        server.answers["LOGOUT"] = hangs
    async with visited(server, pool) as session:
        await session.look(NOW)
        if when == "waiting":
            await session.changed(0.05)
        start = time.monotonic()
    assert time.monotonic() - start < 1.5
    assert server.heard.count("LOGOUT") == 2


async def begins_and_hangs(visit: Visit, tag: str, words: list[str]) -> None:
    visit.say(f"{tag} OK begin")
    await hangs(visit, tag, words)


@pytest.mark.parametrize("stage", [*STAGES, "TLS", "STARTTLS", "handshake"])
async def test_who_is_stopped_leaves_no_thread_behind(
    server: ImapServer, pool: ThreadPoolExecutor, certificate: Path, stage: str
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


async def test_after_a_look_that_was_stopped_nothing_is_believed(server: ImapServer, pool: ThreadPoolExecutor) -> None:
    server.boxes["INBOX"].add(probe(token()))
    server.answers["FETCH"] = hangs
    async with visited(server, pool, Patience()) as session:
        looking = asyncio.create_task(session.look(NOW))
        async with asyncio.timeout(2):
            while not any(each.startswith("FETCH") for each in server.heard):  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.001)
        looking.cancel()
        await asyncio.wait([looking])
        with within(2), pytest.raises(MailboxError, match="given up"):
            await session.look(NOW)  # what was found and not returned would be missing


@pytest.mark.parametrize("tls", ["none", "starttls"])
@pytest.mark.parametrize("broken", ["", "EXAMINE", "FETCH", "LOGOUT"])
async def test_nothing_is_left_open(
    server: ImapServer, pool: ThreadPoolExecutor, certificate: Path, tls: str, broken: str
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
