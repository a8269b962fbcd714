"""The service's own parts on loopback: a real configuration file, a real store, Maildirs, and the whole pipeline."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time

import structlog

from monitor import logs, process
from monitor.app import TICK_INTERVAL, pipeline_of
from monitor.clock import ticking, utc_now
from monitor.config import Config, WatchedPath
from monitor.events import Event, Judged
from monitor.logs import log_verdict
from monitor.probing.current import Board
from monitor.probing.following import SignalReader
from monitor.probing.pipeline import Pipeline
from monitor.store import Store
from probes.evidence import Arrival, Dialogue
from probes.kinds import Kind
from probes.verdict import Outcome
from tests.bench.load import PATIENCE, Once
from tests.bench.sink import HOST

HEAD = """\
[sender]
source_ip = "{source_ip}"
[probes]
every = "{every}"
jitter = 0
cap = {{ per_path_per_day = 1000000, per_host_per_minute = 1000000 }}
[store]
url = "sqlite:///mailpath.db"
[web]
listen = "127.0.0.1:{web}"
metrics_listen = "127.0.0.1:{metrics}"
"""
COMPANY = """\
[companies.c{number}]
[companies.c{number}.paths.hq]
to = "p{number}@bench.example"
route = {{ via = "{via}", host = "127.0.0.1", port = {port}, tls = "{tls}" }}
mailbox = {{ {mailbox} }}
"""
MAILDIR = 'via = "maildir", path = "mail/p{number}", junk = ".Junk"'
PARTS = tuple(f"{folder}{part}" for folder in ("", ".Junk/") for part in ("tmp", "new", "cur"))


@dataclass(frozen=True, slots=True)
class BenchCompanies:
    """As many companies as wanted, all behind one port. `direct` has the sender live at 127.0.0.1."""

    companies: int
    port: int
    via: str = "direct"
    tls: str = "none"
    every: str = "5m"
    web: int = 0
    metrics: int = 0
    mailbox: str = MAILDIR

    def config(self) -> str:
        """Its config.toml."""
        return self.head() + self.tables(range(self.companies))

    def head(self, *, include: str = "") -> str:
        """All but the companies, which may be in other files."""
        source_ip = HOST if self.via == "direct" else "104.130.122.50"
        head = HEAD.format(source_ip=source_ip, every=self.every, web=self.web, metrics=self.metrics)
        return f'include = ["{include}"]\n{head}' if include else head

    def tables(self, numbers: Iterable[int]) -> str:
        """The companies with these numbers."""
        facts = {"via": self.via, "port": self.port, "tls": self.tls}
        return "".join(
            COMPANY.format(number=number, mailbox=self.mailbox.format(number=number), **facts) for number in numbers
        )


@contextmanager
def bench_folder() -> Iterator[Path]:
    """A folder for one measurement, open to other users' servers; gone at the end."""
    with TemporaryDirectory(prefix="mailpath-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "mail").mkdir()
        yield folder


def log_to_nowhere() -> None:
    """From now on the service writes its log as always, and nobody sees it: a progress bar takes what is written to
    standard error, and would be measured with it."""
    logs.set_up("info", "json")
    nowhere = open(os.devnull, "w")  # noqa: SIM115 - as long as this process lives
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(nowhere))


def make_maildirs(folder: Path, names: Iterable[str]) -> None:
    """Maildirs with a folder for junk in each."""
    for name in names:
        for part in PARTS:
            os.makedirs(folder / name / part, exist_ok=True)


def mail_left(folder: Path) -> int:
    """How many mails lie in the Maildirs below `folder`."""
    return sum(1 for _ in folder.glob("*/*/*.sink"))


def free_port() -> int:
    """One that nobody listens on at this moment."""
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port


@asynccontextmanager
async def following(store: Store, board: Board) -> AsyncIterator[SignalReader]:
    """The board follows the store while the block lasts."""
    signals = SignalReader(store)
    await signals.begin(board.take)
    signals.start()
    try:
        yield signals
    finally:
        await signals.close()


@asynccontextmanager
async def running_pipeline(config: Config, stopwatch: "Stopwatch") -> AsyncIterator[Pipeline]:
    """All that `serve` has but the schedule and the web server; Python is set as there."""
    process.share_between_threads()
    board = Board()
    board.configure(config.paths())
    async with (
        Store.open(config.store.url) as store,
        following(store, board) as signals,
        pipeline_of(config, store, signals.on_event, log_verdict, stopwatch.on_event, owns_orphans=True) as pipeline,
    ):

        async def tick() -> None:
            pipeline.tick(utc_now())

        process.settle_memory()
        async with ticking(tick, TICK_INTERVAL):
            yield pipeline
            await signals.read()
    if sum(each.total() for each in board.probes.values()) != stopwatch.verdicts:
        raise AssertionError(f"{stopwatch.verdicts} verdicts were told, and {board.probes} counted")


@dataclass(slots=True)
class Stopwatch:
    """Listens to a pipeline. All times are those at which something was told, which is after it was stored.

    `from_rename`, `from_seen`: seconds to the verdict, from the mail's rename into the Maildir and from when it was
    found there. `accepted`, `judged`: when, for each probe.
    """

    verdicts: int = 0
    from_rename: list[float] = field(default_factory=list)
    from_seen: list[float] = field(default_factory=list)
    accepted: dict[str, datetime] = field(default_factory=dict)
    judged: dict[str, float] = field(default_factory=dict)
    _arrived: dict[str, Arrival] = field(default_factory=dict)
    _waiting: dict[str, "asyncio.Future[None]"] = field(default_factory=dict)

    def on_event(self, event: Event) -> None:
        """A listener."""
        probe_id = event.probe.id
        match event.what:
            case Dialogue() as dialogue:
                self.accepted[probe_id] = dialogue.last.at
            case Arrival() as arrival:
                self._arrived[probe_id] = arrival
            case Judged(verdict):
                now = time()
                self.verdicts += 1
                self.judged[probe_id] = now
                if probe_id in self._arrived:
                    arrival = self._arrived.pop(probe_id)
                    self.from_rename.append(now - arrival.at.timestamp())
                    self.from_seen.append(now - arrival.seen_at.timestamp())
                if waiting := self._waiting.pop(probe_id, None):
                    if verdict.outcome is Outcome.INBOX:
                        waiting.set_result(None)
                    else:
                        waiting.set_exception(AssertionError(f"{verdict.outcome}: {verdict.because}"))

    def begin(self) -> None:
        """Forget how long it took so far."""
        self.from_rename.clear()
        self.from_seen.clear()

    def round_trip(self, pipeline: Pipeline, paths: tuple[WatchedPath, ...]) -> Once:
        """One probe on the path of the number, from its launch to its verdict."""

        async def once(number: int) -> str:
            probe = await pipeline.launch(paths[number % len(paths)], Kind.VERIFICATION)
            if probe.id not in self.judged:
                waiting = self._waiting[probe.id] = asyncio.get_running_loop().create_future()
                async with asyncio.timeout(PATIENCE):
                    await waiting
            return probe.id

        return once
