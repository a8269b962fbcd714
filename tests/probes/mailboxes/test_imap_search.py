"""A search through all folders by IMAP: what is asked, and what a server may do to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from probes.evidence import Folder
from probes.mailboxes import MailboxError, imap_search
from probes.mailboxes.imap import ImapMailbox
from probes.mailboxes.imap_line import Patience
from probes.mailboxes.maildir import MaildirMailbox
from probes.mailboxes.threads import MailboxThreads
from probes.token import mint, new_probe_id
from tests.lab.dovecot import Dovecot, dovecot
from tests.support.imap_server import (
    Answer,
    ImapConversation,
    ImapFolder,
    ImapServer,
    drips,
    hangs,
    imap_server,
    pours,
    says,
    visited,
)
from tests.support.mailbox_worlds import owned
from tests.support.outside_world import outside_world
from tests.support.probe_mails import FOREIGN, KEY, USERS, deliver, make_maildir, probe, token, within

NOW = datetime.now(UTC)
PATIENCE = Patience(connect=0.5, step=0.2, open=2.0, look=2.0, search=5.0, farewell=0.15)


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    """A good server with one probe in each of three folders that nobody watches."""
    async with imap_server() as running:
        running.boxes |= {"Lists": ImapFolder(), "Archive": ImapFolder(), "Trash": ImapFolder()}
        for name in ("Lists", "Archive", "Trash"):
            running.boxes[name].add(FOREIGN)
            running.boxes[name].add(probe(token()))
        yield running


def in_folder(server: ImapServer, folder: str, command: str, answer: Answer) -> None:
    """Have the server answer a command in this way in one folder alone."""
    ordinary: Answer = getattr(server, f"do_{command.lower()}")

    async def chosen(visit: ImapConversation, tag: str, words: list[str]) -> None:
        there = words[0] if command == "EXAMINE" else visit.name
        await (answer if there == folder else ordinary)(visit, tag, words)

    server.answers[command] = chosen


@pytest.mark.parametrize("command", ["EXAMINE", "SEARCH", "FETCH"])
@pytest.mark.parametrize(
    "answer",
    [
        hangs,
        drips(b"* OK still thinking\r\n"),
        pours(b"* OK still thinking "),
        says(b"", closes=True),
        says("* BYE not here\r\n"),
        says(b"\x15\x03\x01\x00\x02\x02\x28\r\n"),
        says("* 1 FETCH (BODY[HEADER]<0> {{2000000000}}\r\n"),
    ],
    ids=["hangs", "drips", "pours", "closes", "says BYE", "TLS", "huge"],
)
async def test_one_bad_folder_hides_no_other_and_is_named(
    server: ImapServer, pool: MailboxThreads, command: str, answer: Answer
) -> None:
    in_folder(server, "Archive", command, answer)
    async with visited(server, pool, PATIENCE) as session:
        with within(4):
            found = await session.search(NOW, [])
        assert {each.folder_name for each in found.sightings} == {"Lists", "Trash"}
        assert found.unfinished == ("Archive",)
        assert set(found.folders) == {"INBOX", "Junk", "Lists", "Trash"}
        server.boxes["INBOX"].add(probe(token()))
        assert len(await session.look(NOW)) == 1  # those that watch are not touched


async def test_a_folder_that_we_may_not_open_is_named(server: ImapServer, pool: MailboxThreads) -> None:
    in_folder(server, "Archive", "EXAMINE", says("{tag} NO [NOPERM] not you\r\n"))
    async with visited(server, pool) as session:
        found = await session.search(NOW, [])
    assert (found.closed, found.unfinished) == (("Archive",), ())


async def test_a_search_has_an_end_and_says_what_it_left(server: ImapServer, pool: MailboxThreads) -> None:
    for number in range(100):
        server.boxes[f"Box {number}"] = ImapFolder()
    slow = server.do_examine

    async def examine(visit: ImapConversation, tag: str, words: list[str]) -> None:
        await asyncio.sleep(0.02)
        await slow(visit, tag, words)

    server.answers["EXAMINE"] = examine
    async with visited(server, pool, Patience(search=0.3)) as session:
        with within(3):
            found = await session.search(NOW, [])
    assert len(found.unfinished) > 50
    assert len(found.unfinished) + len(found.folders) == 105


async def test_a_server_that_lets_us_in_no_more_costs_one_error(server: ImapServer, pool: MailboxThreads) -> None:
    async with visited(server, pool, PATIENCE) as session:
        server.answers["AUTHENTICATE"] = says("{tag} NO [LIMIT] too many connections\r\n")
        with pytest.raises(MailboxError, match="too many connections"):
            await session.search(NOW, [])
        assert await session.look(NOW) == []


async def test_what_a_view_shows_is_returned_once(server: ImapServer, pool: MailboxThreads) -> None:
    archived = probe(token())
    server.boxes["All Mail"] = ImapFolder()
    for name in ("Lists", "Archive", "Trash"):
        server.boxes["All Mail"].add(server.boxes[name].messages[2])
    server.boxes["All Mail"].add(archived)

    async def lists(visit: ImapConversation, tag: str, words: list[str]) -> None:
        marks = {"All Mail": "\\All"}
        visit.say(*(f'* LIST ({marks.get(each, "")}) "/" "{each}"' for each in server.boxes), f"{tag} OK done")

    server.answers["LIST"] = lists
    async with visited(server, pool) as session:
        found = (await session.search(NOW, [])).sightings
        assert not (await session.search(NOW, [], only={"All Mail"})).sightings  # it may lie in the inbox as well
    assert sorted(each.folder_name for each in found) == ["All Mail", "Archive", "Lists", "Trash"]
    assert next(each.folder for each in found if each.folder_name == "All Mail") is Folder.OTHER


async def test_gmail_is_told_to_move_ours_to_the_trash(server: ImapServer, pool: MailboxThreads) -> None:
    """Expunged from a folder, it would stay in "All Mail" for ever; in the trash it is expunged by the next sweep."""
    server.capability += " X-GM-EXT-1"
    async with visited(server, pool) as session:
        found = await session.search(NOW, [], only={"Lists", "Trash"})
        await session.remove(found.sightings)
    stored = [each for each in server.heard if each.startswith("STORE")]
    assert stored == ["STORE 2 +X-GM-LABELS.SILENT (\\Trash)", "STORE 2 +FLAGS.SILENT (Deleted)"] * 2
    assert list(server.boxes["Trash"].messages) == [1]


# -- real servers -----------------------------------------------------------------------------------------------------

Start = Callable[..., Dovecot]


@pytest.fixture
def start(own_folder: Path) -> Iterator[Start]:
    """Starts a Dovecot of the test's own, with the given differences."""
    with ExitStack() as stack:
        yield lambda **differences: stack.enter_context(dovecot(own_folder, **{"users": USERS} | differences))


