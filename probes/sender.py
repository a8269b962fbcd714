"""Who a probe says it is from: the sender being watched, or the neutral control it is compared with."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Which of the two identities speaks."""

    SENDER = "sender"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Identity:
    """One sending identity, as the world sees it.

    `ptr` is the reverse name of `source_ip`, or XCLIENT's "[UNAVAILABLE]". `bounces` is the envelope sender
    without the token; the probe's token is added to its local part as a +tag.
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
