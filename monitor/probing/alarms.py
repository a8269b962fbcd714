"""The next time at which each probe in flight needs attention. Pure: time is an argument."""

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta


class Alarms:
    """One alarm per name; a later one replaces it."""

    def __init__(self) -> None:
        self._moments: dict[str, datetime] = {}
        self._queue: list[tuple[datetime, str]] = []

    def set(self, name: str, moment: datetime) -> None:
        """Wake at this time, and not before."""
        self._moments[name] = moment
        heapq.heappush(self._queue, (moment, name))

    def cancel(self, name: str) -> None:
        """Cancel the alarm."""
        self._moments.pop(name, None)

    def due(self, now: datetime) -> Iterator[str]:
        """Return the names whose time has come, each once."""
        while self._queue and self._queue[0][0] <= now:
            moment, name = heapq.heappop(self._queue)
            if self._moments.get(name) == moment:
                del self._moments[name]
                yield name

    def clock_was_set(self, step: timedelta) -> None:
        """Shift all alarms by `step`, the step of the system clock: remaining waits stay the same."""
        self._moments = {name: moment + step for name, moment in self._moments.items()}
        self._queue = [(moment + step, name) for moment, name in self._queue]
