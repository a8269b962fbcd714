"""How we speak IMAP, seen from the server: what is asked, what is heard, and what is not done."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from probes.evidence import Folder
from probes.mailboxes import MailboxError, imap_line
from probes.mailboxes.threads import MailboxThreads
from tests.support.imap_server import ImapConversation, ImapServer, imap_server, says, visited
from tests.support.probe_mails import FOREIGN, probe, token, within

NOW = datetime.now(UTC)
STAGES = ["GREETING", "CAPABILITY", "AUTHENTICATE", "LIST", "EXAMINE", "NOOP", "SEARCH", "FETCH", "IDLE"]


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    """A good server with one mail of somebody else's."""
    async with imap_server() as running:
        running.boxes["INBOX"].add(FOREIGN)
        yield running


async def idling(server: ImapServer, times: int = 2) -> None:
    """Until the server was asked that often to tell of news."""
    async with asyncio.timeout(2):
        while server.heard.count("IDLE") < times:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.001)


def at_inbox(server: ImapServer) -> ImapConversation:
    return next(each for each in server.visits if each.name == "INBOX")


# -- looking ----------------------------------------------------------------------------------------------------------


async def test_looking_never_opens_a_folder_for_writing(server: ImapServer, pool: MailboxThreads) -> None:
    async with visited(server, pool) as session:
        for _ in range(2):
            await session.look(NOW)
            await session.changed(0.05)
    asked = {each.partition(" ")[0] for each in server.heard}
    assert asked <= {*STAGES, "LOGOUT"}
    assert all("PEEK" in each for each in server.heard if "BODY" in each)


async def test_one_login_for_each_folder_and_none_for_a_look(server: ImapServer, pool: MailboxThreads) -> None:
    async with visited(server, pool) as session:
        for _ in range(5):
            server.boxes["INBOX"].add(probe(token()))
            assert len(await session.look(NOW)) == 1
    assert server.heard.count("AUTHENTICATE PLAIN") == 2
    assert server.heard.count("LOGOUT") == 2


async def test_what_was_read_is_not_asked_for_again(server: ImapServer, pool: MailboxThreads) -> None:
    async with visited(server, pool) as session:
        await session.look(NOW)
        server.heard.clear()
        server.boxes["INBOX"].add(probe(token()))
        assert len(await session.look(NOW)) == 1
        assert [each for each in server.heard if each.startswith("FETCH")] == [
            "FETCH 2 (BODY.PEEK[HEADER]<0.65536> INTERNALDATE RFC822.SIZE)"
        ]


@pytest.mark.parametrize("tells", [True, False])
async def test_old_mail_is_never_asked_for(server: ImapServer, pool: MailboxThreads, tells: bool) -> None:
    for box in server.boxes.values():
        box.tells_following = tells

    async def nothing_lately(visit: ImapConversation, tag: str, words: list[str]) -> None:
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
    server: ImapServer, pool: MailboxThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_line, "WINDOW", 3)
    for _ in range(9):
        server.boxes["INBOX"].add(probe(token()))
    async with visited(server, pool) as session:
        assert len(await session.look(NOW)) == 9
    pieces = [each.split()[1] for each in server.heard if each.startswith("SEARCH") and "SINCE" in each]
    assert pieces == ["8:10", "5:7", "2:4", "1:1"]


async def test_a_folder_beyond_belief(server: ImapServer, pool: MailboxThreads) -> None:
    server.answers["EXAMINE"] = says("* 4294967295 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n{tag} OK done\r\n")
    server.answers["NOOP"] = says("{tag} OK done\r\n")
    with pytest.raises(MailboxError, match="too many"):
        async with visited(server, pool) as session:
            await session.look(NOW)


async def test_a_folder_made_anew_is_looked_through_again(server: ImapServer, pool: MailboxThreads) -> None:
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
async def test_a_server_that_refuses_for_what_is_gone(server: ImapServer, pool: MailboxThreads, command: str) -> None:
    box = server.boxes["INBOX"]
    ours = [box.add(probe(token())) for _ in range(3)]

    async def refuses(visit: ImapConversation, tag: str, words: list[str]) -> None:
        del server.answers[command]
        del box.messages[ours[1]]
        visit.say(f"{tag} NO [EXPUNGEISSUED] some are gone")

    server.answers[command] = refuses
    async with visited(server, pool) as session:
        found = await session.look(NOW)
        assert len(found) == (2 if command == "FETCH" else 3)
        await session.remove(found)
        assert list(box.messages) == [1]


async def test_a_server_that_refuses_for_no_reason(server: ImapServer, pool: MailboxThreads) -> None:
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
    server: ImapServer, pool: MailboxThreads, news: list[bytes]
) -> None:
    async def tells(visit: ImapConversation, tag: str, words: list[str]) -> None:
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
async def test_chatter_is_no_news(server: ImapServer, pool: MailboxThreads, chatter: bytes) -> None:
    async with visited(server, pool) as session:
        await session.look(NOW)
        waiting = asyncio.create_task(session.changed(0.3))
        await idling(server)
        at_inbox(server).writer.write(chatter)
        assert not (await asyncio.wait([waiting], timeout=0.2))[0]
        await waiting
        assert await session.look(NOW) == []


async def test_no_thread_is_held_while_we_wait(server: ImapServer) -> None:
    with MailboxThreads(1) as pool:
        async with visited(server, pool) as one, visited(server, pool) as two:
            await asyncio.gather(one.look(NOW), two.look(NOW))
            waiting = [asyncio.create_task(each.changed(60)) for each in (one, two)]
            await idling(server, 4)
            with within(2):
                await asyncio.wrap_future(pool.submit(time.time))
            for each in waiting:
                each.cancel()


async def test_idle_is_taken_up_again_before_the_server_tires(
    server: ImapServer, pool: MailboxThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with visited(server, pool) as session:
        await session.look(NOW)
        await session.changed(0.05)
        await session.changed(0.05)
        assert server.heard.count("IDLE") == 2  # one for each folder
        monkeypatch.setattr(imap_line, "IDLE_LIMIT", 0.0)
        await session.changed(0.05)
        assert server.heard.count("IDLE") == 4


async def test_who_stops_waiting_costs_no_connection(server: ImapServer, pool: MailboxThreads) -> None:
    async def slowly(visit: ImapConversation, tag: str, words: list[str]) -> None:
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
async def test_without_idle_we_poll(server: ImapServer, pool: MailboxThreads, why: str) -> None:
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


async def test_who_cries_wolf_does_not_keep_us_busy(server: ImapServer, pool: MailboxThreads) -> None:
    wolves = 1

    async def cries(visit: ImapConversation, tag: str, words: list[str]) -> None:
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
async def test_a_connection_that_is_lost_while_we_wait(server: ImapServer, pool: MailboxThreads, end: str) -> None:
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
