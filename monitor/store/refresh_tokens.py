"""Refresh tokens that providers have replaced. They are sealed before: see `probes.accounts.refreshing`."""

from monitor.store import reads
from monitor.store.access import StoreAccess
from monitor.store.records import StoreError
from monitor.store.statements import SqlStatement
from probes.accounts import NotKeptError


class RefreshTokenStore:
    """Short texts by name. What is written outlives the process. Raises NotKeptError."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    async def kept(self, name: str) -> str:
        """Return what is kept under this name, "" for nothing."""
        try:
            return await self._access.read(reads.fact, name) or ""
        except StoreError as error:
            raise NotKeptError(str(error)) from None

    async def keep(self, name: str, value: str) -> None:
        """Keep this in place of what is there."""
        try:
            await self._access.write((SqlStatement.MARK, {"name": name, "value": value}))
        except StoreError as error:
            raise NotKeptError(str(error)) from None
