"""How soon we know: from the server's 250 to our stored verdict, over IMAP IDLE on a real Dovecot.

A bare client idles on a twin of each mailbox, into which the same mail is delivered: when it is told, the server has
done its part; the rest is ours.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import time

from monitor.config import WatchedPath, read_config
from monitor.probing.pipeline import Pipeline
from tests.bench.figures import Figure, Finding, Remark
from tests.bench.load import PATIENCE
from tests.bench.loopback_service import BenchCompanies, Stopwatch, bench_folder, running_pipeline
from tests.bench.round_trip import Step
from tests.bench.sink import HOST, sink
from tests.lab.dovecot import DOVECOT, MAIL_OWNER, Dovecot, dovecot

GROUP = "Detection over IMAP IDLE on Dovecot"
PASSWORD = "bench"
TWIN = "-twin"
MAILBOX = (
    'via = "imap", host = "127.0.0.1", port = {port}, tls = "none",'
    ' user = "p{{number}}", password = {{{{ file = "password" }}}}'
)
THINK = 0.8  # seconds of the server's: so that at its 250 we idle, and Dovecot is done with what was before


@dataclass(frozen=True, slots=True)
class Plan:
    """So many mailboxes at once, and so many probes to each, one after the other."""

    mailboxes: int
    probes: int

    @property
    def steps(self) -> int:
        """How often `Step` is told."""
        return 1


FULL = Plan(mailboxes=6, probes=8)
QUICK = Plan(mailboxes=5, probes=1)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """All mailboxes at the same time; one probe in flight in each."""
    step(f"{plan.mailboxes * plan.probes} probes over IMAP IDLE")
    if os.geteuid() != 0 or not DOVECOT.exists():
        return [Remark(GROUP, "skipped: needs root and Debian's dovecot-imapd and dovecot-lmtpd")]
    users = {f"p{number}{twin}": PASSWORD for number in range(plan.mailboxes) for twin in ("", TWIN)}
    with bench_folder() as folder, dovecot(folder, users=users, junk={"Junk": True}) as server:
        for user in users:
            server.create(user, "INBOX")
        with sink(folder / "mail", inner="Maildir", twin=TWIN, owner=MAIL_OWNER, think=THINK) as ports:
            mailbox = MAILBOX.format(port=server.ports.imap)
            samples = await _samples(
                folder, server, BenchCompanies(plan.mailboxes, ports.plain, mailbox=mailbox), plan.probes
            )
    return list(_figures(samples))


@dataclass(frozen=True, slots=True)
class Sample:
    """Three moments of one probe, in seconds since the epoch."""

    accepted: float
    told: float
    judged: float


async def _samples(folder: Path, server: Dovecot, town: BenchCompanies, probes: int) -> list[Sample]:
    (folder / "password").write_text(PASSWORD)
    (folder / "imap.toml").write_text(town.config())
    config, stopwatch = read_config(folder / "imap.toml"), Stopwatch()
    async with AsyncExitStack() as stack:
        pipeline = await stack.enter_async_context(running_pipeline(config, stopwatch))
        bystanders = [
            await stack.enter_async_context(bystander(server.ports.imap, f"p{number}{TWIN}"))
            for number in range(town.companies)
        ]
        found = await asyncio.gather(
            *(
                _follow(stopwatch, pipeline, path, there, probes)
                for path, there in zip(config.paths(), bystanders, strict=True)
            )
        )
    return [sample for samples in found for sample in samples]


async def _follow(
    stopwatch: Stopwatch, pipeline: Pipeline, path: WatchedPath, there: "Bystander", probes: int
) -> list[Sample]:
    """One probe after the other; the first one, which finds nobody logged in, is not counted."""
    once, samples = stopwatch.round_trip(pipeline, (path,)), []
    for number in range(probes + 1):
        probe_id = str(await once(0))
        told = await there.of(number)
        accepted = stopwatch.accepted[probe_id].timestamp()
        samples.append(Sample(accepted, told, stopwatch.judged[probe_id]))
    return samples[1:]


def _figures(samples: list[Sample]) -> Iterator[Finding]:
    rows = (
        ("250 -> verdict stored", [each.judged - each.accepted for each in samples]),
        ("250 -> a bare client is told (the server's own)", [each.told - each.accepted for each in samples]),
        ("a bare client is told -> verdict stored (ours)", [each.judged - each.told for each in samples]),
    )
    yield from (Figure(GROUP, name, "ms", tuple(each * 1000 for each in seconds)) for name, seconds in rows)


@dataclass(slots=True)
class Bystander:
    """A bare IMAP client that idles on an INBOX and notes when it is told of mail."""

    told: list[float] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def of(self, number: int) -> float:
        """When it was told of the mail of this number, from 0; waits for it."""
        async with asyncio.timeout(PATIENCE):
            while len(self.told) <= number:
                self._news.clear()
                await self._news.wait()
        return self.told[number]

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Until the server closes."""
        while line := await reader.readline():
            if line.endswith(b" EXISTS\r\n"):
                self.told.append(time())
                self._news.set()


@asynccontextmanager
async def bystander(port: int, user: str) -> AsyncIterator[Bystander]:
    """One that idles while the block lasts."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(f"a LOGIN {user} {PASSWORD}\r\nb SELECT INBOX\r\nc IDLE\r\n".encode())
    async with asyncio.timeout(PATIENCE):
        while not (line := await reader.readline()).startswith(b"+"):
            if not line or line.split()[1:2] in ([b"NO"], [b"BAD"]):
                raise AssertionError(f"Dovecot said {line!r}")
    there = Bystander()
    task = asyncio.create_task(there.listen(reader))
    try:
        yield there
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        writer.close()
