"""One mail provider that hangs blinds nobody else: 150 mailboxes on a server that stands still, three on another."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import pytest
from pydantic import SecretStr

from monitor.sources.mailboxes import Watcher
from probes.evidence import FailedLook, Look
from probes.mailboxes import Sighting
from probes.mailboxes.imap import ImapMailbox
from probes.mailboxes.threads import THREADS_PER_SERVER, MailboxThreads
from tests.lab.dovecot import Dovecot, dovecot
from tests.support.imap_server import ImapServer, hangs, imap_server, says
from tests.support.outside_world import outside_world
from tests.support.probe_mails import USERS, probe, token

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to run Dovecot"),
]

SILENT = 150
HEALTHY = ("user0", "user1", "user2")
SEEN_WITHIN = 10.0  # seconds; 0.1 to 0.7 s on a machine with nothing else to do
PATIENCE = 20.0


class Seen:
    """What one watcher told."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def accept(self, sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        self.arrived.set()
        return sightings

    async def report(self, probe_ids: object, look: Look | FailedLook) -> None:
        if isinstance(look, FailedLook) and not self.failed.done():
            self.failed.set_result(look.reason)


@asynccontextmanager
async def watching(mailboxes: Sequence[ImapMailbox], pool: MailboxThreads) -> AsyncIterator[list[Seen]]:
    """A probe is expected in each of these mailboxes."""
    told, outside = [Seen() for _ in mailboxes], outside_world(threads=pool)
    watchers = [
        Watcher(mailbox, outside, accept=seen.accept, report=seen.report, now=outside.now)
        for mailbox, seen in zip(mailboxes, told, strict=True)
    ]
    for watcher in watchers:
        watcher.expect("probe", datetime.now(UTC))
    try:
        yield told
    finally:
        await asyncio.gather(*(watcher.close() for watcher in watchers))


def box(port: int, user: str, password: str = "word", tls: str = "none") -> ImapMailbox:
    return ImapMailbox.model_validate({
        "via": "imap", "host": "127.0.0.1", "port": port, "user": user, "password": SecretStr(password), "tls": tls,
    })  # fmt: skip


@pytest.fixture(scope="module")
def healthy() -> Iterator[Dovecot]:
    """A real Dovecot, which does what it should."""
    with TemporaryDirectory(prefix="mailpath-") as name:
        Path(name).chmod(0o755)  # Dovecot's own users must get through
        with dovecot(Path(name), users=USERS, junk={"Junk": True}) as server:
            yield server


def stands_still(server: ImapServer, stage: str) -> None:
    """Have the server hang for everybody in the midst of this command."""
    server.boxes["INBOX"].add(probe(token()))
    server.answers[stage] = says("* OK [half") if stage == "CAPABILITY" else hangs


WAYS = ["says nothing", "handshake", "half a line", "CAPABILITY", "AUTHENTICATE", "EXAMINE", "SEARCH", "FETCH", "IDLE"]


@asynccontextmanager
async def silent_server(way: str) -> AsyncIterator[int]:
    """A server that hangs in this way for everybody; its port."""
    async with imap_server() as server:
        if way == "half a line":
            server.answers["GREETING"] = says("* OK rea")
        else:
            stands_still(server, "GREETING" if way in ("says nothing", "handshake") else way)
        yield server.port


@pytest.mark.parametrize("way", WAYS)
async def test_a_server_that_hangs_holds_up_nobody_elses_mail(healthy: Dovecot, way: str) -> None:
    tls = "implicit" if way == "handshake" else "none"
    files_before = open_files()
    with MailboxThreads() as pool:
        async with silent_server(way) as port, AsyncExitStack() as stack:
            await stack.enter_async_context(watching([box(port, f"user{n}", tls=tls) for n in range(SILENT)], pool))
            await until(lambda: connections_to(port) >= THREADS_PER_SERVER)
            start = monotonic()
            arrivals = await stack.enter_async_context(
                watching([box(healthy.ports.imap, user, USERS[user]) for user in HEALTHY], pool)
            )
            for user in HEALTHY:
                healthy.deliver(user, probe(token()))
            await asyncio.wait_for(asyncio.gather(*(seen.arrived.wait() for seen in arrivals)), SEEN_WITHIN)
            print(f"{way}: seen after {monotonic() - start:.2f} s, {pool.alive} threads, {open_files()} files")
            assert pool.alive <= THREADS_PER_SERVER + 8  # and those that read the healthy server
            assert open_files() - files_before < 5 * (SILENT + len(HEALTHY))  # both ends of two connections are ours
    assert not pool.alive


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def connections_to(port: int) -> int:
    """How many clients are connected to it."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[2].endswith(f":{port:04X}") and line.split()[3] == "01" for line in lines)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
