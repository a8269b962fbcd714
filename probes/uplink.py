"""State of our own connection: can outside hosts be reached from the source IP at all? A value; others do the asking.

If every company is out of reach, either they all refuse us or our own network is down. Only a connection to a host that
has no reason to refuse us can tell.
"""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Uplink:
    """State of our own connection from the source IP to port 25 of other hosts."""

    succeeded_at: datetime | None = None  # the latest TCP connection that came about, to whomever (probe or reference)
    failed_at: datetime | None = None  # the latest reference that could not be reached
    reference: str = ""  # host:port that said so

    @property
    def up(self) -> bool | None:
        """True if the latest result is a connection; None without any result."""
        if self.succeeded_at is None:
            return None if self.failed_at is None else False
        return self.failed_at is None or self.succeeded_at >= self.failed_at

    def reachable_since(self, moment: datetime) -> bool | None:
        """Test if anything outside was reached at `moment` or later; None: nobody has tried."""
        if self.succeeded_at is not None and self.succeeded_at >= moment:
            return True
        return False if self.failed_at is not None and self.failed_at >= moment else None

    def succeeded(self, at: datetime) -> "Uplink":
        """An outside host was reached at `at`."""
        return replace(self, succeeded_at=max(self.succeeded_at or at, at))

    def failed(self, at: datetime, reference: str) -> "Uplink":
        """No reference could be reached at `at`; `reference` is one of them."""
        return replace(self, failed_at=max(self.failed_at or at, at), reference=reference)
