"""The store, as the rest of the service sees it."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Self

from monitor.store.records import Judged, Present, Record, Seen
from probes.evidence import Attempt
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Verdict


class Store:
    """Everything that is remembered. When a method that writes returns, the write outlives the process.

    A write is not lost when its caller is cancelled while it waits. All methods raise StoreError when the store fails.
    """

    @classmethod
    def open(cls, url: str) -> AbstractAsyncContextManager[Self]:
        """The store at `url`, "sqlite:///relative.db" or "sqlite:////absolute.db", made or migrated where needed.

        Leaving it waits for all that was written. Raises StoreError.
        """
        raise NotImplementedError

    async def key(self) -> bytes:
        """32 random bytes, made once and the same for every process that uses this store."""
        raise NotImplementedError

    async def launch(self, probe: Probe, mailbox: str, first: Attempt) -> None:
        """Remember a new probe together with its first attempt."""
        raise NotImplementedError

    async def add(self, probe_id: str, *evidence: Seen) -> bool:
        """Keep what was seen. True if all of it is new; what must be `once` and is there already is not stored again."""
        raise NotImplementedError

    async def judge(
        self, probe_id: str, verdict: Verdict, at: datetime, *, closed: bool, delivery: timedelta | None
    ) -> None:
        """Keep a verdict beside the earlier ones of this probe; the latest counts. `closed`: nothing is waited for."""
        raise NotImplementedError

    async def close(self, probe_id: str, at: datetime) -> None:
        """Nothing more is waited for; the verdict stands as it is."""
        raise NotImplementedError

    async def in_flight(self) -> list[Record]:
        """Every probe that is not closed, oldest first."""
        raise NotImplementedError

    async def record(self, probe_id: str) -> Record | None:
        """One probe with all that is known of it."""
        raise NotImplementedError

    async def find(self, prefix: str) -> list[str]:
        """Ids of probes that begin with `prefix`, at most 10."""
        raise NotImplementedError

    async def present(self) -> list[Present]:
        """The present state of every company, path, kind and role that ever had a verdict."""
        raise NotImplementedError

    async def recent(self, company: str, path: str, limit: int = 50) -> list[Judged]:
        """The newest probes of a path with their latest verdicts, newest first."""
        raise NotImplementedError

    async def launched_since(self, since: datetime) -> dict[tuple[str, str], int]:
        """How many probes, of both roles, each (company, path) has had since then."""
        raise NotImplementedError

    async def last_launched(self, role: Role = Role.SENDER) -> dict[tuple[str, str, Kind], datetime]:
        """When each (company, path, kind) was last probed; of probes that are in flight or have a verdict."""
        raise NotImplementedError

    async def prune(self, before: datetime) -> int:
        """Forget probes closed before then, with evidence and verdicts; how many. The present state stays."""
        raise NotImplementedError

    async def beat(self, at: datetime) -> None:
        """Note that the service is alive."""
        raise NotImplementedError

    async def last_beat(self) -> datetime | None:
        """When the service was last known to be alive."""
        raise NotImplementedError
