"""How often somebody may try. Pure: the time is handed in."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.people.addresses import neighbourhood

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class ThrottlePace:
    """So many tries are free; then each costs a wait, the first this long and every other twice the one before."""

    free: int
    first: timedelta
    longest: timedelta
    forget: timedelta  # so long after the last try all is forgotten
    most: int  # names that are remembered; beyond, the one that tried longest ago is not


OF_A_PAIR = ThrottlePace(5, timedelta(seconds=2), timedelta(minutes=15), timedelta(hours=1), 50_000)
"""Tries of one client for one name. They are each client's own: many clients cannot use up what another has."""
OF_A_NAME = ThrottlePace(300, timedelta(seconds=2), timedelta(minutes=1), timedelta(hours=1), 10_000)
"""Tries of all clients for one name: a bound on guessing from many addresses. Beyond it only known devices are sure to
get in. A password of 12 characters bears 1,440 tries a day more than these."""
OF_AN_ADDRESS = ThrottlePace(20, timedelta(seconds=2), timedelta(minutes=15), timedelta(hours=2), 10_000)
OF_A_DEVICE = ThrottlePace(5, timedelta(seconds=2), timedelta(minutes=1), timedelta(hours=1), 10_000)
"""Tries from a browser in which this person has signed in before. Nobody else's tries count against it."""


class Throttle:
    """Counts tries that did not work, by name."""

    def __init__(self, pace: ThrottlePace) -> None:
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
    """Tries to sign in: of one client for one name, of all for one name, from one address; and from known devices,
    which are counted by themselves (OWASP, "Slow Down Online Guessing Attacks with Device Cookies")."""

    def __init__(self) -> None:
        self._pairs, self._names, self._others = Throttle(OF_A_PAIR), Throttle(OF_A_NAME), Throttle(OF_A_NAME)
        self._addresses, self._devices = Throttle(OF_AN_ADDRESS), Throttle(OF_A_DEVICE)

    def admit(self, name: str, address: str, now: datetime, device: str = "", *, is_person: bool = False) -> timedelta:
        """Nothing: try now, and it is counted. Else how long to wait, and this one was not counted.

        `device`: one in which this person has signed in before, "" if it is none. `address`: "" if it is that of many;
        then only the name counts, for nobody of them must use up what the others have. `is_person`: there is
        somebody of that name. Names that anybody can invent are remembered apart: else a few thousand, which cost next
        to nothing where they are links, would make us forget the tries for a person, and those were free again.
        """
        counted = self._counted(name, address, device, is_person=is_person)
        wait = max(throttle.wait(key, now) for throttle, key in counted)
        if not wait:
            for throttle, key in counted:
                throttle.count(key, now)
        return wait

    def worked(self, name: str, address: str, device: str = "") -> None:
        """They are who they say. What else came from their address still counts: it may have been for others; and so
        do the tries of others for their name."""
        for throttle, key in self._counted(name, address, device, is_person=True):
            if throttle in (self._pairs, self._devices):
                throttle.forget(key)
            else:
                throttle.worked(key)

    def _counted(self, name: str, address: str, device: str, *, is_person: bool) -> list[tuple[Throttle, str]]:
        if device:
            return [(self._devices, f"{device} {name}")]
        names = self._names if is_person else self._others
        if not address:
            return [(names, name)]
        place = neighbourhood(address)
        return [(self._pairs, f"{place} {name}"), (names, name), (self._addresses, place)]
