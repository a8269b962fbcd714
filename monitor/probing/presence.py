"""Were we running to see what happened? A suspended machine saw nothing, nor did a closed listener.

Whatever may have come, or have been delayed, while we were away is no company's fault. Here it becomes evidence.
"""

from datetime import datetime, timedelta

from monitor.clock import Pauses
from monitor.config import WatchedPath
from monitor.probing.flights import Flight
from probes.evidence import Absence, FailedLook, Look
from probes.mailboxes import ReceivedMailbox
from probes.mailboxes.inbound import AWAY, TurnedAway


class Presence:
    """Presence of one process. `listening_since` and `turned_away` are those of the listener for copies, if there is
    one."""

    def __init__(self) -> None:
        self.listening_since: datetime | None = None
        self.turned_away: TurnedAway = lambda mailbox, probe_id, since, until: None
        self._pauses = Pauses()

    @property
    def away(self) -> float:
        """Total seconds of noticed pauses."""
        return self._pauses.total

    def tick(self, now: datetime) -> None:
        """Record that the process is running. Copies brought during a long pause found nobody."""
        if self._pauses.tick() > AWAY.total_seconds() and self.listening_since:
            self.listening_since = now

    def paused_since(self, began: float) -> bool:
        """Test if a pause ended after this time of `elapsed`."""
        return self._pauses.since(began)

    def clock_was_set(self, step: timedelta) -> None:
        """Shift by `step`, the step of the system clock."""
        if self.listening_since:
            self.listening_since += step

    def absence(self, flight: Flight, now: datetime) -> tuple[Absence, ...]:
        """Return how long we were away since its launch, as far as not stored yet."""
        self.tick(now)
        return (Absence(flight.time(now), self.away - flight.away),) if self.away > flight.away else ()

    def look(self, mailbox: ReceivedMailbox, flight: Flight, now: datetime) -> Look | FailedLook:
        """Return the look for which no copy has come."""
        self.tick(now)
        sent_at = flight.probe.created_at + flight.set_since
        refused = self.turned_away(flight.mailbox, flight.probe.id, sent_at, now)
        return mailbox.look(sent_at, self.listening_since, now, refused)

    def missed(self, path: WatchedPath, flight: Flight, now: datetime) -> tuple[FailedLook, ...]:
        """Test if an earlier copy may have found nobody here, so that we made it late."""
        look = self.look(path.received, flight, now) if path.received else None
        return (FailedLook(flight.time(now), look.reason),) if isinstance(look, FailedLook) else ()
