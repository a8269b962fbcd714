"""IMAP against a real Dovecot: every way in, every way to find junk, and everything that can be taken away from us."""

import asyncio
import imaplib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from probes.evidence import Folder
from probes.mailboxes import MailboxError, MailboxSession
from probes.mailboxes.folders import modified_utf7
from probes.mailboxes.imap import ImapMailbox, visit
from probes.mailboxes.imap_line import Patience
from probes.mailboxes.threads import MailboxThreads
from tests.lab.dovecot import Dovecot, dovecot, make_certificate
from tests.lab.processes import session as family
from tests.support.outside_world import outside_world
from tests.support.probe_mails import FOREIGN, USERS, contents, probe, token, within

pytestmark = pytest.mark.lab

NOW = datetime.now(UTC)
EVERYTHING = "IMAP4rev1 LITERAL+ ENABLE IDLE NAMESPACE UIDPLUS LIST-EXTENDED SPECIAL-USE"

Start = Callable[..., Dovecot]


@pytest.fixture
def start(own_folder: Path) -> Iterator[Start]:
    """Starts a Dovecot of the test's own, with the given differences."""
    with ExitStack() as stack:
        yield lambda **differences: stack.enter_context(dovecot(own_folder, **{"users": USERS} | differences))


def mailbox(server: Dovecot, user: str, **other: object) -> ImapMailbox:
    values = {
        "via": "imap", "host": server.address, "port": server.ports.imaps, "ca_file": str(server.certificate),
        "user": user, "password": SecretStr(USERS.get(user, "")),
    }  # fmt: skip
    return ImapMailbox.model_validate(values | other)


async def failure(box: ImapMailbox, pool: MailboxThreads) -> str:
    """What opening it fails with."""
    with within(5), pytest.raises(MailboxError) as caught:
        async with box.open(outside_world(threads=pool)):
            pass
    text = str(caught.value)
    assert text.isprintable()
    assert text.startswith(f"imap {box.host}:{box.port}: ")
    return text


async def sees(session: MailboxSession) -> list[tuple[Folder, str]]:
    """What is seen in the end, by folder and folder's name."""
    async with asyncio.timeout(5):
        while not (found := await session.look(NOW)):
            await session.changed(5)
    return [(each.folder, each.folder_name) for each in found]


# -- ways in ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["implicit", "starttls", "none"])
async def test_every_way_in(server: Dovecot, user: str, pool: MailboxThreads, tls: str) -> None:
    port = server.ports.imaps if tls == "implicit" else server.ports.imap
    async with mailbox(server, user, tls=tls, port=port).open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        waiting = asyncio.create_task(session.changed(60))
        server.deliver(user, probe(token()), "Junk")
        await asyncio.wait_for(waiting, 3)
        assert await sees(session) == [(Folder.JUNK, "Junk")]
    kinds = [line.rpartition("mpid=")[2] for line in server.log.read_text().splitlines() if f"user=<{user}>" in line]
    assert len(kinds) == 2
    assert all(("TLS" in kind) is (tls != "none") for kind in kinds)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_a_certificate_we_do_not_trust(
    server: Dovecot, user: str, pool: MailboxThreads, tls: str, tmp_path: Path
) -> None:
    port = server.ports.imaps if tls == "implicit" else server.ports.imap
    other = make_certificate(tmp_path, ["127.0.0.1"])
    words = await failure(mailbox(server, user, tls=tls, port=port, ca_file=str(other)), pool)
    assert "TLS: its certificate: self-signed certificate" in words


async def test_a_certificate_for_another_name(server: Dovecot, user: str, pool: MailboxThreads) -> None:
    words = await failure(mailbox(server, user, host="localhost"), pool)
    assert "TLS: its certificate: Hostname mismatch, certificate is not valid for 'localhost'" in words


async def test_a_wrong_password(server: Dovecot, user: str, pool: MailboxThreads) -> None:
    words = await failure(mailbox(server, user, password=SecretStr("swordfish")), pool)
    assert "login: [AUTHENTICATIONFAILED]" in words
    assert "swordfish" not in words


