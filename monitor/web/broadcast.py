"""Live events for subscribers: each subscriber has a queue of its own, and a slow one loses only its own.

Signals come from the store, whichever process stored them. Steps and evidence come from this process's pipeline as they
happen; a subscriber to a probe of another process reads the store when its verdict comes, and now and then.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from monitor.events import Event
from monitor.incidents.signal import Signal
from probes.evidence import Attempt, Dialogue, Interrupted, Step

MAX_WAITING = 1000  # events in one subscriber's queue; one that lags further behind must begin anew

News = Event | Signal
"""Something that happened. Both know their `probe_id` and `company`."""


@dataclass(eq=False)
class Subscription:
    """One watcher. `lost` is set when it was too slow: it has to read the present state again."""

    wants: Callable[[News], bool]
    queue: "asyncio.Queue[News]" = field(default_factory=lambda: asyncio.Queue(MAX_WAITING))
    lost: bool = False

    async def __aiter__(self) -> AsyncIterator[News]:
        while not (self.lost and self.queue.empty()):
            yield await self.queue.get()


class Live:
    """A listener of the pipeline, and a follower of the store's signals, that passes on what happens."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._spoken: dict[str, list[Step]] = {}

    @property
    def watchers(self) -> int:
        """Number of subscribers."""
        return len(self._subscriptions)

    def on_event(self, event: Event) -> None:
        """Pass it on to whoever wants it. Never waits."""
        if isinstance(event.what, Step):
            self._spoken.setdefault(event.probe.id, []).append(event.what)
        elif isinstance(event.what, Attempt | Dialogue | Interrupted):
            self._spoken.pop(event.probe.id, None)
        self._pass_on(event)

    def take(self, signals: Sequence[Signal]) -> None:
        """Pass on what was stored. Never waits."""
        for signal in signals if self._subscriptions else ():
            self._pass_on(signal)

    def _pass_on(self, news: News) -> None:
        for each in self._subscriptions:
            if each.wants(news) and not each.lost:
                try:
                    each.queue.put_nowait(news)
                except asyncio.QueueFull:
                    each.lost = True

    def spoken(self, probe_id: str) -> Sequence[Step]:
        """The steps so far of a dialogue that is under way: in the store is only one that has ended."""
        return self._spoken.get(probe_id, ())

    @contextmanager
    def subscribed(self, wants: Callable[[News], bool]) -> Iterator[Subscription]:
        """Watch what `wants` says yes to, while the block lasts."""
        subscription = Subscription(wants)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
