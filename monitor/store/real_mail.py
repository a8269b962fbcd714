"""The sender's real mail by hour, its refusals, and up to where the log is read: written together, or not at all."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime

from monitor.real_mail.refusals import RealRefusals
from monitor.store import reads, real_hours, real_refusals
from monitor.store.access import StoreAccess
from monitor.store.real_hours import RealCount
from monitor.store.real_refusals import RealReply
from monitor.store.result_counts import day_of, hour_of
from monitor.store.statements import SqlStatement
from probes.outcome import Cause
from probes.traced import TraceFate

POSITION = "real_mail"  # the fact that tells up to where


class RealMailStore:
    """Real mail by hour. What is written outlives the process. Raises StoreError."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    async def position(self) -> str | None:
        """Return up to where the log is read, as it was given; None if it was never read."""
        return await self._access.read(reads.fact, POSITION)

    async def refusals(self) -> list[RealRefusals]:
        """Return the refusals of all companies, those that are over too."""
        return await self._access.read(real_refusals.refusals)

    async def add(
        self,
        hours: Mapping[tuple[str, datetime, TraceFate, str], int],
        position: str,
        *,
        refusals: Iterable[RealRefusals] = (),
        replies: Mapping[tuple[str, datetime, Cause, str], int] | None = None,
    ) -> None:
        """Add these counts, by company, full hour, what became of the mail, and cause, "" for none; keep these
        refusals; add these replies, by company, midnight, cause and text. The log is read up to `position` then."""
        rows = [
            {"company": company, "hour": hour, "outcome": outcome, "cause": cause, "count": count}
            for (company, hour, outcome, cause), count in hours.items()
        ]
        said = [
            {"the_company": company, "the_day": day, "the_cause": cause, "the_reply": reply, "the_count": count}
            for (company, day, cause, reply), count in (replies or {}).items()
        ]
        await self._access.write(
            *((SqlStatement.ADD_REAL, row) for row in rows),
            *((SqlStatement.KEEP_REAL_REFUSALS, asdict(each)) for each in refusals),
            *((SqlStatement.ADD_REAL_REPLY, row) for row in said),
            (SqlStatement.MARK, {"name": POSITION, "value": position}),
        )

    async def since(self, company: str, since: datetime) -> list[RealCount]:
        """Count the real mail to a company since the full hour before this time, the earliest first."""
        return await self._access.read(real_hours.real_mail, company, hour_of(since))

    async def replies(self, company: str, since: datetime) -> list[RealReply]:
        """Return what a company's servers said, masked, since the midnight before this time, the newest first."""
        return await self._access.read(real_refusals.replies, company, day_of(since))

    async def prune(self, before: datetime) -> int:
        """Delete what is of before this time; returns how many rows."""
        forgotten, hours = 0, SqlStatement.FORGET_REAL_HOUR
        while gone := await self._access.write((hours, {"before": before})):
            forgotten += gone
        for step in (SqlStatement.FORGET_REAL_REPLIES, SqlStatement.FORGET_REAL_REFUSALS):
            forgotten += await self._access.write((step, {"before": before}))
        return forgotten
