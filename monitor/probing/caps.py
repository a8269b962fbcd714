"""How much may be sent, whatever it is sent for: probes per path and day, messages per host and minute."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from types import MappingProxyType

from monitor.config import Config, WatchedPath
from monitor.store import Store

MINUTE = timedelta(minutes=1)


class Caps:
    """How much may be sent: probes per path and UTC day, messages per host and minute, whatever they are sent for.

    A reload keeps them. After a restart they go on from what the store has: `sent_today` of each company and path, and
    when each host was sent a message in the last minute, in `recent`.
    """

    def __init__(
        self,
        per_host_per_minute: int,
        sent_today: Mapping[tuple[str, str], int],
        now: datetime,
        recent: Mapping[str, Iterable[datetime]] = MappingProxyType({}),
    ) -> None:
        self.per_host_per_minute = per_host_per_minute
        self._hosts: dict[str, deque[datetime]] = defaultdict(deque)
        for host, times in recent.items():
            self._hosts[host].extend(sorted(times))
        self.recount(sent_today, now)

    def recount(self, sent_today: Mapping[tuple[str, str], int], now: datetime) -> None:
        """This is how many probes were launched today."""
        self._sent, self._day = defaultdict(int, sent_today), now.date()

    def full(self, path: WatchedPath, now: datetime) -> bool:
        """Whether this path has had its share of the day."""
        if now.date() != self._day:
            self._sent.clear()
            self._day = now.date()
        return self._sent[path.company, path.path] >= path.per_path_per_day

    def free_at(self, host: str, now: datetime) -> datetime:
        """From when on one more message may go to this host."""
        times = self._hosts[host]
        while times and times[0] <= now - MINUTE:
            times.popleft()
        return now if len(times) < self.per_host_per_minute else times[-self.per_host_per_minute] + MINUTE

    def count(self, path: WatchedPath, now: datetime) -> None:
        """One more probe was launched."""
        self._sent[path.company, path.path] += 1
        self.count_message(path, now)

    def count_message(self, path: WatchedPath, now: datetime) -> None:
        """One more message was sent: the first of a probe, or a repeated attempt."""
        self._hosts[path.route.destination(path.to)].append(now)

    def give_back(self, path: WatchedPath) -> None:
        """The one that was counted last was not sent."""
        self._sent[path.company, path.path] = max(self._sent[path.company, path.path] - 1, 0)  # a new day has begun
        if times := self._hosts[path.route.destination(path.to)]:
            times.pop()

    def clock_was_set(self, step: timedelta) -> None:
        """What was sent some seconds ago was sent so many seconds ago still."""
        for times in self._hosts.values():
            times.extend([times.popleft() + step for _ in range(len(times))])


async def caps_of(config: Config, store: Store, now: datetime) -> Caps:
    """What may be sent, by what the store knows was sent today, and to each host in the last minute."""
    hosts: defaultdict[str, list[datetime]] = defaultdict(list)
    destination = {(path.company, path.path): path.route.destination(path.to) for path in config.paths()}
    for company, path, at in await store.probes.attempts(now - MINUTE, now):
        if host := destination.get((company, path)):
            hosts[host].append(at)
    return Caps(config.probes.cap.per_host_per_minute, await sent_today(store, now), now, hosts)


async def sent_today(store: Store, now: datetime) -> dict[tuple[str, str], int]:
    """How many probes each company and path had this UTC day."""
    return await store.probes.launched_since(datetime.combine(now.date(), time(), now.tzinfo))
