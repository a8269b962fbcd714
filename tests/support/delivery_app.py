"""What tests of delivery share: a clock that stands still, a channel that listens, a store that is opened anew."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.channels.channel import DeliveryResult, MailWays
from monitor.notices.notice import Notice
from monitor.oncall.delivery import Compose, Delivery, as_stored
from monitor.store import NoticeRecord, Store
from probes.http import HttpSession
from probes.outside import Outside
from tests.support.channel_samples import BEGAN, incident
from tests.support.outside_world import outside_world

PATIENCE = 20.0  # seconds a test waits for what must happen


class ManualClock:
    """A clock that stands still until somebody moves it, or goes on by a `step` whenever it is looked at."""

    def __init__(self) -> None:
        self.now = BEGAN + timedelta(hours=1)
        self.step = timedelta(0)

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)


class RecordingChannel:
    """A channel that keeps what it hears. While it is `down`, that is why it takes nothing; it never takes what it
    `refuses`; while it is `deaf` nothing comes to an end."""

    via = "ear"

    def mail_ways(self) -> MailWays:
        return MailWays()

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.heard: list[str] = []
        self.repeats: list[tuple[list[str], list[str]]] = []
        self.down: str | None = None
        self.refuses: set[str] = set()
        self.asks: timedelta | None = None  # how long it asks to be left alone while it is down
        self.notices: list[Notice] = []
        self.handle = ""  # its name for what it keeps about an incident
        self.bug: Exception | None = None  # what it raises instead of an answer
        self.end_delay = timedelta(0)
        self.deaf = asyncio.Event()
        self.deaf.set()
        self.at_once = self.most_at_once = 0
        self.news = asyncio.Condition()

    keeps_open = False

    async def deliver(self, notice: Notice, outside: Outside) -> DeliveryResult:
        self.tried.append(notice.id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            async with self.news:
                self.news.notify_all()
            await asyncio.sleep(0)  # as others get their turn while one waits for an answer
            await self.deaf.wait()
            if self.bug:
                raise self.bug
            if self.down or notice.id in self.refuses:
                return DeliveryResult(self.down or "never this one", refused=not self.down, wait=self.asks)
            self.heard.append(notice.id)
            self.notices.append(notice)
            return DeliveryResult(handle=self.handle)
        finally:
            self.at_once -= 1

    def preview(self, notice: Notice) -> str:
        return notice.title

    async def repeat(self, active: Sequence[Notice], muted: Sequence[Notice], outside: Outside) -> str | None:
        self.repeats.append(([each.id for each in active], [each.id for each in muted]))
        if self.bug:
            raise self.bug
        return self.down

    async def until(self, tried: int) -> None:
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(lambda: len(self.tried) >= tried)


class RecordingLog:
    """The log, as far as it is for people on duty."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __getattr__(self, level: str) -> Any:
        def say(what: str, **facts: Any) -> None:
            if what != "notice delivered":
                self.lines.append(" ".join([level, what, *(str(facts[key]) for key in sorted(facts))]))

        return say


class DeliveryApp:
    """A store with notices in it, and a delivery that can be ended and begun anew."""

    def __init__(self, store: Store, again: Callable[[], Awaitable[Store]]) -> None:
        self.store, self._again = store, again
        self.time = ManualClock()
        self.muted: frozenset[str] = frozenset()
        self.channels: defaultdict[str, RecordingChannel] = defaultdict(RecordingChannel)
        self.compose: Compose = as_stored
        self.http = HttpSession()
        self.delivery = self._delivery()

    def _delivery(self) -> Delivery:
        outside = outside_world(now=self.time, http=self.http)
        return Delivery(
            self.store, outside, lambda: self.muted, lambda queue: self.compose(queue), rng=random.Random(7)
        )

    @property
    def ops(self) -> RecordingChannel:
        return self.channels["ops"]

    def configure(self, *names: str) -> None:
        self.delivery.configure({name: self.channels[name] for name in names})

    async def keep(self, *notices: Notice) -> None:
        await self.store.incidents.advance(
            1, [incident(name) for name in {each.incident for each in notices}], [], notices
        )

    async def turn(self) -> None:
        """One look, and all that comes of it."""
        await self.delivery.turn()
        await self.delivery.idle()

    async def settle(self) -> None:
        """Look until nothing more comes of it."""
        before = -1
        while before != (before := sum(len(ear.tried) for ear in self.channels.values())):
            await self.turn()

    async def restart(self) -> None:
        """As after a stop of the process: only the store is left."""
        await self.delivery.close()
        self.store = await self._again()
        self.delivery = self._delivery()

    async def record(self, name: str) -> NoticeRecord:
        return next(
            each for each in await self.store.incidents.notices_of(name.split("/")[0]) if each.notice.id == name
        )


@asynccontextmanager
async def open_delivery_app(folder: Path) -> AsyncIterator[DeliveryApp]:
    """A `DeliveryApp` whose store is in this folder."""
    stores = AsyncExitStack()

    async def opened() -> Store:
        await stores.aclose()
        return await stores.enter_async_context(Store.open(f"sqlite:///{folder / 'mailpath.db'}"))

    async with stores:
        delivery_app = DeliveryApp(await opened(), opened)
        try:
            yield delivery_app
        finally:
            await delivery_app.delivery.close()
            await delivery_app.http.close()
