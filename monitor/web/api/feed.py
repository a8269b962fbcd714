"""The stream of all events: verdicts in the order in which they were stored, and incidents as they change.

It is read once for all followers, and only while there are any. Each follower has a position in it; one that reconnects
receives what it missed. Verdicts are numbered by the store, so their positions survive a restart; of incidents the last
changes are kept here, and a follower that missed more receives the state of all open ones.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from time import monotonic
from typing import Protocol, TypeVar

from monitor.incidents.incident import Incident
from monitor.incidents.signal import Signal
from monitor.incidents.work import IncidentWork, work_of
from monitor.web.backend import Backend

KEPT = 2000  # verdicts, and changes of incidents
MAX_REPLAYED_VERDICTS = 20_000  # verdicts; who missed more of them reads the list of probes
PAGE_VERDICTS = 500


class Numbered(Protocol):
    """Something with a position in an order."""

    @property
    def number(self) -> int: ...


N = TypeVar("N", bound=Numbered)
WorkedOn = tuple[Incident, IncidentWork]


@dataclass(frozen=True, slots=True)
class FeedCursor:
    """A reader's position: verdicts up to that number, and so many changes of incidents in that run."""

    signal: int
    run: str
    change: int

    def __str__(self) -> str:
        return f"{self.signal}.{self.run}.{self.change}"


@dataclass(frozen=True, slots=True)
class IncidentChange:
    """An incident, or the work on it, as it became."""

    number: int
    incident: Incident
    work: IncidentWork


@dataclass(frozen=True, slots=True)
class Batch:
    """The events after a position, and the new position. `anew`: these incidents are all open ones, the rest is
    closed."""

    signals: tuple[Signal, ...]
    changes: tuple[IncidentChange, ...]
    anew: tuple[WorkedOn, ...] | None
    place: FeedCursor


class Feed:
    """Verdicts and changes of incidents, for all who follow."""

    def __init__(self) -> None:
        self.run = secrets.token_hex(4)
        self._rulings: deque[Signal] = deque(maxlen=KEPT)
        self._changes: deque[IncidentChange] = deque(maxlen=KEPT)
        self._known: dict[str, WorkedOn] | None = None
        self._saw = -1
        self._forgot = 0  # the number of the newest verdict that is not among those kept here
        self._changed = 0
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._waiting: asyncio.Task[None] | None = None

    async def now(self, backend: Backend) -> FeedCursor:
        """The end of it."""
        await self.read(backend)
        return FeedCursor(self._saw, self.run, self._changed)

    async def after(self, backend: Backend, place: FeedCursor) -> Batch:
        """Return the events after this position, as far as they have been read."""
        signals = await self._rulings_after(backend, min(place.signal, self._saw))
        here = FeedCursor(signals[-1].number if signals else self._saw, self.run, self._changed)
        oldest = self._changes[0].number if self._changes else self._changed + 1
        if place.run != self.run or not oldest - 1 <= place.change <= self._changed:
            return Batch(signals, (), tuple((self._known or {}).values()), here)
        return Batch(signals, _tail(self._changes, place.change), None, here)

    async def _rulings_after(self, backend: Backend, number: int) -> tuple[Signal, ...]:
        if number < self._forgot:  # it is long ago
            oldest = await backend.store.probes.signal_before(MAX_REPLAYED_VERDICTS)
            return tuple(await backend.store.probes.signals(max(number, oldest), PAGE_VERDICTS))
        return _tail(self._rulings, number)

    async def look(self, backend: Backend, every: float) -> None:
        """Read what is new, if nobody has within so many seconds."""
        if monotonic() - self._read_at >= every:
            await self.read(backend)

    async def read(self, backend: Backend) -> None:
        """Read what is new. Those who ask while it is being read share the next reading: one for all."""
        if self._waiting is None and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self._read(backend))
            await asyncio.shield(self._reading)
            return
        if self._waiting is None and self._reading:
            self._waiting = asyncio.create_task(self._read_next(self._reading, backend))
        if self._waiting:
            await asyncio.shield(self._waiting)

    async def _read_next(self, before: asyncio.Task[None], backend: Backend) -> None:
        await asyncio.wait([before])
        self._reading, self._waiting = self._waiting, None
        await self._read(backend)

    async def _read(self, backend: Backend) -> None:
        self._read_at = monotonic()
        await self._read_incidents(backend)
        upto = await backend.followed()  # who is told of a verdict finds it on the pages
        last = min(await backend.store.probes.last_signal(), upto)
        if self._saw < 0:
            self._saw = self._forgot = last
        new = 0
        while signals := [
            each for each in await backend.store.probes.signals(self._saw, PAGE_VERDICTS) if each.number <= upto
        ]:
            if (new := new + len(signals)) > KEPT:  # nobody followed
                self._rulings.clear()
                self._saw = self._forgot = last
                return
            for signal in signals:
                if len(self._rulings) == KEPT:
                    self._forgot = self._rulings[0].number
                self._rulings.append(signal)
            self._saw = signals[-1].number

    async def _read_incidents(self, backend: Backend) -> None:
        store = backend.store.incidents
        actions = await store.open_actions()
        present = {
            each.id: (each, work_of(each, actions.get(each.id, ()))) for each in backend.incident_engine.incidents
        }
        known = present if self._known is None else self._known
        changed = [both for name, both in present.items() if known.get(name) != both]
        for name in known.keys() - present.keys():
            closed = [each for each in await store.find(name) if each.id == name]
            changed += [(each, work_of(each, await store.actions(name))) for each in closed]
        self._known = present
        for incident, work in changed:
            self._changed += 1
            self._changes.append(IncidentChange(self._changed, incident, work))


def _tail(numbered: Sequence[N], number: int) -> tuple[N, ...]:
    """Those with a greater number, of what is in order: few, at the end."""
    return tuple(takewhile(lambda each: each.number > number, reversed(numbered)))[::-1]
