"""Count recent manual probes per person and per path."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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
class Allowance:
    """Counts manual probes of the last hour per person and per path."""

    recalled: bool = False
    """True if probes sent before the start are counted too, as far as they are in the audit log."""
    _sent: defaultdict[tuple[str, ...], deque[datetime]] = field(default_factory=lambda: defaultdict(deque))

    def check(self, limits: Iterable[Limit], now: datetime) -> None:
        """Check the request against all limits. Raises TooManyError."""
        for limit in limits:
            sent = self._sent[limit.key]
            while sent and now - sent[0] >= HOUR:
                sent.popleft()
            if len(sent) + limit.wanted > limit.most:
                oldest = len(sent) + limit.wanted - limit.most - 1  # once this one is an hour old, there is room
                room = sent[oldest] + HOUR - now if oldest < len(sent) else HOUR
                raise TooManyError(limit.said, max(room, timedelta(seconds=1)))

    def count(self, limits: Iterable[Limit], now: datetime) -> None:
        """Count the request."""
        for limit in limits:
            self._sent[limit.key].extend([now] * limit.wanted)

    def give_back(self, limits: Iterable[Limit]) -> None:
        """Undo the last count: the probes were not sent."""
        for limit in limits:
            for _ in range(min(limit.wanted, len(self._sent[limit.key]))):
                self._sent[limit.key].pop()

    def recall(self, sent: Iterable[tuple[tuple[str, ...], datetime]]) -> None:
        """Count probes sent before the start, given their keys and times in any order."""
        for key, at in sent:
            self._sent[key].append(at)
        for key, times in self._sent.items():
            self._sent[key] = deque(sorted(times))
        self.recalled = True

    def forget(self) -> None:
        """Reset to the state at the start."""
        self._sent.clear()
        self.recalled = False
