"""Our own way out: whether hosts outside can be reached from the source IP at all. A value; who asks is elsewhere.

When every company is out of reach, either they all refuse us or our own line is down. Only a connection to somebody
who has no reason to refuse us tells one from the other.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Uplink:
    """What is known of our own way out, from the source IP to port 25 of other people's hosts."""

    succeeded_at: datetime | None = None  # the latest TCP connection that came about, to whomever (probe or reference)
    failed_at: datetime | None = None  # the latest reference that could not be reached
    reference: str = ""  # host:port that said so
