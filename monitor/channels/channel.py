"""What a channel is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from monitor.notices.notice import Notice

if TYPE_CHECKING:
    from aiohttp import ClientSession

TIMEOUT = 20.0  # seconds
REPEAT = 60.0  # seconds between two calls of `repeat`


@dataclass(frozen=True, slots=True)
class ChannelContext:
    """What a channel needs of the world outside its settings. `http` is made by `exchange.session`."""

    http: "ClientSession"
    now: Callable[[], datetime]


class Channel(Protocol):
    """One way to people. Bad news is a value: None means delivered, else one line says why not, without any secret.

    Both methods end by themselves within `TIMEOUT` seconds, whatever the other side does, and raise nothing but
    cancellation.
    """

    @property
    def via(self) -> str:
        """The name of this kind of channel, as in the configuration."""
        ...

    @property
    def keeps_open(self) -> bool:
        """Whether the receiver keeps something open for each incident until it is told its end. One that does not, such
        as a chat, is spared the end of an incident that another one took in, which it is told with that other one."""
        ...

    async def deliver(self, notice: Notice, around: ChannelContext) -> str | None:
        """Tell it. The receiver may have had it already: `notice.id` is the same each time."""
        ...

    async def repeat(self, active: Sequence[Notice], muted: Sequence[Notice], around: ChannelContext) -> str | None:
        """For channels that forget: say again what lasts, the last notice that each incident was told by. Of `muted`
        ones nobody wants to hear now; they are not among the `active`. Others do nothing."""
        ...
