"""The identities that probes are sent as: the monitored sender, and those it is compared with.

The control shares nothing with the sender: if it fails too, the sender is not the reason. The neighbour is another
domain of ours, sent from the sender's IP address by the same mail service: it shares the address and not the domain.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Sending identities."""

    SENDER = "sender"
    CONTROL = "control"
    NEIGHBOUR = "neighbour"


@dataclass(frozen=True, slots=True)
class Identity:
    """One sending identity, as the world sees it.

    `ptr` is the reverse name of `source_ip`, or XCLIENT's "[UNAVAILABLE]". `bounces` is the envelope sender without the
    token; the probe's token is added to its local part as a +tag.
    """

    role: Role
    address: str
    source_ip: str
    helo: str
    ptr: str
    bounces: str

    @property
    def domain(self) -> str:
        """The domain of the From address."""
        return self.address.rpartition("@")[2]
