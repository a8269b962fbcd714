"""The sender's real mail, as its service's log has it: one row about a mail to a company. Pure."""

from datetime import datetime
from typing import NamedTuple

from probes.outcome import Cause, Concern
from probes.traced import Traced, TraceFate

PASSES = frozenset({Cause.GREYLISTED, Cause.RATE_LIMITED, Cause.FIREWALL, Cause.EXPIRED, Cause.NETWORK})
"""Causes that pass: mail that is refused at last for one of these was sent hours before, or no server was reached."""


class RealMailRow(NamedTuple):
    """One mail to a company, what became of it and when. `cause`: None where its server took it. `recipient` is in
    lower case; neither it nor `message_id`, "" if it is not known, is kept."""

    company: str
    recipient: str
    at: datetime
    traced: Traced
    cause: Cause | None
    message_id: str = ""

    @property
    def taken(self) -> bool:
        """True if the company's server took it."""
        return self.traced.fate is TraceFate.DELIVERED

    @property
    def against_the_sender(self) -> bool:
        """True if the company's server refused it for good, for a reason that concerns the sender."""
        return self.traced.fate is TraceFate.REFUSED and concerns_the_sender(self.cause)


def concerns_the_sender(cause: Cause | None) -> bool:
    """Test if a refusal for this cause counts against the sender. What a full or missing mailbox refuses is people's
    own, and what a server means to take back may be of mail that was sent hours before."""
    return cause is not None and cause.concerns is Concern.SENDER and cause not in PASSES
