"""The part of a worker that limits what it shows to the paths that it owns: `/metrics` of all workers add up."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from monitor.app.part import Job, RolePart
from monitor.config import Config
from monitor.probing.buckets import bucket_of_path
from monitor.probing.current import Board
from monitor.probing.ownership import Ownership
from monitor.store import Present, Store, StoreError

LOOK = timedelta(seconds=1)


@dataclass(eq=False)
class Shard(RolePart):
    """Keeps the board to the paths whose mailboxes this process owns."""

    store: Store
    board: Board
    ownership: Ownership

    def __post_init__(self) -> None:
        self._config = Config()
        self._shown: frozenset[int] | None = None

    @property
    def jobs(self) -> Mapping[Job, timedelta]:
        """See `RolePart`."""
        return {self.look: LOOK}

    async def begin(self, config: Config, presents: Sequence[Present]) -> None:
        """See `RolePart`."""
        await self.configure(config)
        self.board.recall(presents)

    async def configure(self, config: Config) -> None:
        """See `RolePart`."""
        self._config, self._shown = config, None
        self._show()

    async def look(self) -> None:
        """Show what is owned now, if that has changed."""
        if self._show():
            with suppress(StoreError):  # of which the service tells
                self.board.recall(await self.store.probes.current())

    def _show(self) -> bool:
        owned = self.ownership.buckets
        if owned == self._shown:
            return False
        self._shown = owned
        self.board.configure(path for path in self._config.paths() if bucket_of_path(path) in owned)
        return True
