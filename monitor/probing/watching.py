"""The watchers of the mailboxes that this process owns: one for each, made when something is expected in it."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import partial

from monitor.config import WatchedPath
from monitor.probing.arrivals import Arrivals
from monitor.probing.buckets import bucket_of
from monitor.probing.flights import Flight
from monitor.sources.mailboxes import Report, Watcher
from probes.mailboxes import VisitedMailbox
from probes.outside import Outside


class Watchers(Mapping[str, Watcher]):
    """Maps the keys of mailboxes to their watchers. `report` takes what they saw of probes that are expected."""

    def __init__(self, outside: Outside, arrivals: Arrivals, report: Report) -> None:
        self._outside, self._arrivals, self._report = outside, arrivals, report
        self._watchers: dict[str, Watcher] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def __getitem__(self, mailbox_key: str) -> Watcher:
        return self._watchers[mailbox_key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._watchers)

    def __len__(self) -> int:
        return len(self._watchers)

    async def configure(self, paths: Collection[WatchedPath]) -> None:
        """Watch the mailboxes of these paths as they are configured now, and no others."""
        for path in paths:
            if path.visited and (watcher := self._watchers.get(path.mailbox_key)):
                watcher.mailbox = path.visited
        kept = {path.mailbox_key for path in paths}
        await self._close([key for key in self._watchers if key not in kept])

    def of(self, mailbox: VisitedMailbox) -> Watcher:
        """Return the watcher of this mailbox."""
        key = mailbox.key
        if key not in self._watchers:
            accept, now = partial(self._arrivals.sighted, key), self._outside.now
            self._watchers[key] = Watcher(mailbox, self._outside, accept=accept, report=self._report, now=now)
        return self._watchers[key]

    def expect(self, flight: Flight, mailbox: VisitedMailbox) -> None:
        """Watch this mailbox for the probe."""
        since = flight.probe.created_at + min(flight.set_since, timedelta(0))
        self.of(mailbox).expect(flight.probe.id, since)

    def forget(self, flight: Flight) -> None:
        """Stop expecting this probe."""
        if watcher := self._watchers.get(flight.mailbox):
            watcher.forget(flight.probe.id)

    def leave(self, buckets: Collection[int]) -> None:
        """Leave the mailboxes of these buckets to another process. Does not wait until their sessions are closed."""
        self._leaving.add(task := asyncio.create_task(self._close([k for k in self if bucket_of(k) in buckets])))
        task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Leave all mailboxes."""
        await self._close(list(self._watchers))
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _close(self, keys: Iterable[str]) -> None:
        await asyncio.gather(*(self._watchers.pop(key).close() for key in keys))
