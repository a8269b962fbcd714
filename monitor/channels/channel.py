"""The protocol of a notification channel."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from monitor.notices.notice import Notice
from probes import http
from probes.outside import Outside

TIMEOUT = http.TIMEOUT
REPEAT = 60.0  # seconds between two calls of `repeat`


class MailWays(NamedTuple):
    """The mail domains and the mail server that a channel sends to; none and "" if it sends no mail."""

    domains: frozenset[str] = frozenset()
    host: str = ""


class Channel(Protocol):
    """A notification channel. Failures are values: None means delivered, else one line gives the reason, without
    secrets.

    Both methods end within `TIMEOUT` seconds, whatever the other side does, and raise nothing but cancellation.
    """

    @property
    def via(self) -> str:
        """Name of this kind of channel in the configuration."""
        ...

    def mail_ways(self) -> MailWays:
        """Return how it sends mail, if it does. Blocks briefly."""
        ...

    @property
    def keeps_open(self) -> bool:
        """True if the receiver keeps something open per incident until it is closed. Others, such as chats, get no
        separate closing notice for an incident that was merged into another."""
        ...

    async def deliver(self, notice: Notice, outside: Outside) -> str | None:
        """Deliver a notice. The receiver may have had it already: `notice.id` is the same on every attempt."""
        ...

    async def repeat(self, active: Sequence[Notice], muted: Sequence[Notice], outside: Outside) -> str | None:
        """For channels that forget: post the last notice of each open incident again. `muted` ones must stay silent;
        they are not in `active`. Other channels do nothing."""
        ...
