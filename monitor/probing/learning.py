"""The one door for evidence: stored together with its meaning, then known, and only then published.

One at a time per probe. If two pieces of news were judged concurrently, each verdict would ignore the other's evidence.

Our knowledge of a probe never runs ahead of the store. A write that was refused, or whose caller was cancelled, may
have been committed or not: `Flight.unsure` is set before each write and cleared by its answer, and whoever finds it set
reads the store first. So nothing is undone by hand.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from weakref import WeakValueDictionary

from monitor.events import Event, Judged, Listener, tell_all
from monitor.probing.flight_book import FlightBook
from monitor.probing.flights import Flight
from monitor.probing.presence import Presence
from monitor.store import Store, StoreDownError
from probes.evidence import Attempt, Evidence, Step
from probes.judge import delivery_time
from probes.verdict import Verdict

STORE_RETRY = 1.0  # seconds until what a failing store did not take is given to it again

Unless = Callable[[Flight], bool]
"""Returns if this is no news after all; called when its turn has come."""


class Learned(Protocol):
    """Called after the store has accepted something: decides what is next for this probe. `over`: nothing more is
    expected."""

    def __call__(self, flight: Flight, *, over: bool) -> None: ...


def _never(_: Flight) -> bool:
    return False


class Learner:
    """Stores evidence of probes. `flights` are those in flight; evidence of others is accepted too."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        flights: FlightBook,
        presence: Presence,
        listeners: Sequence[Listener],
        on_learned: Learned,
        *,
        owns: Callable[[int], bool] = lambda _: True,
        owns_orphans: bool,
    ) -> None:
        """`owns` a bucket of mailboxes; `owns_orphans`: this process also takes care of probes that no process has in
        flight any more."""
        self._owns = owns
        self.owns_orphans = owns_orphans
        self._store, self._now, self._flights, self._presence = store, now, flights, presence
        self._listeners, self._on_learned = listeners, on_learned
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def in_flight(self, probe_id: str) -> bool:
        """Test if something is expected of it here."""
        return probe_id in self._flights

    async def flight_of(self, probe_id: str) -> Flight | None:
        """Return a probe in flight, one that was over, or one of another process: of those only one process takes
        care. None for one whose evidence is deleted: without its arrival, a late bounce would be all there is."""
        if flight := self._flights.get(probe_id):
            return flight
        record = await self._store.probes.record(probe_id) if self.owns_orphans else None
        return Flight.of(record, self._now()) if record and not record.evidence_deleted_at else None

    async def learn(self, flight: Flight, *evidence: Evidence, unless: Unless = _never) -> None:
        """Store evidence, if any, and the resulting verdict. Raises StoreError."""
        async with self._turn(flight):
            if not flight.unsure and self._flights.get(flight.probe.id) is flight:
                if not unless(flight):
                    await self._learn(flight, evidence)
                return
            await self._refresh(flight)
            news = () if unless(flight) else [seen for seen in evidence if seen not in flight.evidence]
            await self._learn(flight, news)

    async def keep(self, flight: Flight, *evidence: Evidence, unless: Unless = _never) -> None:
        """Store evidence that cannot be observed again, however long the store is down; nothing else is done until
        then."""
        flight.keeping += 1
        try:
            while True:
                try:
                    return await self.learn(flight, *evidence, unless=unless)
                except StoreDownError:
                    await asyncio.sleep(STORE_RETRY)
        finally:
            flight.keeping -= 1

    async def begin(self, flight: Flight, attempt: Attempt) -> bool:
        """Store an attempt about to be made. False if another process was first: then it is not ours."""
        async with self._turn(flight):
            if flight.unsure:
                await self._refresh(flight)
            flight.unsure = True
            if ours := await self._store.probes.add(flight.probe.id, attempt):
                flight.evidence.append(attempt)
                flight.unsure = False
                self.publish(flight, attempt)
            return ours

    async def close(self, flight: Flight, verdict: Verdict) -> None:
        """End the probe with this verdict. Raises StoreError."""
        async with self._turn(flight):
            flight.unsure = True
            await self._store.probes.learn(flight.probe.id, (), verdict, self._now(), closed=True, delivery=None)

    async def refresh(self, flight: Flight) -> bool:
        """Read what another process stored about it. Returns if there was anything."""
        async with self._turn(flight):
            return await self._refresh(flight)

    async def catch_up(self, flight: Flight) -> None:
        """Read what another process stored about it, and judge it. Two processes may share a store during a takeover:
        evidence that one stores reaches the other only through the store."""
        async with self._turn(flight):
            if await self._refresh(flight) and not flight.sending:
                await self._learn(flight, ())

    def publish(self, flight: Flight, what: Step | Evidence | Judged) -> None:
        """Publish to listeners."""
        tell_all(self._listeners, Event(flight.probe, what))

    def _turn(self, flight: Flight) -> asyncio.Lock:
        """Return the lock of a probe id: for a probe not in flight two copies may be at work."""
        probe_id = flight.probe.id
        return self._turns.get(probe_id) or self._turns.setdefault(probe_id, asyncio.Lock())

    async def _learn(self, flight: Flight, evidence: Sequence[Evidence]) -> None:
        at = self._now()
        absence = self._presence.absence(flight, at) if self._cares_for(flight) else ()
        news = (*absence, *evidence)
        verdict, over, delivery = flight.weighed([*flight.evidence, *news], flight.time(at))
        before = flight.verdict
        changed = verdict if verdict != before else None
        flight.unsure, flight.absence = True, absence
        all_new = await self._store.probes.learn(flight.probe.id, news, changed, at, closed=over, delivery=delivery)
        if not all_new:  # another process stored some of it before us: what it stored counts
            await self._refresh(flight)
            await self._learn(flight, ())
            return
        flight.unsure = False
        flight.evidence += news
        flight.absence_is_stored(absence)
        for seen in news:
            self.publish(flight, seen)
        if changed:
            flight.verdict = changed
            self.publish(flight, Judged(changed, at, delivery, amends=before is not None))
        self._on_learned(flight, over=over)

    def _cares_for(self, flight: Flight) -> bool:
        """Test if nobody else looked after it while we were away."""
        return self._flights.get(flight.probe.id) is flight and self._owns(flight.bucket)

    async def _refresh(self, flight: Flight) -> bool:
        if flight.unsure:
            await self._store.probes.settled()
        record = await self._store.probes.record(flight.probe.id)
        if record is None:
            return False
        known, before = set(flight.evidence), flight.verdict
        news = [seen for seen in record.evidence if seen not in known]
        flight.evidence, flight.unsure = [*record.evidence], False
        flight.absence_is_stored(each for each in flight.absence if each in news)
        for seen in news:
            self.publish(flight, seen)
        if record.verdict and record.judged_at and record.verdict != before:
            flight.verdict = record.verdict
            delivery = delivery_time(flight.probe, flight.evidence)
            self.publish(flight, Judged(record.verdict, record.judged_at, delivery, amends=before is not None))
            return True
        return bool(news)
