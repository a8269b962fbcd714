"""Problems that no probe has to have shown, as the incident rules see them: the sender's standing, remedies, real
mail."""

from collections.abc import Sequence
from datetime import datetime

from monitor.config import Config
from monitor.incidents.incident import FindingAbout, StandingFinding
from monitor.oncall.real_mail import RealMailReader
from monitor.oncall.remedies import RemedyReader
from monitor.oncall.standing import StandingReader
from monitor.store import Store


class FindingsReader:
    """Keeps all findings up to date."""

    def __init__(self, store: Store) -> None:
        self._standing, self._remedies, self._real_mail = (
            StandingReader(store),
            RemedyReader(store),
            RealMailReader(store),
        )

    def configure(self, config: Config) -> None:
        """Judge by this configuration from now on."""
        for reader in (self._standing, self._remedies, self._real_mail):
            reader.configure(config)

    def asks(self, about: FindingAbout, company: str) -> bool:
        """Test if problems of this topic are read at all, at this company, "" for none."""
        match about:
            case FindingAbout.SENDER:
                return self._standing.asks
            case FindingAbout.REMEDY:
                return self._remedies.asks(company)
            case FindingAbout.REAL_MAIL:
                return self._real_mail.asks(company)

    def poke_remedies(self) -> None:
        """Read them again with the next step: something may have changed."""
        self._remedies.poke()

    def poke_sources(self) -> None:
        """Read again with the next step what comes from outside."""
        self._standing.poke()
        self._real_mail.poke()

    async def found(self, now: datetime) -> Sequence[StandingFinding]:
        """Return what is wrong now, of each reader the gravest first. Raises StoreError."""
        readers = (self._standing, self._remedies, self._real_mail)
        return tuple([found for reader in readers for found in await reader.found(now)])