def mailbox(server: Dovecot, user: str) -> ImapMailbox:
    return ImapMailbox.model_validate({
        "via": "imap", "host": server.address, "port": server.ports.imap, "tls": "none",
        "user": user, "password": SecretStr(USERS[user]),
    })  # fmt: skip


@pytest.mark.lab
@pytest.mark.parametrize("known", [True, False])
async def test_in_a_large_folder_the_server_searches(
    start: Start, user: str, pool: MailboxThreads, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_search, "READ_LIMIT", 10)
    monkeypatch.setattr(imap_search, "IDS_AT_ONCE", 3)
    server = start(junk={"Junk": True})
    ids = [new_probe_id() for _ in range(7)]
    for _ in range(20):
        server.deliver(user, FOREIGN, "Lists")
    server.deliver(user, probe(mint(ids[0], KEY)), "Lists")
    for each in ids[1:]:  # our header was taken off on the way
        server.deliver(user, f"Message-ID: <{mint(each, KEY)}@account.trimble.com>\r\n\r\nx\r\n".encode(), "Lists")
    async with mailbox(server, user).open(outside_world(threads=pool)) as session:
        found = await session.search(NOW, ids if known else [])
        assert len(found.sightings) == (7 if known else 1)
        await session.remove(found.sightings)
        left = [each for each in server.maildir(user, "Lists").glob("*/*.lab*") if each.parent.name in ("new", "cur")]
        assert len(left) == 27 - len(found.sightings)


@pytest.mark.lab
async def test_a_folder_without_the_right_to_read(start: Start, user: str, pool: MailboxThreads) -> None:
    server = start(extra="mail_plugins = acl\nprotocol imap {\n mail_plugins = acl\n}\nplugin {\n acl = vfile\n}")
    server.deliver(user, probe(token()), "Vault")
    server.deliver(user, probe(token()), "Lists")
    (server.maildir(user, "Vault") / "dovecot-acl").write_text("owner l\n")
    async with mailbox(server, user).open(outside_world(threads=pool)) as session:
        found = await session.search(NOW, [])
    assert [each.folder_name for each in found.sightings] == ["Lists"]
    assert found.closed == ("Vault",)


@pytest.mark.lab
async def test_folders_on_disk_as_plain_directories(start: Start, user: str, pool: MailboxThreads) -> None:
    server = start(extra="mail_location = maildir:~/Maildir:LAYOUT=fs")
    home = server.maildir(user)
    async with mailbox(server, user).open(outside_world(threads=pool)) as session:
        assert await session.look(NOW) == []
    make_maildir(home, "Lists", "Lists/Old mail", "Archive/2026")
    deliver(home / "Lists/Old mail", probe(token()))
    deliver(home / "Archive/2026", probe(token()))
    owned(home)
    async with mailbox(server, user).open(outside_world(threads=pool)) as by_imap:
        names = {each.folder_name for each in (await by_imap.search(NOW, [])).sightings}
        assert names == {"Lists/Old mail", "Archive/2026"}
    async with MaildirMailbox(via="maildir", path=home).open(outside_world(threads=pool)) as on_disk:
        found = await on_disk.search(NOW, [])
        assert {each.folder_name for each in found.sightings} == names
        await on_disk.remove(found.sightings)
        assert not (await on_disk.search(NOW, [])).sightings
