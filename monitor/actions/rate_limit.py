"""How many probes were sent by hand lately: by each person, and on each path."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


class TooManyError(Exception):
    """One more would be too many. Its text is one line that says what the limit is; after `retry_after` it may go."""

    def __init__(self, said: str, retry_after: timedelta) -> None:
        super().__init__(said)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many in an hour, for what `key` names. `wanted`: how many more are asked for."""

    key: tuple[str, ...]
    wanted: int
    most: int
    said: str


@dataclass(eq=False, slots=True)
class Allowance:
    """How many probes were sent by hand in the last hour: by each person, and on each path."""

    recalled: bool = False
    """Whether what was sent before the start is counted too, as far as the audit log tells it."""
    _sent: defaultdict[tuple[str, ...], deque[datetime]] = field(default_factory=lambda: defaultdict(deque))

    def check(self, limits: Iterable[Limit], now: datetime) -> None:
        """Whether what is wanted is under all limits. Raises TooManyError."""
        for limit in limits:
            sent = self._sent[limit.key]
            while sent and now - sent[0] >= HOUR:
                sent.popleft()
            if len(sent) + limit.wanted > limit.most:
                oldest = len(sent) + limit.wanted - limit.most - 1  # once this one is an hour old, there is room
                room = sent[oldest] + HOUR - now if oldest < len(sent) else HOUR
                raise TooManyError(limit.said, max(room, timedelta(seconds=1)))

    def count(self, limits: Iterable[Limit], now: datetime) -> None:
        """What is wanted is sent now."""
        for limit in limits:
            self._sent[limit.key].extend([now] * limit.wanted)

    def give_back(self, limits: Iterable[Limit]) -> None:
        """What was counted last was not sent after all."""
        for limit in limits:
            for _ in range(min(limit.wanted, len(self._sent[limit.key]))):
                self._sent[limit.key].pop()

    def recall(self, sent: Iterable[tuple[tuple[str, ...], datetime]]) -> None:
        """Count what was sent before the start: for what, and when; in any order."""
        for key, at in sent:
            self._sent[key].append(at)
        for key, times in self._sent.items():
            self._sent[key] = deque(sorted(times))
        self.recalled = True

    def forget(self) -> None:
        """As it is at the start."""
        self._sent.clear()
        self.recalled = False
