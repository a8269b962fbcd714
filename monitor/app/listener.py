"""The part that receives bounces, copies and reports, where [inbound] is configured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.app.part import RolePart
from monitor.config import Config
from monitor.probing.inbound import configure_inbound
from monitor.sources.inbound.router import InboundRouter


@dataclass(eq=False)
class Receiving(RolePart):
    """`router`: of the listener, once it is open; None where none is configured."""

    wanted: bool
    router: InboundRouter | None = None

    @property
    def gauges(self) -> Mapping[str, Callable[[], Any]]:
        """See `RolePart`."""
        return {
            "inbound": lambda: dict(self.router.counts) if self.router else {},
            "turned_away": lambda: dict(self.router.turned_away.counts) if self.router else {},
            "listening": lambda: self.router is not None if self.wanted else None,
            "dmarc_messages": lambda: self.router.report_messages if self.router else {},
        }

    async def configure(self, config: Config) -> None:
        """See `RolePart`."""
        if self.router:
            configure_inbound(self.router, config)
