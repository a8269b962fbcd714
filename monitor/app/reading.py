"""The part of a process that only shows: it keeps up with the incidents of another one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.app.part import RolePart
from monitor.config import Config
from monitor.oncall.incident_reader import IncidentReader
from monitor.store import Present


@dataclass(eq=False)
class Reading(RolePart):
    """`incidents`: as the store has them."""

    incidents: IncidentReader

    @property
    def gauges(self) -> Mapping[str, Callable[[], Any]]:
        """See `RolePart`."""
        return {"incidents": lambda: self.incidents.incidents}

    async def begin(self, config: Config, presents: Sequence[Present]) -> None:
        """See `RolePart`."""
        await self.configure(config)
        await self.incidents.read()

    def start(self) -> None:
        """See `RolePart`."""
        self.incidents.start()

    async def configure(self, config: Config) -> None:
        """See `RolePart`."""
        self.incidents.configure(config)

    async def close(self) -> None:
        """See `RolePart`."""
        await self.incidents.close()
