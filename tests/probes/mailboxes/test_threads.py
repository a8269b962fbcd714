"""Threads for what blocks: how many a server gets, who waits, and what does not hold up the end."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from probes.mailboxes import MailboxError, maildir, maildir_box, threads
from probes.mailboxes.breaker import FAILURES_TO_OPEN
from probes.mailboxes.imap_line import Patience
from probes.mailboxes.maildir import MaildirMailbox
from probes.mailboxes.notifier import mount_point, mount_points, served_elsewhere
from probes.mailboxes.threads import THREADS_PER_SERVER, Deadline, MailboxThreads, ServerVisit
from tests.support.imap_server import QUICK, ImapServer, hangs, imap_server, visited
from tests.support.outside_world import outside_world
from tests.support.probe_mails import FOREIGN, make_maildir, within

NOW = datetime.now(UTC)
SILENT = Patience(connect=0.3, step=0.15, open=0.5, look=0.5, farewell=0.15)


@pytest.fixture
async def gate() -> AsyncIterator[threading.Event]:
    """What jobs wait for; open at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def many() -> MailboxThreads:
    return MailboxThreads(4 * THREADS_PER_SERVER)


async def fill(visit: ServerVisit, gate: threading.Event) -> None:
    """Have every thread for this server hang."""
    for _ in range(THREADS_PER_SERVER):
        await visit.begin(gate.wait, 10)


# -- turns ------------------------------------------------------------------------------------------------------------


async def test_a_server_has_its_share_of_the_threads_and_no_more(gate: threading.Event) -> None:
    with many() as pool:
        await fill(pool.visit("slow", "a"), gate)
        next_in_line = asyncio.create_task(pool.visit("slow", "b").begin(int, "7"))
        other = await pool.visit("other", "c").begin(int, "8")
        assert await asyncio.wrap_future(other) == 8
        assert not next_in_line.done()
        gate.set()
        assert await asyncio.wrap_future(await next_in_line) == 7


async def test_whoever_stops_waiting_takes_no_thread_along(gate: threading.Event) -> None:
    with many() as pool:
        await fill(pool.visit("slow", "a"), gate)
        tired = [asyncio.create_task(pool.visit("slow", "b").begin(int)) for _ in range(3 * THREADS_PER_SERVER)]
        await asyncio.sleep(0)
        gate.set()
        for each in tired:  # some before a thread is theirs, some after
            await asyncio.sleep(0)
            each.cancel()
        await asyncio.gather(*tired, return_exceptions=True)
        async with asyncio.timeout(5):
            jobs = [await pool.visit("slow", "c").begin(threading.Barrier(THREADS_PER_SERVER).wait, 5)]
            jobs += [await pool.visit("slow", "c").begin(jobs[0].done) for _ in range(THREADS_PER_SERVER - 1)]


async def test_waiting_for_a_thread_has_an_end(gate: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "QUEUE_LIMIT", 0.05)
    with many() as pool:
        await fill(pool.visit("slow", "a"), gate)
        with pytest.raises(MailboxError, match=r"slow: not looked into within 0\.05 s, since all 8 threads") as caught:
            await pool.visit("slow", "b").begin(int)
        assert not caught.value.unreachable  # of the server itself nothing was learned
        gate.set()


async def test_the_time_in_the_queue_is_not_the_servers() -> None:
    with within(5):
        async with Deadline(0.05) as deadline:
            with deadline.paused():
                await asyncio.sleep(0.2)
        with pytest.raises(TimeoutError):
            async with Deadline(0.05) as deadline:
                with deadline.paused():
                    await asyncio.sleep(0.1)
                await asyncio.sleep(3600)


# -- a server that answers nobody -------------------------------------------------------------------------------------


async def test_a_server_that_answers_nobody_is_not_asked_by_everybody(gate: threading.Event) -> None:
    with many() as pool:
        visits = [pool.visit("imap h:993", str(number)) for number in range(FAILURES_TO_OPEN)]
        await fill(visits[0], gate)
        waiting = asyncio.create_task(pool.visit("imap h:993", "x").begin(int))
        await asyncio.sleep(0)
        for each in visits:
            each.failed("imap h:993: login: no answer in time")
        with pytest.raises(MailboxError, match=r"no answer in time; no mailbox on this server could be read since ..:"):
            await waiting
        with pytest.raises(MailboxError, match=r"it is tried again at ..:..:.. UTC"):
            pool.visit("imap h:993", "y")
        pool.visit("imap other:993", "z")
        visits[1].answered()
        pool.visit("imap h:993", "y")
        gate.set()


async def error_of(server: ImapServer, pool: MailboxThreads, patience: Patience, **other: object) -> str:
    try:
        async with visited(server, pool, patience, **other) as session:
            await session.look(NOW)
    except MailboxError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("stage", ["GREETING", "CAPABILITY", "AUTHENTICATE", "EXAMINE", "SEARCH"])
