"""A budget of requests: at most so many in any period of this length. Pure; time is handed in."""

from collections import deque
from datetime import datetime, timedelta
from itertools import accumulate

PERIOD = timedelta(minutes=5)


class Budget:
    """Requests of the last period, and how many there may be. One may count as several."""

    def __init__(self, limit: int, period: timedelta = PERIOD) -> None:
        self.limit, self.period = limit, period
        self._sent: deque[tuple[datetime, int]] = deque()

    def spend(self, now: datetime, units: int = 1) -> datetime | None:
        """Count one request, and return None; or return when it may be sent. One of more units than the limit counts as
        the limit."""
        units = min(units, self.limit)
        over = self.sent(now) + units - self.limit
        if over > 0:
            freed = zip(self._sent, accumulate(each for _, each in self._sent), strict=True)
            return next(at for (at, _), sum_ in freed if sum_ >= over) + self.period
        self._sent.append((now, units))
        return None

    def sent(self, now: datetime) -> int:
        """Return how much is counted at this time."""
        if self._sent and self._sent[-1][0] > now:  # the clock was set back: what lies ahead would never end
            self._sent = deque((now, each) for _, each in self._sent)
        while self._sent and self._sent[0][0] <= now - self.period:
            self._sent.popleft()
        return sum(each for _, each in self._sent)
