"""From messages in a mailbox to evidence: which are probes, where they belong, and which may be deleted."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import structlog

from monitor.config import WatchedPath
from monitor.probing.flights import Flight
from monitor.probing.learning import Learner
from monitor.probing.presence import Presence
from monitor.store import Store, StoreError
from probes.mailboxes import Sighting
from probes.recognise import Recognised, recognise

FORGOTTEN = timedelta(days=1)  # a probe of which the store knows nothing, and that is older, is in nobody's care

log = structlog.get_logger("pipeline")


class Arrivals:
    """Stores what sightings prove. `path_of` a flight is None if its path was removed."""

    def __init__(
        self,
        store: Store,
        learner: Learner,
        presence: Presence,
        key: bytes,
        now: Callable[[], datetime],
        path_of: Callable[[Flight], WatchedPath | None],
    ) -> None:
        self.addresses: Collection[str] = ()  # in lower case: those that probes are from
        self._store, self._learner, self._presence = store, learner, presence
        self._key, self._now, self._path_of = key, now, path_of

    async def sighted(self, mailbox: str, sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        """Process sightings of this mailbox. Returns those that may be deleted, once everything true is stored."""
        if len(sightings) == 1:  # as nearly always; a task for it would cost more than it does
            return sightings if await self._is_ours(mailbox, sightings[0]) else ()
        ours = await asyncio.gather(*(self._is_ours(mailbox, sighting) for sighting in sightings))
        return [sighting for sighting, is_ours in zip(sightings, ours, strict=True) if is_ours]

    async def accept(self, mailbox: str, sighting: Sighting) -> bool:
        """Test if this is a probe that belongs here, and record its arrival unless it is a copy."""
        if (found := self._recognised(sighting)) is None:
            return False
        flight = await self._learner.flight_of(found.probe_id)
        if flight is None or flight.mailbox != mailbox:
            return False
        if not flight.arrived:
            path, now = self._path_of(flight), self._now()
            missed = self._presence.missed(path, flight, now) if path else ()
            arrival = flight.arrival(sighting, found.body, now)
            await self._learner.keep(flight, *missed, arrival, unless=lambda known: known.arrived)
        return True

    async def _is_ours(self, mailbox: str, sighting: Sighting) -> bool:
        """Test if it is ours to delete. A message that we fail to process must not hide the others."""
        try:
            return await self.accept(mailbox, sighting) or await self._left_over(sighting)
        except StoreError:
            raise
        except Exception:
            log.exception("message in mailbox could not be processed", mailbox=mailbox)
            return False

    async def _left_over(self, sighting: Sighting) -> bool:
        """Test if this is a probe that is no longer expected: its time is over, or it was deleted."""
        found = self._recognised(sighting) if self._learner.owns_orphans else None
        if found is None or self._learner.in_flight(found.probe_id):
            return False
        if record := await self._store.probes.record(found.probe_id):
            return self._now() >= record.probe.give_up_at
        return sighting.mailbox_time is None or self._now() - sighting.mailbox_time > FORGOTTEN

    def _recognised(self, sighting: Sighting) -> Recognised | None:
        """Return the probe that this message is."""
        return recognise(sighting, self._key, self.addresses)
