"""When each probe on its way wants attention next. Pure: time comes in as an argument."""

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta


class Alarms:
    """One alarm for each name; a later one replaces it."""

    def __init__(self) -> None:
        self._moments: dict[str, datetime] = {}
        self._queue: list[tuple[datetime, str]] = []

    def set(self, name: str, moment: datetime) -> None:
        """Wake at this moment, and not before."""
        self._moments[name] = moment
        heapq.heappush(self._queue, (moment, name))

    def cancel(self, name: str) -> None:
        """Do not wake it."""
        self._moments.pop(name, None)

    def due(self, now: datetime) -> Iterator[str]:
        """Those whose time has come; each is told once."""
        while self._queue and self._queue[0][0] <= now:
            moment, name = heapq.heappop(self._queue)
            if self._moments.get(name) == moment:
                del self._moments[name]
                yield name

    def clock_was_set(self, step: timedelta) -> None:
        """The clock is `step` later than it would be: everything waits as long as before."""
        self._moments = {name: moment + step for name, moment in self._moments.items()}
        self._queue = [(moment + step, name) for moment, name in self._queue]