async def test_a_server_that_wants_tls(start: Start, user: str, pool: MailboxThreads) -> None:
    server = start(address="127.0.0.2", extra="disable_plaintext_auth = yes")  # from 127.0.0.1 to itself is safe for it
    box = mailbox(server, user, tls="none", port=server.ports.imap)
    assert "login: the server takes no password in the clear" in await failure(box, pool)


# -- which folder is for junk -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["LIST-EXTENDED SPECIAL-USE", ""])
def bare(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[Dovecot]:
    """A Dovecot that makes no folder by itself, and marks one as being for junk; on demand, or always."""
    folder = server_folder / f"bare{len(request.param)}"
    folder.mkdir(mode=0o755)
    mark = 'namespace inbox {\n mailbox "Unerwünschtes" {\n special_use = \\Junk\n }\n}'
    with dovecot(folder, users=USERS, capability=f"IMAP4rev1 IDLE UIDPLUS {request.param}", extra=mark) as running:
        yield running


@pytest.mark.parametrize(
    ("there", "chosen", "junk"),
    [
        ([], None, None),
        (["Junk"], None, "Junk"),
        (["Spam", "Unerwünschtes"], None, "Unerwünschtes"),  # the mark goes before the name
        (["Archive", "Courrier indésirable"], None, "Courrier indésirable"),
        (["迷惑メール"], None, "迷惑メール"),
        (["Junk", "Quarantine"], "Quarantine", "Quarantine"),
        (["Archive", "Junk on Sunday"], None, None),
    ],
)
async def test_the_folder_for_junk(
    bare: Dovecot, user: str, pool: MailboxThreads, there: list[str], chosen: str | None, junk: str | None
) -> None:
    for name in there:
        bare.create(user, modified_utf7(name))
    async with mailbox(bare, user, junk=chosen).open(outside_world(threads=pool)) as session:
        assert list(session.folders) == (["INBOX", junk] if junk else ["INBOX"])
        await session.look(NOW)


async def test_folders_below_the_inbox(start: Start, user: str, pool: MailboxThreads) -> None:
    server = start(extra="namespace inbox {\n prefix = INBOX.\n separator = .\n mailbox Spam {\n auto = create\n }\n}")
    server.create(user, "Spam")
    async with mailbox(server, user).open(outside_world(threads=pool)) as session:
        assert session.folders == ("INBOX", "INBOX.Spam")
        server.deliver(user, probe(token()), "Spam")
        assert await sees(session) == [(Folder.JUNK, "INBOX.Spam")]


async def test_a_folder_for_junk_that_comes_later(start: Start, user: str, pool: MailboxThreads) -> None:
    server = start()
    async with mailbox(server, user, poll="100ms").open(outside_world(threads=pool)) as session:
        assert await session.look(NOW) == []
        assert list(session.folders) == ["INBOX"]
        other = imaplib.IMAP4(server.address, server.ports.imap)  # as Sieve's "fileinto" does with the first such mail
        other.login(user, USERS[user])
        other.create("Junk")
        other.append("Junk", "", "", probe(token()))
        other.logout()
        assert await sees(session) == [(Folder.JUNK, "Junk")]
        assert list(session.folders) == ["INBOX", "Junk"]


@pytest.mark.parametrize("key", ["junk", "inbox"])
async def test_a_folder_that_is_not_there(server: Dovecot, user: str, pool: MailboxThreads, key: str) -> None:
    words = await failure(mailbox(server, user, **{key: "Spamm"}), pool)
    assert "open Spamm: " in words
    assert "the folders are: INBOX, Junk" in words


async def test_another_folder_as_the_inbox(server: Dovecot, user: str, pool: MailboxThreads) -> None:
    server.deliver(user, probe(token()), modified_utf7("Rünge"))
    async with mailbox(server, user, inbox="Rünge").open(outside_world(threads=pool)) as session:
        assert await sees(session) == [(Folder.INBOX, "Rünge")]


# -- what a server may lack -------------------------------------------------------------------------------------------


async def test_without_idle(start: Start, user: str, pool: MailboxThreads) -> None:
    server = start(junk={"Junk": True}, capability=EVERYTHING.replace("IDLE ", ""))
    async with mailbox(server, user, poll="50ms").open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        for name in ("INBOX", "Junk"):
            server.deliver(user, probe(token()), name)
            with within(3):
                assert [where for _, where in await sees(session)] == [name]


@pytest.mark.parametrize("others", [True, False])
async def test_without_uidplus_nobody_elses_mail_is_expunged(
    start: Start, user: str, pool: MailboxThreads, others: bool
) -> None:
    server = start(junk={"Junk": True}, capability=EVERYTHING.replace("UIDPLUS ", ""))
    theirs = server.deliver(user, FOREIGN)
    if others:
        theirs = theirs.rename(theirs.parent.parent / "cur" / f"{theirs.name}:2,T")  # about to be expunged by its owner
    server.deliver(user, probe(token()))
    async with mailbox(server, user).open(outside_world(threads=pool)) as session:
        await session.remove(await session.look(NOW))
    left = {name: flags for (_, name), (flags, _, _) in contents(server.maildir(user), exact=False).items()}
    theirs_now = left.pop(theirs.name.partition(":")[0])
    assert theirs_now == ("T" if others else "")
    assert list(left.values()) == (["T"] if others else [])


async def test_a_folder_we_may_not_write_to(start: Start, user: str, pool: MailboxThreads) -> None:
    server = start(extra="mail_plugins = acl\nprotocol imap {\n mail_plugins = acl\n}\nplugin {\n acl = vfile\n}")
    server.deliver(user, probe(token()))
    (server.maildir(user) / "dovecot-acl").write_text("owner lr\n")
    async with mailbox(server, user).open(outside_world(threads=pool)) as session:
        found = await session.look(NOW)
        with pytest.raises(MailboxError, match="INBOX"):
            await session.remove(found)
    assert len(contents(server.maildir(user))) == 1


# -- what can be taken away -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_server_that_goes_and_comes_back(start: Start, user: str, pool: MailboxThreads, how: str) -> None:
    server = start(junk={"Junk": True})
    box = mailbox(server, user)
    with pytest.raises(MailboxError):
        async with box.open(outside_world(threads=pool)) as session:
            await session.look(NOW)
            waiting = asyncio.create_task(session.changed(60))
            await asyncio.sleep(0.05)
            await asyncio.to_thread(getattr(server, how))
            with within(5):
                await waiting
    assert "connect: Connection refused" in await failure(box, pool)
    server.deliver(user, probe(token()))
    await asyncio.to_thread(server.start)
    async with box.open(outside_world(threads=pool)) as session:
        assert await sees(session) == [(Folder.INBOX, "INBOX")]


async def test_a_server_killed_between_two_looks(start: Start, user: str, pool: MailboxThreads) -> None:
    server = start(junk={"Junk": True})
    async with mailbox(server, user).open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        await asyncio.to_thread(server.kill)
        with within(5), pytest.raises(MailboxError):
            await session.look(NOW)


async def test_a_frozen_server_does_not_hold_us_when_we_leave(start: Start, user: str, pool: MailboxThreads) -> None:
    server = start(junk={"Junk": True})
    async with visit(mailbox(server, user), pool, Patience(farewell=0.2)) as session:
        await session.look(NOW)
        await session.changed(0.01)
        freeze(server, signal.SIGSTOP)
        start_of_leaving = time.monotonic()
    freeze(server, signal.SIGCONT)
    assert time.monotonic() - start_of_leaving < 1.5


def freeze(server: Dovecot, how: signal.Signals) -> None:
    """Stop every process of the server without ending it, or let them go on."""
    for pid in family(server.daemon.pid):
        os.kill(pid, how)


async def test_a_folder_deleted_under_us(start: Start, user: str, pool: MailboxThreads) -> None:
    server = start()
    server.create(user, "Junk")
    with pytest.raises(MailboxError, match="the server said BYE"):
        async with mailbox(server, user).open(outside_world(threads=pool)) as session:
            assert list(session.folders) == ["INBOX", "Junk"]
            await session.look(NOW)
            shutil.rmtree(server.maildir(user, "Junk"))
            async with asyncio.timeout(5):
                while True:
                    await session.changed(0.2)
                    await session.look(NOW)
    async with mailbox(server, user).open(outside_world(threads=pool)) as session:
        assert list(session.folders) == ["INBOX"]
