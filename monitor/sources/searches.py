"""Decide when a watcher searches beyond inbox and junk, and how far back. Pure.

All folders are searched before a probe may be called missing, once per overdue probe, and once a day for probes left
behind. Folders that probes were moved to are searched often, so that the next one is seen within a minute.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

OVERDUE = timedelta(minutes=15)  # a probe on its way for as long may lie in another folder
MARGIN = timedelta(minutes=1)
MOVED_EVERY = 60.0  # seconds between two looks into folders that probes were moved to
MOVED_LIMIT = 86_400.0  # seconds for which such a folder is remembered
NO_PROBES: frozenset[str] = frozenset()  # the one empty set of the watchers of thousands of mailboxes
SWEEP_EVERY = 86_400.0  # seconds
SWEEP_BACK = timedelta(days=30)  # how old what we left behind may be


@dataclass(frozen=True, slots=True)
class Request:
    """A search to make: for mail since this time, in all folders or `only` these."""

    since: datetime
    only: frozenset[str] | None = None
    sweep: bool = False


class Searches:
    """Past searches of one mailbox, which determine the next. `moment`: monotonic seconds."""

    def __init__(self) -> None:
        self._searched_for = NO_PROBES
        self._moved_to: dict[str, float] = {}  # folder, and when we last saw a probe in it
        self._moved_looked_at = float("-inf")
        self._swept_at = float("-inf")

    @property
    def often(self) -> bool:
        """True if some folder is to be searched every MOVED_EVERY seconds."""
        return bool(self._moved_to)

    def due(
        self, expected: Mapping[str, datetime], now: datetime, moment: float, *, needed: bool = False
    ) -> Request | None:
        """Return the search to make now for these probes in flight since those times. `needed`: an answer depends on
        it."""
        overdue = {each for each, sent in expected.items() if now - sent >= OVERDUE} - self._searched_for
        since = min(expected.values(), default=now) - MARGIN
        if needed or overdue:
            self._searched_for |= overdue  # once for each, however it ends
            return self.sweep(now, moment) or Request(since)
        self._moved_to = {name: seen for name, seen in self._moved_to.items() if moment - seen < MOVED_LIMIT}
        if self._moved_to and moment - self._moved_looked_at >= MOVED_EVERY:
            return Request(since, frozenset(self._moved_to))
        return None

    def sweep(self, now: datetime, moment: float) -> Request | None:
        """Return the daily search for probes left behind, if due."""
        return Request(now - SWEEP_BACK, sweep=True) if moment - self._swept_at >= SWEEP_EVERY else None

    def made(self, request: Request, moment: float, moved_to: Iterable[str]) -> None:
        """Record a completed search, and the folders besides inbox and junk where probes were found."""
        self._moved_looked_at = moment
        if request.sweep:
            self._swept_at = moment
        self._moved_to |= dict.fromkeys(moved_to, moment)

    def forget(self, probe_id: str) -> None:
        """Stop expecting this probe."""
        self._searched_for = self._searched_for - {probe_id} or NO_PROBES
