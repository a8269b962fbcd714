"""Deliver queued notices: a loop over the store's queues, with one lane per channel.

At least once: a notice is marked after its delivery, so an interruption in between repeats it, with the same id, but
never loses it. What waits about one incident for one channel is rendered at delivery, as one notice (`combined`). A
failing lane backs off, at most a minute, since a page may wait, and is then tried with one notice; it delays no other
lane.
"""

import asyncio
import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto

import structlog

from monitor.channels.channel import REPEAT, Channel, DeliveryResult
from monitor.notices import history
from monitor.notices.notice import Notice, NoticeQueue
from monitor.store import NoticeRecord, Store, StoreError
from monitor.supervised import SupervisedTask
from probes.outside import Outside

BACKOFF_SECONDS = (5.0, 15.0, 30.0, 54.0)  # seconds after a failure; the last one repeats
JITTER = 0.1  # by this share it is longer at most
MAX_BACKOFF = timedelta(seconds=BACKOFF_SECONDS[-1] * (1 + JITTER))
MAX_WAIT_ASKED_FOR = timedelta(minutes=10)  # a receiver may ask for more
REFUSED_FOR = timedelta(minutes=10)  # until what its receiver refused is tried again, with what is newer by then
POLL_SECONDS = 2.0  # seconds between two looks for what is due
MAX_NOTICES_PER_TURN = 500  # notices that are looked at in a turn
MAX_NOTICES_PER_FULL_TURN = 10_000  # in one that looks at everything
SET_ASIDE_FOR = timedelta(days=3660)
MAX_CONCURRENT_DELIVERIES = 8  # notices on their way to one channel
SHUTDOWN_GRACE_SECONDS = 5.0  # seconds in which what is on its way may end when the service does
REPEATING = "repeat"  # what has no id of a notice

log = structlog.get_logger("notices")

Muted = Callable[[], frozenset[str]]
"""Ids of muted incidents."""

Compose = Callable[[NoticeQueue], Notice]
"""Renders what waits about one incident for one channel as one notice."""


class AttemptResult(Enum):
    """Results of one attempt."""

    DELIVERED = auto()
    REFUSED = auto()  # this notice, by a channel that takes others
    FAILED = auto()


def as_stored(queue: NoticeQueue) -> Notice:
    """Return the first notice that waits, as it was rendered when it became due."""
    return queue.waiting[0]


@dataclass(eq=False)
class _ChannelQueue:
    """The queue of one channel. `failing` counts consecutive failures; `unmarked`, by the id of the first that waited,
    was delivered when the store could not be updated."""

    name: str
    channel: Channel
    open: bool = True
    misses: int = 0
    shut_until: datetime | None = None
    failing: Counter[str] = field(default_factory=Counter)
    unmarked: dict[str, tuple[Notice, datetime]] = field(default_factory=dict)
    repeated_at: datetime | None = None
    muted: frozenset[str] = frozenset()
    fault: str = ""
    busy: bool = False

    def shut(self, now: datetime) -> bool:
        """True while backing off. If the clock was set back, nobody waits until it is as late again."""
        return self.shut_until is not None and now < self.shut_until <= now + MAX_BACKOFF

    def holds(self, notice: Notice, now: datetime) -> bool:
        """True if the notice ends an incident and the channel wants to hear that later. After the clock was set back,
        it waits no longer."""
        return notice.news.ends and timedelta(0) <= now - notice.at < self.channel.end_delay

    def takes(self) -> int:
        """Number of concurrent deliveries."""
        return 1 if self.misses else MAX_CONCURRENT_DELIVERIES

    def forgets(self, now: datetime, muted: frozenset[str]) -> bool:
        """True if open incidents must be repeated on this channel."""
        since = now - self.repeated_at if self.repeated_at else None
        return since is None or not timedelta(0) <= since < timedelta(seconds=REPEAT) or muted != self.muted


