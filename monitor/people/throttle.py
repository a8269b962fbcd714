"""How often somebody may try. Pure: the time is handed in."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.people.addresses import neighbourhood

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Pace:
    """So many tries are free; then each costs a wait, the first this long and every other twice the one before."""

    free: int
    first: timedelta
    longest: timedelta
    forget: timedelta  # so long after the last try all is forgotten
    most: int  # names that are remembered; beyond, the one that tried longest ago is not


OF_A_NAME = Pace(5, timedelta(seconds=2), timedelta(minutes=1), timedelta(hours=1), 10_000)
"""The longest wait is short: else anybody could keep the right one out. A password of 12 characters bears 1,440 tries
a day."""
OF_AN_ADDRESS = Pace(20, timedelta(seconds=2), timedelta(minutes=15), timedelta(hours=2), 10_000)


class Throttle:
    """Counts tries that did not work, by name."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._tries: OrderedDict[str, tuple[int, datetime]] = OrderedDict()  # who tried last is last

    def __len__(self) -> int:
        return len(self._tries)

    def wait(self, name: str, now: datetime) -> timedelta:
        """How long until the next try; nothing if it may be now."""
        count, last = self._known(name, now)
        over = count - self._pace.free
        if over < 0:
            return NOTHING
        wait = min(self._pace.first * (1 << min(over, 20)), self._pace.longest)
        return max(last + wait - now, NOTHING)

    def count(self, name: str, now: datetime) -> None:
        """One more try. It counts before it is known to fail, so that many at the same time are not one."""
        count, _ = self._known(name, now)
        self._tries[name] = (count + 1, now)
        self._tries.move_to_end(name)
        if len(self._tries) > self._pace.most:
            self._tries.popitem(last=False)

    def worked(self, name: str) -> None:
        """The last try did work: it does not count, those before do."""
        count, last = self._tries.get(name, (0, None))
        if last is not None and count > 1:
            self._tries[name] = (count - 1, last)
        else:
            self._tries.pop(name, None)

    def forget(self, name: str) -> None:
        """Whoever this is, is who they say."""
        self._tries.pop(name, None)

    def _known(self, name: str, now: datetime) -> tuple[int, datetime]:
        count, last = self._tries.get(name, (0, now))
        return (count, last) if now - last < self._pace.forget else (0, now)


class Tries:
    """Tries to sign in: those with one person's name, and those from one address."""

    def __init__(self) -> None:
        self._names, self._addresses = Throttle(OF_A_NAME), Throttle(OF_AN_ADDRESS)

    def admit(self, name: str, address: str, now: datetime) -> timedelta:
        """Nothing: try now, and it is counted. Else how long to wait, and this one was not counted."""
        place = neighbourhood(address)
        wait = max(self._names.wait(name, now), self._addresses.wait(place, now))
        if not wait:
            self._names.count(name, now)
            self._addresses.count(place, now)
        return wait

    def worked(self, name: str, address: str) -> None:
        """They are who they say. What else came from their address still counts: it may have been for others."""
        self._names.forget(name)
        self._addresses.worked(neighbourhood(address))
