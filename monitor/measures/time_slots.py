"""Equal slots of time, in which results are counted and drawn. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TimeSlots:
    """`number` slots of `step` each, the first from `begin`. Both are full hours or full days, in UTC."""

    begin: datetime
    step: timedelta
    number: int

    @property
    def end(self) -> datetime:
        """Return the end of the last slot."""
        return self.start_of(self.number)

    def start_of(self, slot: int) -> datetime:
        """Return when a slot begins."""
        return self.begin + self.step * slot


RANGES: dict[str, tuple[timedelta, int]] = {
    "24h": (HOUR, 24),
    "7d": (6 * HOUR, 28),
    "30d": (DAY, 30),
    "90d": (3 * DAY, 30),
}
"""Step and number of slots by the name of a range: few enough that each can be pointed at on a phone."""


def slots_until(now: datetime, name: str) -> TimeSlots:
    """Return the slots of a range of `RANGES`; the last one contains `now`."""
    step, number = RANGES[name]
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    unit = min(step, DAY)
    end = midnight + ((now - midnight) // unit + 1) * unit
    return TimeSlots(end - step * number, step, number)
