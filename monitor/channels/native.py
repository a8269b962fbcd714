"""The common part of channels that speak a vendor's own API: they forget nothing and send no mail."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from monitor.channels.channel import AT_ONCE, MailWays
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

    @property
    def end_delay(self) -> timedelta:
        """See `Channel`."""
        return AT_ONCE

    def mail_ways(self) -> MailWays:
        """See `Channel`."""
        return MailWays()

    async def repeat(self, active: Sequence[Notice], muted: Sequence[Notice], outside: Outside) -> str | None:
        """See `Channel`."""
        return None
