"""A part of a process: what one role does in it. A process is a frame, `Service`, and its parts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from monitor.config import Config
from monitor.probing.following import Follower
from monitor.store import Present

Job = Callable[[], Awaitable[None]]


class RolePart:
    """Does nothing. `gauges` are its fields of `Gauges`; `jobs` run at their intervals; `followers` get signals."""

    @property
    def gauges(self) -> Mapping[str, Callable[[], Any]]:
        """Its metrics."""
        return {}

    @property
    def jobs(self) -> Mapping[Job, timedelta]:
        """The jobs that it does now and then."""
        return {}

    @property
    def followers(self) -> Sequence[Follower]:
        """The followers of the signals of the store."""
        return ()

    async def begin(self, config: Config, presents: Sequence[Present]) -> None:
        """Continue where the last run stopped. `presents`: the current verdicts."""

    def start(self) -> None:
        """Work from now on."""

    async def configure(self, config: Config) -> None:
        """Use another configuration from now on."""

    def tick(self, now: datetime) -> None:
        """Do what is due."""

    def clock_was_set(self, step: timedelta) -> None:
        """Shift all deadlines by the step of the system clock."""

    def not_ready(self) -> str | None:
        """Return why it does not do its work; None if it does."""
        return None

    async def close(self) -> None:
        """Stop; nothing is lost."""


class Configured(RolePart):
    """Passes each new configuration on to something that does nothing else by itself."""

    def __init__(self, configure: Callable[[Config], Awaitable[None]]) -> None:
        self._configure = configure

    async def configure(self, config: Config) -> None:
        """See `RolePart`."""
        await self._configure(config)
