"""Remedies that somebody has to act on, as the incident rules see them: read from the store again and again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.config import Config
from monitor.incidents.incident import StandingFinding
from monitor.remedying.applied import AppliedRemedy
from monitor.remedying.findings import remedy_findings
from monitor.store import Store
from probes.mailsystems.remedy import RemedyNames

READ_AGAIN = timedelta(seconds=30)  # without news: another process may have noted something


class RemedyReader:
    """Keeps what is known of remedies up to date."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names = RemedyNames("", "", "", "the mail system")
        self._companies: dict[str, str] = {}
        self._known: Sequence[AppliedRemedy] = ()
        self._read_at: datetime | None = None

    def configure(self, config: Config) -> None:
        """Use these names from now on."""
        sender = config.sender
        self._names = RemedyNames(sender.domain, sender.source_ip, sender.address, "the mail system")
        self._companies = {path.company: path.company_name for path in config.paths()}

    def asks(self, company: str) -> bool:
        """Test if remedies at this company are looked at."""
        return company in self._companies

    def poke(self) -> None:
        """Read again with the next step: something new may be in the store."""
        self._read_at = None

    async def found(self, now: datetime) -> Sequence[StandingFinding]:
        """Return what somebody has to act on now. Raises StoreError."""
        if self._read_at is None or not timedelta(0) <= now - self._read_at < READ_AGAIN:
            self._known, self._read_at = await self._store.remedies.every(), now
        return tuple(remedy_findings(self._known, self._companies, self._names, now))
