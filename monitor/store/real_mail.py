"""Counts of the sender's real mail by hour, and up to where the log is read: written together, or not at all."""

from collections.abc import Mapping
from datetime import datetime

from monitor.store import reads, real_hours
from monitor.store.access import StoreAccess
from monitor.store.real_hours import RealCount
from monitor.store.result_counts import hour_of
from monitor.store.statements import SqlStatement
from probes.traced import TraceFate

POSITION = "real_mail"  # the fact that tells up to where


class RealMailStore:
    """Real mail by hour. What is written outlives the process. Raises StoreError."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    async def position(self) -> str | None:
        """Return up to where the log is read, as it was given; None if it was never read."""
        return await self._access.read(reads.fact, POSITION)

    async def add(self, hours: Mapping[tuple[str, datetime, TraceFate, str], int], position: str) -> None:
        """Add these counts, by company, full hour, what became of the mail, and cause, "" for none. The log is read up
        to `position` then."""
        rows = [
            {"company": company, "hour": hour, "outcome": outcome, "cause": cause, "count": count}
            for (company, hour, outcome, cause), count in hours.items()
        ]
        await self._access.write(
            *((SqlStatement.ADD_REAL, row) for row in rows),
            (SqlStatement.MARK, {"name": POSITION, "value": position}),
        )

    async def since(self, company: str, since: datetime) -> list[RealCount]:
        """Count the real mail to a company since the full hour before this time, the earliest first."""
        return await self._access.read(real_hours.real_mail, company, hour_of(since))

    async def prune(self, before: datetime) -> int:
        """Delete counts of hours before this time; returns how many rows."""
        forgotten, step = 0, SqlStatement.FORGET_REAL_HOUR
        while gone := await self._access.write((step, {"before": before})):
            forgotten += gone
        return forgotten
