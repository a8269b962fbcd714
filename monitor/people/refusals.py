"""Select the refused sign-ins that go into the audit log. Pure: time is an argument.

Anybody can cause refusals without limit, so logging each would fill the disk. Each hour the first of an address is
logged, then the 10th, the 100th and so on: the log still shows that somebody tries, from where, and how hard. Beyond a
number of addresses they are logged together. Attempts are counted per person, so that noise for invented names hides
nothing.
"""

from collections import Counter
from datetime import datetime

from probes.ip_addresses import CLIENT, block_of

MAX_ADDRESSES = 100  # told apart in an hour, for each person
MANY_ADDRESSES = "many addresses"


class Refusals:
    """Counts refusals per hour."""

    def __init__(self) -> None:
        self._hour: datetime | None = None
        self._counts: Counter[tuple[str, str]] = Counter()
        self._addresses: Counter[str] = Counter()  # of each person

    def count(self, who: str, address: str, now: datetime) -> str | None:
        """Count one. Returns the text for the audit log, or None."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour = hour
            self._counts.clear()
            self._addresses.clear()
        key = (who, block_of(address, CLIENT))
        if key not in self._counts:
            if self._addresses[who] >= MAX_ADDRESSES:
                key, address = (who, MANY_ADDRESSES), MANY_ADDRESSES
            else:
                self._addresses[who] += 1
        self._counts[key] += 1
        count = self._counts[key]
        if not _is_logged(count):
            return None
        return f"from {address}" if count == 1 else f"from {address}, {count:,} times since {hour:%H:%M} UTC"


def _is_logged(count: int) -> bool:
    """True for 1, 10, 100, 1000, ..."""
    return set(str(count)[1:]) <= {"0"} and str(count)[0] == "1"
