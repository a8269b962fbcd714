"""Standing in the store: facts about the sender over time, changes of what is published, and names in real mail."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from monitor.standing import drift as drifts
from monitor.standing.arrivals import NameKind, SeenName
from monitor.standing.drift import Drift
from monitor.standing.record import FactRecord
from monitor.standing.spans import StateSpan
from monitor.store import reads, standing_reads
from monitor.store.access import StoreAccess
from monitor.store.rows import fields_of
from monitor.store.statements import SqlStatement
from probes.standing.profile import Change

DRIFT = "standing_drift"  # the fact that holds the profile
DNS = "standing_dns"  # the fact that says which DNS was read
SIMULATED, PUBLIC = "simulated", "public"
ALL = datetime(9999, 1, 1, tzinfo=UTC)


class StandingStore:
    """The sender's standing over time. What is written outlives the process. Raises StoreError."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    async def keep(self, records: Iterable[FactRecord]) -> None:
        """Keep rows of facts, all or nothing; one of the same question, subject and `since` takes the other's place."""
        await self._access.write(*((SqlStatement.KEEP_FACT, standing_reads.fact_row(each)) for each in records))

    async def keep_drift(self, drift: Drift, changes: Iterable[Change]) -> None:
        """Keep what is known of the profile now, together with the changes that were confirmed."""
        rows = [(SqlStatement.CHANGE, fields_of(change)) for change in changes]
        await self._access.write((SqlStatement.MARK, {"name": DRIFT, "value": drifts.encode(drift)}), *rows)

    async def keep_names(self, names: Iterable[tuple[NameKind, str]], at: datetime) -> None:
        """Count the names of one real mail."""
        rows = [SeenName(kind, name, at, at) for kind, name in names]
        if rows:
            await self._access.write(*((SqlStatement.KEEP_NAME, fields_of(row)) for row in rows))

    async def current(self) -> list[FactRecord]:
        """Return the newest row of everything that is asked about, by question and subject. `FactRecord.at` tells what
        is too old."""
        return await self._access.read(standing_reads.current_facts)

    async def history(self, since: datetime) -> Sequence[FactRecord]:
        """Return the rows that lasted until `since` or longer, by question, subject and time: what a strip shows."""
        return await self._access.read(standing_reads.fact_history, since)

    async def spans(self, since: datetime) -> Sequence[StateSpan]:
        """Return the same as bare states, the newest last; of very many, the newest."""
        return await self._access.read(standing_reads.spans, since)

    async def changes(self, since: datetime) -> Sequence[Change]:
        """Return the changes of what is published since then, oldest first."""
        return await self._access.read(standing_reads.changes, since)

    async def names(self, since: datetime) -> Sequence[SeenName]:
        """Return the names that real mail had since then."""
        return await self._access.read(standing_reads.names, since)

    async def drift(self) -> Drift | None:
        """Return the profile and what differs from it; None before the first reading."""
        kept = await self._access.read(reads.fact, DRIFT)
        return drifts.decode(kept) if kept else None

    async def simulated(self) -> bool | None:
        """Test if what is stored was read of simulated DNS; None before the first reading."""
        kept = await self._access.read(reads.fact, DNS)
        return None if kept is None else kept == SIMULATED

    async def begin(self, *, simulated: bool) -> None:
        """Forget everything, and note which DNS is read from now on: what one says is no history of the other."""
        await self.keep([replace(each, current=False) for each in await self.current()])
        await self._access.write(
            (SqlStatement.MARK, {"name": DRIFT, "value": ""}),
            (SqlStatement.MARK, {"name": DNS, "value": SIMULATED if simulated else PUBLIC}),
            (SqlStatement.FORGET_FACTS, {"before": ALL}),
            (SqlStatement.FORGET_CHANGES, {"before": ALL}),
            (SqlStatement.FORGET_NAMES, {"before": ALL}),
        )
