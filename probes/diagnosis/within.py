"""Limits of how far a diagnosis may go. By itself, since commands need it before anything else is imported."""

from enum import StrEnum


class Within(StrEnum):
    """Limits of a diagnosis, narrowest first."""

    OFF = "off"
    SCAN = "scan"  # ask a filter, deliver nothing
    GATEWAY = "gateway"  # also a gateway of the company that lets us assert a client
    OPEN = "open"  # also over the Internet, with what is really ours

    def includes(self, other: "Within") -> bool:
        """Test if it allows at least as much."""
        return list(Within).index(self) >= list(Within).index(other)
