"""What a channel is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from monitor.incidents.notice import Notice

if TYPE_CHECKING:
    from aiohttp import ClientSession


class Channel(Protocol):
    """One way to people. Bad news is a value: None means delivered, else one line says why not, without any secret.

    Both methods end by themselves within `TIMEOUT` seconds.
    """

    via: str

    async def deliver(self, notice: Notice, http: "ClientSession") -> str | None:
        """Tell it. The receiver may have had it already: `notice.id` is the same each time."""
        ...

    async def repeat(self, active: Sequence[Notice], muted: Sequence[Notice], http: "ClientSession") -> str | None:
        """For channels that forget: say again what lasts (the last notice of each incident that it was told and that is
        not over), and which of it nobody wants to hear of now. Others do nothing."""
        ...


TIMEOUT = 20.0
REPEAT = 60.0  # seconds between two calls of `repeat`
