"""Count recent manual probes per person and per path."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from probes.rate_limits import SlidingWindow

HOUR = timedelta(hours=1)


class TooManyError(Exception):
    """The limit is reached. The text is one line that states it; after `retry_after` another one is possible."""

    def __init__(self, said: str, retry_after: timedelta) -> None:
        super().__init__(said)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Limit:
    """An hourly limit for `key`. `wanted`: the number requested."""

    key: tuple[str, ...]
    wanted: int
    most: int
    said: str


@dataclass(eq=False, slots=True)
class Reservation:
    """One probe that this process counted, for one limit. `noted`: it is in the audit log."""

    key: tuple[str, ...]
    at: datetime
    noted: bool = False


@dataclass(eq=False, slots=True)
class Allowance:
    """Manual probes of the last hour, per person and per path: those in the audit log when it was last read, whichever
    process sent them, and those of this process since then. A probe that is noted while the log is read counts twice
    until the next reading."""

    _sent: SlidingWindow[tuple[str, ...]] = field(default_factory=lambda: SlidingWindow(HOUR))
    _own: list[Reservation] = field(default_factory=list)

    def check(self, limits: Iterable[Limit], now: datetime) -> None:
        """Check that the wanted probes are within all limits. Raises TooManyError."""
        for limit in limits:
            free_at = self._sent.free_at(limit.key, limit.most, now, limit.wanted)
            if free_at > now:
                raise TooManyError(limit.said, max(free_at - now, timedelta(seconds=1)))

    def count(self, limits: Iterable[Limit], now: datetime) -> None:
        """Count the wanted probes as sent now."""
        for limit in limits:
            for _ in range(limit.wanted):
                self._own.append(Reservation(limit.key, now))
                self._sent.count(limit.key, now)

    def noted(self, limits: Iterable[Limit]) -> None:
        """Probes that were counted are in the audit log now."""
        for limit in limits:
            for each in [each for each in self._own if each.key == limit.key and not each.noted][: limit.wanted]:
                each.noted = True

    def give_back(self, limits: Iterable[Limit]) -> None:
        """Uncount the last probes, which were not sent after all."""
        for limit in limits:
            unsent = [each for each in self._own if each.key == limit.key and not each.noted]
            for each in unsent[len(unsent) - limit.wanted :]:
                self._own.remove(each)
                self._sent.uncount(each.key)

    def begin_recall(self) -> None:
        """The audit log is about to be read: what is noted by now will be found there."""
        self._own = [each for each in self._own if not each.noted]

    def recall(self, logged: Iterable[tuple[tuple[str, ...], datetime]]) -> None:
        """Take the entries of the audit log, by key and time; in any order."""
        self._sent.replace([*logged, *((each.key, each.at) for each in self._own)])

    def forget(self) -> None:
        """Reset to the state after a start."""
        self._sent.replace(())
        self._own.clear()
