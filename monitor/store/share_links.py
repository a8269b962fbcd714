"""Share links to the status pages of companies: their questions, and the port."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from monitor.people.person import AuditEntry
from monitor.people.share_links import ShareLink
from monitor.store import rows
from monitor.store.access import StoreAccess
from monitor.store.columns import legible
from monitor.store.people_tables import shares
from monitor.store.statements import SqlStatement

OPENED_AGAIN = timedelta(minutes=1)  # so that not every request is a write

EVERY = select(shares).order_by(shares.c.created_at, shares.c.id)
OF_COMPANY = EVERY.where(shares.c.company == bindparam("of"))
BY_DIGEST = select(shares).where(shares.c.digest == bindparam("of"))
STATEMENTS: dict[str, Select[Any]] = {"shares": EVERY, "shares of company": OF_COMPANY, "share": BY_DIGEST}


class ShareLinkStore:
    """Share links. What is written outlives the process. Raises StoreError."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    async def every(self) -> list[ShareLink]:
        """Return all links that are stored, oldest first."""
        return await self._access.read(links, EVERY)

    async def of_company(self, company: str) -> list[ShareLink]:
        """Return all links of a company that are stored, oldest first."""
        return await self._access.read(links, OF_COMPANY, of=legible(company))

    async def by_digest(self, digest: str) -> ShareLink | None:
        """Return one; it may have expired or been revoked. None if it is not stored."""
        return next(iter(await self._access.read(links, BY_DIGEST, of=digest)), None)

    async def add(self, link: ShareLink, *audit: AuditEntry) -> None:
        """Store a new one, together with `audit`."""
        await self._access.write(*rows.kept(SqlStatement.SHARE, link), *rows.noted(*audit))

    async def opened(self, link: ShareLink, at: datetime) -> None:
        """Store that its page was opened; to the minute."""
        if link.opened_at is None or at - link.opened_at >= OPENED_AGAIN:
            await self._access.write((SqlStatement.OPEN_SHARE, {"share": link.id, "at": at}))

    async def revoke(self, share_id: str, at: datetime, by: str, *audit: AuditEntry) -> bool:
        """Revoke one, together with `audit`. False, and nothing is written, if it was already."""
        row = {"share": share_id, "at": at, "who": by}
        return await self._access.write((SqlStatement.REVOKE_SHARE, row), then=rows.noted(*audit)) > 0


def links(connection: Connection, /, wanted: Any, **given: Any) -> list[ShareLink]:
    """Answer one of the questions above."""
    return [ShareLink(**row) for row in connection.execute(wanted, given).mappings()]
