"""Create and revoke share links of companies, for the command line, the pages and the API alike.

Every action is written to the audit log. The secret of a link is returned once and stored nowhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.actions.ports import IncidentScope
from monitor.errors import UserError
from monitor.people.person import AuditAction, AuditEntry, Companies
from monitor.people.secrets import digest_of, new_id
from monitor.people.share_links import PATH, ShareLink, ShareSigner, ShareState
from monitor.store import Store
from probes.display import clock

DAYS = (7, 30)
MAX_VALID = 200  # links of one company at the same time


class ShareError(UserError):
    """The action is not possible. The text is one line with reason and remedy; `field` is the wrong input: "company",
    "days" or "share"."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field


@dataclass(frozen=True, slots=True)
class ShareLinks:
    """Actions on share links. Somebody restricted to companies sees only links of these."""

    store: Store
    now: Callable[[], datetime]
    who: str
    way: str
    companies: Companies = None

    async def every(self) -> list[ShareLink]:
        """Return all links, newest first."""
        return [link for link in reversed(await self.store.share_links.every()) if self._sees(link.company)]

    async def valid(self, company: str) -> list[ShareLink]:
        """Return the valid links of a company, newest first."""
        found = await self.store.share_links.of_company(company) if self._sees(company) else []
        return [link for link in reversed(found) if link.state(self.now()) is ShareState.VALID]

    async def create(self, company: str, days: int) -> tuple[ShareLink, str]:
        """Create a link to the page of a company that exists. Also returns its secret. Raises ShareError."""
        if days not in DAYS:
            raise ShareError("days", f"must be {' or '.join(map(str, DAYS))}")
        if len(await self.valid(company)) >= MAX_VALID:
            raise ShareError("company", f"it has {MAX_VALID} valid links already; revoke some first")
        now, secret = self.now(), ShareSigner(await self.store.key()).new_secret()
        link = ShareLink(new_id(), company, digest_of(secret), self.who, now, now + timedelta(days=days))
        audit = self._entry(AuditAction.SHARE_CREATED, link, f"share {link.id}, valid until {clock(link.expires_at)}")
        await self.store.share_links.add(link, audit)
        return link, secret

    async def revoke(self, which: str) -> ShareLink:
        """Revoke a link by its id, or the beginning of it. Raises ShareError."""
        known = await self.every()
        found = [link for link in known if link.id == which] or [
            link for link in known if which and link.id.startswith(which)
        ]
        link = self._one(which, found)
        now = self.now()
        audit = self._entry(AuditAction.SHARE_REVOKED, link, f"share {link.id}")
        if not await self.store.share_links.revoke(link.id, now, self.who, audit):
            raise ShareError("share", f"share {link.id} is revoked already")
        return replace(link, revoked_at=now, revoked_by=self.who)

    def _one(self, which: str, found: Sequence[ShareLink]) -> ShareLink:
        if len(found) == 1:
            return found[0]
        said = which if which.isprintable() and 0 < len(which) <= 60 else "of this id"
        several = f"several shares begin so: {', '.join(link.id for link in found[:10])}"
        raise ShareError("share", several if found else f"there is no share {said}")

    def _sees(self, company: str) -> bool:
        return self.companies is None or company in self.companies

    def _entry(self, what: AuditAction, link: ShareLink, about: str) -> AuditEntry:
        return AuditEntry(self.now(), self.who, self.way, what, about, link.company)


def share_links_of(view: IncidentScope) -> ShareLinks:
    """Return the caller's actions on share links."""
    backend, caller = view.backend, view.caller
    return ShareLinks(backend.store, backend.now, caller.name, caller.way, caller.companies)


def share_url(base_url: str, secret: str) -> str:
    """Return the address of the status page. The secret is in its path; the log redacts it."""
    return f"{base_url}{PATH}{secret}"
