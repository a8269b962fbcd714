"""Requests that were answered, by the key under which their sender may send them again."""

from monitor.store import people_reads, rows
from monitor.store.access import StoreAccess
from monitor.store.records import Remembered
from monitor.store.statements import SqlStatement


class RequestStore:
    """Answers that were given under a key. What is written outlives the process. Raises StoreError."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    async def remembered(self, caller: str, key: str) -> Remembered | None:
        """Return the stored answer to this caller for this key."""
        return await self._access.read(people_reads.answer, caller, key)

    async def remember(self, answer: Remembered) -> bool:
        """Keep an answer. False if this caller was answered under this key already, and that stays."""
        return await self._access.write(*rows.kept(SqlStatement.REMEMBER, answer)) > 0
