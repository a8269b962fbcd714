"""Refusals of the sender's real mail, as the incident rules see them: read from the store again and again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.config import Config
from monitor.config.real_plan import counted_companies
from monitor.incidents.incident import StandingFinding
from monitor.real_mail.findings import refusal_findings
from monitor.real_mail.refusals import RealRefusals
from monitor.store import Store

READ_AGAIN = timedelta(seconds=30)  # without news: another process may have read the log


class RealMailReader:
    """Keeps what is known of refusals up to date."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._companies: dict[str, str] = {}
        self._source_ip = ""
        self._known: Sequence[RealRefusals] = ()
        self._read_at: datetime | None = None

    def configure(self, config: Config) -> None:
        """Find the refusals of the companies to which real mail is counted by this configuration."""
        counted, self._source_ip = counted_companies(config), config.sender.source_ip
        names = {path.company: path.company_name for path in config.paths()} if counted else {}
        self._companies = {company: name for company, name in names.items() if company in counted}

    def asks(self, company: str) -> bool:
        """Test if real mail to this company is counted."""
        return company in self._companies

    def poke(self) -> None:
        """Read again with the next step: something new is in the store."""
        self._read_at = None

    async def found(self, now: datetime) -> Sequence[StandingFinding]:
        """Return the problems of now. Raises StoreError."""
        if not self._companies:
            return ()
        if self._read_at is None or not timedelta(0) <= now - self._read_at < READ_AGAIN:
            self._known, self._read_at = await self._store.real_mail.refusals(), now
        return tuple(refusal_findings(self._known, self._companies, self._source_ip, now))
