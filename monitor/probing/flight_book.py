"""The probes in flight, by id: which exist, which checks are busy, and when each needs attention."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from monitor.probing.alarms import Alarms
from monitor.probing.flights import Flight
from probes.check import Check
from probes.sender import Role


class FlightBook(Mapping[str, Flight]):
    """Maps the ids of probes in flight to these."""

    def __init__(self) -> None:
        self._flights: dict[str, Flight] = {}
        self._alarms = Alarms()
        self._busy: Counter[Check] = Counter()

    def __getitem__(self, probe_id: str) -> Flight:
        return self._flights[probe_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._flights)

    def __len__(self) -> int:
        return len(self._flights)

    def busy(self, check: Check) -> bool:
        """Test if a probe of the sender is in flight on this check; control and neighbour block nothing."""
        return self._busy[check] > 0

    def track(self, flight: Flight) -> Flight:
        """Add a probe in flight."""
        self._flights[flight.probe.id] = flight
        self._busy[flight.check] += _blocks(flight)
        return flight

    def untrack(self, flight: Flight) -> None:
        """Remove it: nothing more is expected."""
        self._alarms.cancel(flight.probe.id)
        if self._flights.pop(flight.probe.id, None):
            self._busy[flight.check] -= _blocks(flight)
            if not self._busy[flight.check]:
                del self._busy[flight.check]

    def wake(self, flight: Flight, moment: datetime) -> None:
        """Set its next time of attention, in its own time."""
        self._alarms.set(flight.probe.id, moment + flight.set_since)

    def due(self, now: datetime) -> Iterator[Flight]:
        """Return those that need attention, each once."""
        for probe_id in self._alarms.due(now):
            if flight := self._flights.get(probe_id):
                yield flight

    def clock_was_set(self, step: timedelta) -> None:
        """Shift all times by `step`, the step of the system clock: remaining waits stay the same."""
        for flight in self._flights.values():
            flight.clock_was_set(step)
        self._alarms.clock_was_set(step)


def _blocks(flight: Flight) -> bool:
    """Test if the next scheduled probe of its check must wait for it."""
    return flight.probe.role is Role.SENDER and flight.probe.purpose.makes_signals
