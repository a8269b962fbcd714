"""Decide when a watcher searches beyond inbox and junk, and how far back. Pure.

All folders are searched before a probe may be called missing, once per overdue probe, and once a day for probes left
behind: each mailbox at its own time of the day, because after a start all would be open together. Folders that probes
were moved to are searched often, so that the next one is seen within a minute.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

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


def until_sweep(mailbox: str, now: datetime) -> float:
    """Return in how many seconds it is this mailbox's time of the day, the same after each restart."""
    its_time = crc32(mailbox.encode()) / 2**32 * SWEEP_EVERY
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (its_time - (now - midnight).total_seconds()) % SWEEP_EVERY


class Searches:
    """Past searches of one mailbox, which determine the next. `moment`: monotonic seconds; `sweep_at`: those of the
    first daily search."""

    def __init__(self, sweep_at: float = float("-inf")) -> None:
        self._searched_for = NO_PROBES
        self._moved_to: dict[str, float] = {}  # folder, and when we last saw a probe in it
        self._moved_looked_at = float("-inf")
        self._sweep_at = sweep_at

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
        return Request(now - SWEEP_BACK, sweep=True) if moment >= self._sweep_at else None

    def made(self, request: Request, moment: float, moved_to: Iterable[str]) -> None:
        """Record a completed search, and the folders besides inbox and junk where probes were found."""
        self._moved_looked_at = moment
        if request.sweep:
            self._sweep_at = moment + SWEEP_EVERY
        self._moved_to |= dict.fromkeys(moved_to, moment)

    def forget(self, probe_id: str) -> None:
        """Stop expecting this probe."""
        self._searched_for = self._searched_for - {probe_id} or NO_PROBES
