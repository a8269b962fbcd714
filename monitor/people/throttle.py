"""Limits of sign-in attempts. Pure: time is an argument.

A back-off, so not one of `probes.rate_limits`: each failure beyond the free ones doubles the wait for the next, a
success undoes its own, and an hour without any forgets all. A rate limit would admit as many guesses every minute.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from probes.ip_addresses import CLIENT, block_of

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class ThrottlePace:
    """This many attempts are free; then each costs a wait, which doubles every time."""

    free: int
    first: timedelta
    longest: timedelta
    forget: timedelta  # so long after the last try all is forgotten
    most: int  # names that are remembered; beyond, the one that tried longest ago is not


OF_A_PAIR = ThrottlePace(5, timedelta(seconds=2), timedelta(minutes=15), timedelta(hours=1), 50_000)
"""Attempts of one client for one name. Counted per client: many clients cannot use up each other's."""
OF_A_NAME = ThrottlePace(300, timedelta(seconds=2), timedelta(minutes=1), timedelta(hours=1), 10_000)
"""Attempts of all clients for one name: a bound on guessing from many addresses. Beyond it only known devices are sure
to be admitted. A password of 12 characters withstands 1,440 more attempts a day."""
OF_AN_ADDRESS = ThrottlePace(20, timedelta(seconds=2), timedelta(minutes=15), timedelta(hours=2), 10_000)
OF_A_DEVICE = ThrottlePace(5, timedelta(seconds=2), timedelta(minutes=1), timedelta(hours=1), 10_000)
"""Attempts from a browser in which this person has signed in before. Nobody else's attempts count against it."""


class Throttle:
    """Counts failed attempts by name."""

    def __init__(self, pace: ThrottlePace) -> None:
        self._pace = pace
        self._tries: OrderedDict[str, tuple[int, datetime]] = OrderedDict()  # who tried last is last

    def __len__(self) -> int:
        return len(self._tries)

    def wait(self, name: str, now: datetime) -> timedelta:
        """Return the wait until the next attempt; zero if it may be made now."""
        count, last = self._known(name, now)
        over = count - self._pace.free
        if over < 0:
            return NOTHING
        wait = min(self._pace.first * (1 << min(over, 20)), self._pace.longest)
        return max(last + wait - now, NOTHING)

    def count(self, name: str, now: datetime) -> None:
        """Count an attempt. Counted before its result is known, so that parallel ones do not count as one."""
        count, _ = self._known(name, now)
        self._tries[name] = (count + 1, now)
        self._tries.move_to_end(name)
        if len(self._tries) > self._pace.most:
            self._tries.popitem(last=False)

    def worked(self, name: str) -> None:
        """The last attempt succeeded: uncount it, keep those before."""
        count, last = self._tries.get(name, (0, None))
        if last is not None and count > 1:
            self._tries[name] = (count - 1, last)
        else:
            self._tries.pop(name, None)

    def forget(self, name: str) -> None:
        """Reset the count: this really is the person."""
        self._tries.pop(name, None)

    def _known(self, name: str, now: datetime) -> tuple[int, datetime]:
        count, last = self._tries.get(name, (0, now))
        return (count, last) if now - last < self._pace.forget else (0, now)


class Tries:
    """Sign-in attempts: of one client for one name, of all for one name, and from one address; known devices are
    counted separately (OWASP, "Slow Down Online Guessing Attacks with Device Cookies")."""

    def __init__(self) -> None:
        self._pairs, self._names, self._others = Throttle(OF_A_PAIR), Throttle(OF_A_NAME), Throttle(OF_A_NAME)
        self._addresses, self._devices = Throttle(OF_AN_ADDRESS), Throttle(OF_A_DEVICE)

    def admit(self, name: str, address: str, now: datetime, device: str = "", *, is_person: bool = False) -> timedelta:
        """Count an attempt and return None, or return the wait without counting it.

        `device`: one in which this person has signed in before, "" if none. `address`: "" if many share it; then only
        the name counts, as none of them may use up the others' attempts. `is_person`: the name exists. Invented names
        are remembered separately: otherwise a few thousand of them, nearly free for an attacker with links, would push
        out the attempts for a person.
        """
        counted = self._counted(name, address, device, is_person=is_person)
        wait = max(throttle.wait(key, now) for throttle, key in counted)
        if not wait:
            for throttle, key in counted:
                throttle.count(key, now)
        return wait

    def worked(self, name: str, address: str, device: str = "") -> None:
        """The attempt succeeded. Other attempts from their address still count, as they may concern others; so do other
        people's attempts for this name."""
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
        place = block_of(address, CLIENT)
        return [(self._pairs, f"{place} {name}"), (names, name), (self._addresses, place)]
