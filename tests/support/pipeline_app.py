"""What tests of the service share: a clock that can be moved, a route that says what it is told to, a real Maildir."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.config import Config, WatchedPath
from monitor.events import Event, Judged, Listener
from monitor.probing.following import Follower, SignalReader
from monitor.probing.pipeline import Pipeline
from monitor.store import Store
from probes.answer import Fault, Stage
from probes.evidence import Dialogue, Handover, Step
from probes.kinds import Kind
from probes.mailboxes.maildir import MaildirMailbox
from probes.mailboxes.threads import MailboxThreads
from probes.message import Message
from probes.outside import Outside
from probes.resolver import Unresolved
from probes.sender import Identity
from tests.support.outside_world import outside_world

PATIENCE = 10.0  # seconds a test waits for what must happen


class Clock:
    """The real time, moved by what a test says has passed."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def pass_(self, **span: float) -> None:
        self.offset += timedelta(**span)


class Maildir:
    """A mailbox on disk, and the mail server that puts mail into it, by the same clock."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path, self._clock, self._number = path, clock, 0
        for folder in ("", ".Junk"):
            for part in ("tmp", "new", "cur"):
                (path / folder / part).mkdir(parents=True, exist_ok=True)

    def deliver(self, content: bytes, *, junk: bool = False, return_path: str = "x@y.test") -> Path:
        self._number += 1
        received = b"Received: from account.trimble.com (m [104.130.122.50]) by mx.acme.test (Postfix) with ESMTP\r\n"
        name = f"{os.getpid()}.{self._number}.{id(self)}"
        folder = self.path / (".Junk" if junk else "")
        draft = folder / "tmp" / name
        draft.write_bytes(f"Return-Path: <{return_path}>\r\n".encode() + received + content)
        stamp = self._clock().timestamp()
        os.utime(draft, (stamp, stamp))
        return draft.rename(folder / "new" / name)

    def files(self) -> set[Path]:
        return {file for part in ("new", "cur", ".Junk/new", ".Junk/cur") for file in (self.path / part).iterdir()}


MX = "mx.acme.test[127.0.0.1]:25"

REPLIES = {
    Handover.ACCEPTED: Step(Stage.END_OF_DATA, datetime(2026, 1, 1, tzinfo=UTC), 0.1, MX, 250, "2.0.0", "Ok"),
    Handover.REFUSED: Step(
        Stage.RCPT,
        datetime(2026, 1, 1, tzinfo=UTC),
        0.1,
        MX,
        554,
        "5.7.1",
        "<m[104.130.122.50]>: Client host rejected",
    ),
    Handover.DEFERRED: Step(Stage.RCPT, datetime(2026, 1, 1, tzinfo=UTC), 0.1, MX, 450, "4.2.0", "Greylisted"),
}


@dataclass(eq=False)
class ScriptedRoute:
    """A route that hands over as it is told; the last answer repeats. With a Maildir, what it accepts is delivered."""

    answers: list[Handover] = field(default_factory=lambda: [Handover.ACCEPTED])
    mailbox: Maildir | None = None
    junk: bool = False
    via: str = "direct"
    sent: list[Message] = field(default_factory=list)
    gate: asyncio.Event | None = None  # sending waits for it
    host: str = MX
    stage: Stage | None = None  # at which it is answered, instead of the usual one

    def destination(self, recipient: str) -> str:
        return "mx.acme.test"

    def withholds(self, identity: Identity) -> str:
        return ""

    async def send(self, message: Message, number: int, around: Outside, *, timeout: float, note: Any) -> Dialogue:
        self.sent.append(message)
        if self.gate:
            await self.gate.wait()
        handover = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        usual = REPLIES[handover]
        step = replace(usual, at=around.now(), host=self.host, stage=self.stage or usual.stage)
        note(step)
        if handover is Handover.ACCEPTED and self.mailbox:
            self.mailbox.deliver(message.content, junk=self.junk, return_path=message.mail_from)
        return Dialogue(around.now(), number, handover, (step,), "104.130.122.50")


class PipelineConfig:
    """As much of a configuration as the pipeline reads."""

    def __init__(self, *paths: WatchedPath) -> None:
        self._paths = paths
        told = Config()
        self.sender, self.inbound, self.identities = told.sender, told.inbound, told.identities

    def paths(self) -> tuple[WatchedPath, ...]:
        return self._paths


def watched(route: Any, mailbox: Any, **facts: Any) -> WatchedPath:
    """A path whose code lives 10 minutes and that is given up after an hour."""
    settings: dict[str, Any] = {
        "company": "acme",
        "company_name": "Acme Steel",
        "mail_systems": ("postfix",),
        "path": "hq",
        "to": "probe@acme.test",
        "route": route or ScriptedRoute(),
        "mailbox": mailbox,
        "kinds": (Kind.TWO_STEP_CODE,),
        "every": timedelta(minutes=15),
        "cron": None,
        "jitter": 0.0,
        "code_life": timedelta(minutes=10),
        "give_up": timedelta(hours=1),
        "retry": (timedelta(minutes=10), timedelta(minutes=15)),
        "per_path_per_day": 1500,
        "timeout": timedelta(seconds=60),
    }
    return WatchedPath(**(settings | facts))


class EventRecorder:
    """Listens to a pipeline, and lets a test wait for what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._news.clear()
                await self._news.wait()

    @property
    def verdicts(self) -> list[Judged]:
        return [event.what for event in self.events if isinstance(event.what, Judged)]

    async def verdict(self, number: int = 1) -> str:
        """The `number`-th verdict as "outcome cause grade", once it is there."""
        await self.until(lambda: len(self.verdicts) >= number)
        told = self.verdicts[number - 1].verdict
        return f"{told.outcome} {told.cause or '-'} {told.grade}"

    async def evidence(self, kind: type, number: int = 1) -> None:
        await self.until(lambda: sum(isinstance(event.what, kind) for event in self.events) >= number)