async def test_a_silent_imap_server_fails_at_once_after_three_and_is_good_again_after_one(
    pool: MailboxThreads, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probes.mailboxes.breaker.FIRST_PAUSE", 0.0)
    async with imap_server() as server:
        server.boxes["INBOX"].add(FOREIGN)
        server.answers[stage] = hangs
        errors = [await error_of(server, pool, SILENT, user=f"u{n}") for n in range(FAILURES_TO_OPEN)]
        assert all("no answer in time" in error or "not done within" in error for error in errors)
        trial = asyncio.create_task(error_of(server, pool, SILENT, user="trial"))
        await asyncio.sleep(0)
        with within(0.1):
            assert "no mailbox on this server could be read" in await error_of(server, pool, SILENT, user="u9")
        await trial
        del server.answers[stage]
        assert await error_of(server, pool, QUICK, user="u0") == ""
        assert await asyncio.gather(*(error_of(server, pool, QUICK, user=f"u{n}") for n in range(5))) == [""] * 5


async def test_wrong_passwords_are_no_trouble_of_the_server(pool: MailboxThreads) -> None:
    async def refuses(visit: object, tag: str, words: list[str]) -> None:
        visit.say(f"{tag} NO [AUTHENTICATIONFAILED] no")  # type: ignore[attr-defined]

    async with imap_server() as server:
        server.answers["AUTHENTICATE"] = refuses
        for number in range(3 * FAILURES_TO_OPEN):
            error = await error_of(server, pool, QUICK, user=f"u{number}", password=SecretStr("no"))
            assert "login: [AUTHENTICATIONFAILED]" in error
        del server.answers["AUTHENTICATE"]
        assert await error_of(server, pool, QUICK, user="good") == ""


async def test_one_slow_mailbox_is_no_trouble_of_the_server(pool: MailboxThreads) -> None:
    async with imap_server() as slow:
        slow.boxes["INBOX"].add(FOREIGN)
        for _ in range(3 * FAILURES_TO_OPEN):
            slow.answers["SEARCH"] = hangs
            assert "search: no answer in time" in await error_of(slow, pool, SILENT, user="full")
            del slow.answers["SEARCH"]
            assert await error_of(slow, pool, QUICK, user="other") == ""


# -- file systems -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "mount"),
    [
        ("/srv/mail box/acme", "/srv/mail box"),
        ("/srv/mail boxes", "/srv"),
        ("/srv", "/srv"),
        ("/home/probe", "/"),
    ],
)
def test_which_file_system_a_path_is_on(path: str, mount: str) -> None:
    mounts = "".join(f"29 1 8:1 / {each} rw - ext4 /dev/sda1 rw\n" for each in ("/", "/srv", "/srv/mail\\040box", "/s"))
    assert mount_point(mount_points(mounts + "garbage\n"), path) == mount


@pytest.mark.parametrize(
    ("kind", "elsewhere"), [("nfs4", True), ("fuse.sshfs", True), ("autofs", True), ("ext4", False)]
)
def test_what_may_hang_is_known_before_it_is_asked(kind: str, elsewhere: bool) -> None:
    mounts = f"29 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 1 8:2 / /srv rw - {kind} there rw\n"
    assert served_elsewhere("/srv", mounts) is elsewhere
    assert not served_elsewhere("/", mounts)


async def test_a_dead_file_system_takes_its_share_of_threads_and_no_more(
    tmp_path: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maildir, "THREAD_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(threads, "QUEUE_LIMIT", 0.05)
    monkeypatch.setattr(maildir, "served_elsewhere", lambda _: True)
    monkeypatch.setattr(maildir_box.Box, "check", lambda _: gate.wait(10))
    with many() as pool:
        for number in range(3 * THREADS_PER_SERVER):
            box = MaildirMailbox(via="maildir", path=make_maildir(tmp_path / str(number % 20)))
            with pytest.raises(MailboxError):
                async with box.open(outside_world(threads=pool)):
                    pass
        assert pool.alive <= THREADS_PER_SERVER
        async with imap_server() as server:
            assert await error_of(server, pool, QUICK) == ""
        gate.set()


def test_a_thread_that_hangs_does_not_keep_the_process_alive() -> None:
    program = (
        "import time; from probes.mailboxes import threads\n"
        "threads.SHUTDOWN_LIMIT = 0.1\n"
        "with threads.MailboxThreads() as pool: pool.submit(time.sleep, 3600)\n"
        "print('over')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout == "over\n"


def test_what_is_done_in_threads_is_told() -> None:
    with MailboxThreads(2) as pool:
        assert sorted(pool.map(lambda n: n * n, range(50))) == [n * n for n in range(50)]
        assert isinstance(pool.submit(int, "x").exception(5), ValueError)
        assert pool.alive <= 2
    assert not pool.alive
    with pytest.raises(RuntimeError):
        pool.submit(int)
