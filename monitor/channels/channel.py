"""The protocol of a notification channel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from monitor.notices.notice import Notice

if TYPE_CHECKING:
    from aiohttp import ClientSession

TIMEOUT = 20.0  # seconds
REPEAT = 60.0  # seconds between two calls of `repeat`


@dataclass(frozen=True, slots=True)
class ChannelContext:
    """The context that a channel needs besides its settings. `http` is made by `exchange.session`."""

    http: "ClientSession"
    now: Callable[[], datetime]


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

    async def deliver(self, notice: Notice, around: ChannelContext) -> str | None:
        """Deliver a notice. The receiver may have had it already: `notice.id` is the same on every attempt."""
        ...

    async def repeat(self, active: Sequence[Notice], muted: Sequence[Notice], around: ChannelContext) -> str | None:
        """For channels that forget: post the last notice of each open incident again. `muted` ones must stay silent;
        they are not in `active`. Other channels do nothing."""
        ...
