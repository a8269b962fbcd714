"""Rate limits: how much may be done in a period, by key. Pure: time is an argument.

- `SlidingWindow` remembers when each thing was done. So it is exact in any period of that length, can say when there is
  room again, and can be filled from the store after a restart. For keys that we choose: hosts, people, paths.
- `TokenBuckets` remembers one number per key and at most `max_keys` keys. So its memory is bounded whatever strangers
  do, but within a period it allows up to twice the limit: a full bucket, and what flows in. For keys that anybody
  can invent: clients of an open port.

What slows down guessing of passwords is neither: see `monitor.people.throttle`.
"""

from bisect import bisect_right, insort
from collections.abc import Hashable, Iterable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class SlidingWindow(Generic[Key]):
    """The times of what was done in the last `period`, by key. Older times, and keys for which none is left, are
    forgotten as others are counted."""

    def __init__(self, period: timedelta) -> None:
        self._period = period
        self._times: dict[Key, list[datetime]] = {}  # each sorted; the key that was counted last is last

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._times)

    def free_at(self, key: Key, limit: int, now: datetime, wanted: int = 1) -> datetime:
        """Return the time from which `wanted` more are within the limit: `now` if they are already. If they never are
        because more are wanted than the limit is, a period from now."""
        times = self._times.get(key, [])
        past = bisect_right(times, now - self._period)
        last = past + (len(times) - past + wanted - limit) - 1  # the one that must be a period old first
        if last < past:
            return now
        return (times[last] if last < len(times) else now) + self._period

    def count(self, key: Key, at: datetime) -> None:
        """Count one."""
        times = self._times.pop(key, [])
        insort(times, at)
        del times[: bisect_right(times, at - self._period)]
        self._times[key] = times
        while (oldest := next(iter(self._times))) != key and self._times[oldest][-1] <= at - self._period:
            del self._times[oldest]

    def uncount(self, key: Key) -> None:
        """Undo the last count of this key, if there is one: it was not done after all."""
        if times := self._times.get(key):
            times.pop()
            if not times:
                del self._times[key]

    def replace(self, counts: Iterable[tuple[Key, datetime]]) -> None:
        """Forget everything, then count these, in any order."""
        self._times.clear()
        for key, at in sorted(counts, key=lambda each: each[1]):
            self._times.setdefault(key, []).append(at)

    def shift(self, step: timedelta) -> None:
        """Shift by the step of the system clock: what was done some seconds ago stays that old."""
        for times in self._times.values():
            times[:] = [at + step for at in times]


class TokenBuckets(Generic[Key]):
    """A bucket per key: holds `limit` tokens and refills evenly in `period` seconds. Beyond `max_keys` the one used
    longest ago is forgotten, and so full again."""

    def __init__(self, limit: int, period: float, max_keys: int) -> None:
        self._limit, self._period, self._max_keys = float(limit), period, max_keys
        self._buckets: dict[Key, tuple[float, float]] = {}  # tokens, and when there were so many

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._buckets)

    def has_one(self, key: Key, now: float) -> bool:
        """Test if there is a token, and leave it. `now` in monotonic seconds."""
        return self._left(*self._buckets.get(key, (self._limit, now)), now) >= 1

    def allows(self, key: Key, now: float) -> bool:
        """Take a token and return True, or return False if there is none. `now` in monotonic seconds."""
        left = self._left(*self._buckets.pop(key, (self._limit, now)), now)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        if len(self._buckets) > self._max_keys:
            del self._buckets[next(iter(self._buckets))]
        return allowed

    def _left(self, left: float, at: float, now: float) -> float:
        return min(self._limit, left + (now - at) * self._limit / self._period)
