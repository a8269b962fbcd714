"""Limits of sending, for every purpose: probes per path and day, messages per host and minute."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from types import MappingProxyType

from monitor.config import Config, WatchedPath
from monitor.store import Store
from probes.rate_limits import SlidingWindow

MINUTE = timedelta(minutes=1)


class Caps:
    """Counts probes per path and UTC day, and messages per host and minute, for every purpose.

    A reload keeps them. After a restart they continue from the store: `sent_today` per company and path, and the time
    of each host's messages in the last minute, in `recent`.
    """

    def __init__(
        self,
        per_host_per_minute: int,
        sent_today: Mapping[tuple[str, str], int],
        now: datetime,
        recent: Mapping[str, Iterable[datetime]] = MappingProxyType({}),
    ) -> None:
        self.per_host_per_minute = per_host_per_minute
        self._hosts = SlidingWindow[str](MINUTE)
        self._hosts.replace((host, at) for host, times in recent.items() for at in times)
        self.recount(sent_today, now)

    def recount(self, sent_today: Mapping[tuple[str, str], int], now: datetime) -> None:
        """Set the number of probes launched today."""
        self._sent, self._day = defaultdict(int, sent_today), now.date()

    def full(self, path: WatchedPath, now: datetime) -> bool:
        """Test if this path has reached its daily limit."""
        if now.date() != self._day:
            self._sent.clear()
            self._day = now.date()
        return self._sent[path.company, path.path] >= path.per_path_per_day

    def free_at(self, host: str, now: datetime) -> datetime:
        """Return the time from which one more message may go to this host."""
        return self._hosts.free_at(host, self.per_host_per_minute, now)

    def count(self, path: WatchedPath, now: datetime) -> None:
        """Count a launched probe."""
        self._sent[path.company, path.path] += 1
        self.count_message(path, now)

    def count_message(self, path: WatchedPath, now: datetime) -> None:
        """Count a message: the first of a probe, or a retry."""
        self._hosts.count(path.route.destination(path.to), now)

    def give_back(self, path: WatchedPath) -> None:
        """Undo the last count: it was not sent."""
        self._sent[path.company, path.path] = max(self._sent[path.company, path.path] - 1, 0)  # a new day has begun
        self._hosts.uncount(path.route.destination(path.to))

    def clock_was_set(self, step: timedelta) -> None:
        """Shift by the step of the system clock: messages sent some seconds ago stay that old."""
        self._hosts.shift(step)


async def wait_for_room(
    caps: Caps, path: WatchedPath, now: Callable[[], datetime], pause: Callable[[float], Awaitable[None]]
) -> bool:
    """Wait until the path's host may get one more message, and count it. False: the path's day is full."""
    host = path.route.destination(path.to)
    while not caps.full(path, now()):
        if (free_at := caps.free_at(host, now())) <= now():
            caps.count(path, now())
            return True
        await pause((free_at - now()).total_seconds())
    return False


async def caps_of(config: Config, store: Store, now: datetime) -> Caps:
    """Return the caps with what the store knows was sent today, and to each host in the last minute."""
    hosts: defaultdict[str, list[datetime]] = defaultdict(list)
    destination = {(path.company, path.path): path.route.destination(path.to) for path in config.paths()}
    for company, path, at in await store.probes.attempts(now - MINUTE, now):
        if host := destination.get((company, path)):
            hosts[host].append(at)
    return Caps(config.probes.cap.per_host_per_minute, await sent_today(store, now), now, hosts)


async def sent_today(store: Store, now: datetime) -> dict[tuple[str, str], int]:
    """Return the number of probes per company and path on this UTC day."""
    return await store.probes.launched_since(datetime.combine(now.date(), time(), now.tzinfo))
