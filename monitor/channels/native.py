"""The common part of channels that speak a vendor's own API: they forget nothing and send no mail."""

from collections.abc import Sequence
from typing import ClassVar

from monitor.channels.channel import MailWays
from monitor.notices.notice import Notice
from probes.outside import Outside
from probes.settings import Settings


class NativeChannel(Settings):
    """A channel with a vendor's own API. `opens_items`: the receiver keeps an item per incident until it is closed."""

    opens_items: ClassVar[bool] = True

    @property
    def keeps_open(self) -> bool:
        """See `Channel`."""
        return self.opens_items

    def mail_ways(self) -> MailWays:
        """See `Channel`."""
        return MailWays()

    async def repeat(self, active: Sequence[Notice], muted: Sequence[Notice], outside: Outside) -> str | None:
        """See `Channel`."""
        return None
