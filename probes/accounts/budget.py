"""A budget of requests: at most so many in any period of this length. Pure; time is handed in."""

from collections import deque
from datetime import datetime, timedelta

PERIOD = timedelta(minutes=5)


class Budget:
    """Requests of the last PERIOD, and how many there may be."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._sent: deque[datetime] = deque()

    def spend(self, now: datetime) -> datetime | None:
        """Count one request, and return None; or return when the next one may be sent."""
        if self._sent and self._sent[-1] > now:  # the clock was set back: what lies ahead would never end
            self._sent = deque([now] * len(self._sent))
        while self._sent and self._sent[0] <= now - PERIOD:
            self._sent.popleft()
        if len(self._sent) >= self.limit:
            return self._sent[len(self._sent) - self.limit] + PERIOD
        self._sent.append(now)
        return None
