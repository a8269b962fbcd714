"""Whether we were there to see what happened: a machine that was suspended saw nothing, nor did a closed listener.

What may have come, or have been delayed, while we were away is no company's doing. Here it becomes evidence.
"""

from datetime import datetime, timedelta

from monitor.clock import Pauses
from monitor.config import WatchedPath
from monitor.probing.flights import Flight
from probes.evidence import Absence, FailedLook, Look
from probes.mailboxes import ReceivedMailbox
from probes.mailboxes.inbound import AWAY, TurnedAway


class Presence:
    """Of one process. `listening_since` and `turned_away` are the listener's for copies, if there is one."""

    def __init__(self) -> None:
        self.listening_since: datetime | None = None
        self.turned_away: TurnedAway = lambda mailbox, probe_id, since, until: None
        self._pauses = Pauses()

    @property
    def away(self) -> float:
        """Seconds of all pauses that were noticed."""
        return self._pauses.total

    def tick(self, now: datetime) -> None:
        """The process is at work. Whoever brought a copy during a long pause found nobody."""
        if self._pauses.tick() > AWAY.total_seconds() and self.listening_since:
            self.listening_since = now

    def paused_since(self, began: float) -> bool:
        """Whether there was a pause that ended after then, a time of `elapsed`."""
        return self._pauses.since(began)

    def clock_was_set(self, step: timedelta) -> None:
        """The system clock is `step` later."""
        if self.listening_since:
            self.listening_since += step

    def absence(self, flight: Flight, now: datetime) -> tuple[Absence, ...]:
        """For how long we were away since it was launched, as far as this is not stored yet."""
        self.tick(now)
        return (Absence(flight.time(now), self.away - flight.away),) if self.away > flight.away else ()

    def look(self, mailbox: ReceivedMailbox, flight: Flight, now: datetime) -> Look | FailedLook:
        """What it means that no copy of it has come."""
        self.tick(now)
        sent_at = flight.probe.created_at + flight.set_since
        refused = self.turned_away(flight.mailbox, flight.probe.id, sent_at, now)
        return mailbox.look(sent_at, self.listening_since, now, refused)

    def missed(self, site: WatchedPath, flight: Flight, now: datetime) -> tuple[FailedLook, ...]:
        """That an earlier copy of it may have found nobody here, so that the one that came was late through us."""
        look = self.look(site.received, flight, now) if site.received else None
        return (FailedLook(flight.time(now), look.reason),) if isinstance(look, FailedLook) else ()
