"""Which refused sign-ins the audit log tells. Pure: the time is handed in.

Anybody can have as many refused as they like, so a line for each would fill the disk. In each hour the first of an
address is told, and then the 10th, the 100th and so on: who looks at the log sees that somebody tries, from where, and
how hard. Beyond a number of addresses they are told together. What was tried for one person is told apart from what was
tried for another: noise for invented names hides nothing.
"""

from collections import Counter
from datetime import datetime

from monitor.people.addresses import neighbourhood

MOST_ADDRESSES = 100  # told apart in an hour, for each person
MANY = "many addresses"


class Refusals:
    """Counts them by the hour."""

    def __init__(self) -> None:
        self._hour: datetime | None = None
        self._counts: Counter[tuple[str, str]] = Counter()
        self._addresses: Counter[str] = Counter()  # of each person

    def count(self, who: str, address: str, now: datetime) -> str | None:
        """One more. What the audit log tells of it, None if nothing."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour = hour
            self._counts.clear()
            self._addresses.clear()
        key = (who, neighbourhood(address))
        if key not in self._counts:
            if self._addresses[who] >= MOST_ADDRESSES:
                key, address = (who, MANY), MANY
            else:
                self._addresses[who] += 1
        self._counts[key] += 1
        count = self._counts[key]
        if not _is_told(count):
            return None
        return f"from {address}" if count == 1 else f"from {address}, {count:,} times since {hour:%H:%M} UTC"


def _is_told(count: int) -> bool:
    """1, 10, 100, 1000, ..."""
    return set(str(count)[1:]) <= {"0"} and str(count)[0] == "1"