class Delivery:
    """Delivers notices. `counts`: attempts by (channel, "delivered" or "failed")."""

    def __init__(
        self,
        store: Store,
        outside: Outside,
        muted: Muted = frozenset,
        compose: Compose = as_stored,
        *,
        rng: random.Random | None = None,
    ) -> None:
        self._store, self._outside, self._muted, self._compose = store, outside, muted, compose
        self._now = outside.now
        self._rng = rng or random.Random()  # noqa: S311 - jitter is no secret
        self.counts: Counter[tuple[str, str]] = Counter()
        self._lanes: dict[str, _ChannelQueue] = {}
        self._unknown_channels: set[str] = set()
        self._on_the_way: set[str] = set()
        self._work: set[asyncio.Task[None]] = set()
        self._poked = asyncio.Event()
        self._everything = True  # after a start, a reload, or a clock that went back
        self._looked_at: datetime | None = None
        self._waiting_for_store: set[str] = set()
        self._task = SupervisedTask("delivery", self._run)

    def configure(self, channels: Mapping[str, Channel]) -> None:
        """Use these channels from now on; everything queued is tried at once. Notices for other channels are kept."""
        for name, lane in list(self._lanes.items()):
            if channels.get(name) != lane.channel:
                self._lanes.pop(name).open = False
        for name, channel in channels.items():
            self._lanes.setdefault(name, _ChannelQueue(name, channel))
        self._unknown_channels.clear()
        self._everything = True
        self.poke()

    def start(self) -> None:
        """Start delivering."""
        self._task.start()

    def poke(self) -> None:
        """Signal that there is something new."""
        self._poked.set()

    async def turn(self) -> None:
        """Give each idle lane its due notices. Raises StoreError.

        A delivery in progress while the store is queried may finish before the answer, which then does not reflect it.
        """
        now = self._now()
        idle = [lane for lane in self._lanes.values() if not lane.busy]
        under_way = frozenset(self._on_the_way)
        queues: defaultdict[str, list[NoticeRecord]] = defaultdict(list)
        for record in await self._due(now):
            lane = self._lanes.get(record.notice.channel)
            if record.notice.id not in under_way and not (lane and lane.holds(record.notice, now)):
                queues[record.notice.channel].append(record)
        for name in queues.keys() - self._lanes.keys():
            await self._set_aside(name, queues[name], now)
        muted = self._muted()
        for lane in idle:
            if lane.open and (queues[lane.name] or lane.forgets(now, muted)):
                lane.busy = True
                task = asyncio.create_task(self._attend(lane, queues[lane.name], muted), name=f"deliver {lane.name}")
                self._work.add(task)
                task.add_done_callback(self._work.discard)

    async def idle(self) -> None:
        """Wait until no delivery is in progress."""
        while self._work:
            await asyncio.wait(self._work)

    async def close(self) -> None:
        """Start nothing more; deliveries in progress have a moment to finish. The rest is for the next start."""
        for lane in self._lanes.values():
            lane.open = False
        await self._task.close()
        await _ended([*self._work], SHUTDOWN_GRACE_SECONDS)

    async def _run(self) -> None:
        while True:
            self._poked.clear()
            try:
                await self.turn()
                self._log_store("looking", None)
            except StoreError as error:
                self._log_store("looking", error)
            except Exception:
                log.exception("reading due notices failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):  # not wait_for, which may lose a cancellation in Python 3.11
                    await self._poked.wait()

    async def _due(self, now: datetime) -> list[NoticeRecord]:
        everything = self._everything or (self._looked_at is not None and now < self._looked_at)
        self._everything, self._looked_at = False, now
        try:
            return await self._store.incidents.waiting(
                now + SET_ASIDE_FOR if everything else now,
                MAX_NOTICES_PER_FULL_TURN if everything else MAX_NOTICES_PER_TURN,
            )
        except BaseException:
            self._everything = everything
            raise

    async def _set_aside(self, name: str, records: Sequence[NoticeRecord], now: datetime) -> None:
        """Set aside notices of a channel that is no longer configured; it may return."""
        if name not in self._unknown_channels:
            self._unknown_channels.add(name)
            log.warning("notices queued for an unknown channel", channel=name)
        await self._put_off(records, now, now + timedelta(seconds=BACKOFF_SECONDS[-1]), "no such channel is configured")

    async def _attend(self, lane: _ChannelQueue, records: Sequence[NoticeRecord], muted: frozenset[str]) -> None:
        """Run one lane: due notices, those with the fewest failures first, and then repetitions."""
        try:
            in_turn = sorted(records, key=lambda each: (lane.failing[each.notice.id], each.tries))
            delivered = await self._deliver_all(lane, in_turn)
            if lane.open and lane.forgets(self._now(), muted):
                await self._repeat(lane, muted)
        except StoreError as error:
            self._log_store(lane.name, error)
        except Exception:
            log.exception("notice delivery crashed", channel=lane.name)
        else:
            self._log_store(lane.name, None)
            if delivered:
                self.poke()  # each makes room for the next one of its incident
        finally:
            lane.busy = False

    async def _deliver_all(self, lane: _ChannelQueue, records: Iterable[NoticeRecord]) -> int:
        """Deliver due notices as long as the channel accepts some. A lane that backs off gets one new notice, because
        the other may never be accepted."""
        left, delivered = deque(records), 0
        while left and lane.open:
            shut = lane.shut(self._now())
            if shut and left[0].tries:
                break
            batch = [left.popleft() for _ in range(min(1 if shut else lane.takes(), len(left)))]
            results = await asyncio.gather(*(self._deliver(lane, record) for record in batch), return_exceptions=True)
            took = results.count(AttemptResult.DELIVERED)
            answered = took > 0 or AttemptResult.REFUSED in results
            if answered or not shut:
                self._judge(lane, answered)
            if broken := next((result for result in results if isinstance(result, BaseException)), None):
                raise broken
            delivered += took
            if not answered:
                break
        if lane.shut_until and lane.shut(now := self._now()):
            await self._put_off(left, now, lane.shut_until, f"not tried, as the channel takes nothing: {lane.fault}")
        return delivered

    async def _deliver(self, lane: _ChannelQueue, record: NoticeRecord) -> AttemptResult:
        """Try to deliver what waits about one incident, of which this is the first."""
        first = record.notice.id
        self._on_the_way.add(first)
        try:
            if first not in lane.unmarked:
                queue = await self._store.incidents.queue(record.notice.incident, lane.name)
                if not queue.waiting:
                    return AttemptResult.DELIVERED
                notice = self._rendered(queue)
                result = await self._delivered(lane, notice)
                self.counts[lane.name, "failed" if result.fault else "delivered"] += 1
                self._log_channel(lane, first, result.fault)
                if result.fault:
                    until = self._next_try(lane, first, result, now := self._now())
                    await self._put_off([record], now, until, result.fault)
                    return AttemptResult.REFUSED if result.refused else AttemptResult.FAILED
                lane.unmarked[first] = replace(notice, handle=result.handle or notice.handle), self._now()
                log.info("notice delivered", channel=lane.name, news=str(notice.news), incident=notice.incident)
            notice, at = lane.unmarked[first]
            await self._store.incidents.delivered(notice, at, history.delivered(notice, at))
            del lane.unmarked[first]
            return AttemptResult.DELIVERED
        finally:
            self._on_the_way.discard(first)

    def _rendered(self, queue: NoticeQueue) -> Notice:
        """Render what waits. If that fails, people get it as it was when it became due: late words are better than
        none."""
        try:
            return self._compose(queue)
        except Exception:
            log.exception("rendering a notice failed", incident=queue.waiting[0].incident)
            return as_stored(queue)

    async def _delivered(self, lane: _ChannelQueue, notice: Notice) -> DeliveryResult:
        try:
            return await lane.channel.deliver(notice, self._outside)
        except Exception as error:  # its words are not told: they may hold a token
            return DeliveryResult(f"internal error: {type(error).__name__}")

    async def _repeat(self, lane: _ChannelQueue, muted: frozenset[str]) -> None:
        lane.repeated_at, lane.muted = self._now(), muted
        lasting = await self._store.incidents.lasting(lane.name)
        active = [notice for notice in lasting if notice.incident not in muted]
        silent = [notice for notice in lasting if notice.incident in muted]
        try:
            fault = await lane.channel.repeat(active, silent, self._outside)
        except Exception as error:
            fault = f"internal error: {type(error).__name__}"
        self._log_channel(lane, REPEATING, fault)

    def _judge(self, lane: _ChannelQueue, took: bool) -> None:
        """Open the lane or back off. A lane that accepts some notices is open for all: the others are at fault
        themselves."""
        lane.misses = 0 if took else lane.misses + 1
        lane.shut_until = None if took else self._now() + _wait(lane.misses)

    def _next_try(self, lane: _ChannelQueue, first: str, result: DeliveryResult, now: datetime) -> datetime:
        """Return the next attempt: never before the lane's back-off ends, nor before the receiver wants more."""
        if result.refused:
            return now + REFUSED_FOR
        wait = _wait(lane.failing[first]) * (1 + JITTER * self._rng.random())
        return now + max(wait, min(result.wait or timedelta(0), MAX_WAIT_ASKED_FOR))

    async def _put_off(self, records: Iterable[NoticeRecord], now: datetime, until: datetime, reason: str) -> None:
        await asyncio.gather(*(self._put_off_one(record, now, until, reason) for record in records))

    async def _put_off_one(self, record: NoticeRecord, now: datetime, until: datetime, reason: str) -> None:
        notice = record.notice
        news = () if record.fault else (history.not_delivered(notice, now, reason),)
        await self._store.incidents.put_off(notice.id, now, until, reason, *news)

    def _log_channel(self, lane: _ChannelQueue, what: str, fault: str | None) -> None:
        """Log once when a channel fails, and once when it works again. `fault`: "" or None if it works."""
        if fault:
            lane.fault = fault
            if not lane.failing:
                log.warning("notice delivery failing", channel=lane.name, reason=fault)
            lane.failing[what] += 1
        elif lane.failing.pop(what, 0) and not lane.failing:
            log.info("notice delivery works again", channel=lane.name)

    def _log_store(self, who: str, error: StoreError | None) -> None:
        """Log once when waiting for a failed store."""
        if error is None:
            self._waiting_for_store.discard(who)
        elif who not in self._waiting_for_store:
            self._waiting_for_store.add(who)
            log.error("notice delivery waits for the store", who=who, reason=str(error))


def _wait(failures: int) -> timedelta:
    return timedelta(seconds=BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1])


async def _ended(tasks: Sequence[asyncio.Task[None]], patience: float) -> None:
    """Wait this long for the tasks, then cancel them."""
    if tasks:
        await asyncio.wait(tasks, timeout=patience)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