class StaticResolver:
    """A resolver that knows these names."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, ...]] = {}

    async def addresses(self, name: str, *, timeout: float) -> tuple[str, ...] | Unresolved:
        return self.known.get(name) or Unresolved(Fault.DOMAIN_UNKNOWN, f"{name} does not exist")


class PipelineApp:
    """A store, a mailbox, a clock; pipelines come and go on them as processes do."""

    signals: SignalReader

    def __init__(self, folder: Path) -> None:
        self.clock, self.folder = Clock(), folder
        self.url = f"sqlite:///{folder / 'mailpath.db'}"
        self.names = StaticResolver()
        self.parts: dict[str, Any] = {}  # more of the outside world: accounts, http
        self.maildir = Maildir(folder / "mail", self.clock)
        self.mailbox = MaildirMailbox(via="maildir", path=self.maildir.path, junk=".Junk")

    @asynccontextmanager
    async def service(
        self,
        *paths: WatchedPath,
        owns: Callable[[int], bool] = lambda _: True,
        owns_orphans: bool = True,
        listeners: Sequence[Listener] = (),
        followers: Sequence[Follower] = (),
    ) -> AsyncIterator[tuple[Pipeline, EventRecorder, Store]]:
        heard = EventRecorder()
        async with Store.open(self.url) as store, AsyncExitStack() as house:
            if followers:
                self.signals = SignalReader(store)
                listeners = [*listeners, self.signals.on_event]
                await self.signals.begin(*followers)
                self.signals.start()
                house.push_async_callback(self.signals.close)
            with MailboxThreads(4) as pool:
                outside = outside_world(now=self.clock, resolver=self.names, threads=pool, **self.parts)
                told: list[Listener] = [*listeners, heard]
                key = await store.key()
                pipeline = Pipeline(store, outside, key, told, owns=owns, owns_orphans=owns_orphans)
                await pipeline.configure(PipelineConfig(*paths))  # type: ignore[arg-type]
                try:
                    yield pipeline, heard, store
                finally:
                    await pipeline.close(grace=0)
