"""Our own way out: whether hosts outside can be reached from the source IP at all. A value; who asks is elsewhere.

When every company is out of reach, either they all refuse us or our own line is down. Only a connection to somebody
who has no reason to refuse us tells one from the other.
"""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Uplink:
    """What is known of our own way out, from the source IP to port 25 of other people's hosts."""

    succeeded_at: datetime | None = None  # the latest TCP connection that came about, to whomever (probe or reference)
    failed_at: datetime | None = None  # the latest reference that could not be reached
    reference: str = ""  # host:port that said so

    @property
    def up(self) -> bool | None:
        """Whether the latest news is a connection; None without any news."""
        if self.succeeded_at is None:
            return None if self.failed_at is None else False
        return self.failed_at is None or self.succeeded_at >= self.failed_at

    def reachable_since(self, moment: datetime) -> bool | None:
        """Whether anything outside was reached at `moment` or after it; None: nobody has tried."""
        if self.succeeded_at is not None and self.succeeded_at >= moment:
            return True
        return False if self.failed_at is not None and self.failed_at >= moment else None

    def succeeded(self, at: datetime) -> "Uplink":
        """Somebody outside was reached at `at`."""
        return replace(self, succeeded_at=max(self.succeeded_at or at, at))

    def failed(self, at: datetime, reference: str) -> "Uplink":
        """No reference could be reached at `at`; `reference` is one of them."""
        return replace(self, failed_at=max(self.failed_at or at, at), reference=reference)
