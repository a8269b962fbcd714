"""The sender's standing, as the incident rules see it: read from the store when something new is in it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.config import Config
from monitor.config.allow_entries import companies_that_may_allow
from monitor.incidents.incident import StandingFinding
from monitor.incidents.standing_rules import CHANGES_FOR, StandingInput, findings
from monitor.standing.arrivals import RECENT
from monitor.store import Store

READ_AGAIN = timedelta(minutes=1)  # without news: some rules wait for time alone


class StandingReader:
    """Keeps the findings up to date. A leader that was replaced reads on, and may write nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._config = Config()
        self._known = StandingInput()
        self._read_at: datetime | None = None

    def configure(self, config: Config) -> None:
        """Judge by this configuration from now on."""
        self._config, self._read_at = config, None

    def poke(self) -> None:
        """Read again with the next step: something new is in the store."""
        self._read_at = None

    @property
    def asks(self) -> bool:
        """True if standing is read at all."""
        return self._config.standing.enabled

    async def found(self, now: datetime) -> Sequence[StandingFinding]:
        """Return what is wrong now, the gravest first. Raises StoreError."""
        if not self.asks:
            return ()
        if self._read_at is None or not timedelta(0) <= now - self._read_at < READ_AGAIN:
            read_at, standing = now, self._store.standing
            self._known = StandingInput(
                await standing.current(),
                await standing.changes(now - CHANGES_FOR),
                await standing.names(now - RECENT),
                addresses_of(self._config, now),
                companies_that_may_allow(self._config, self._config.paths()),
                self._config.sender.source_ip,
            )
            self._read_at = read_at
        return findings(self._known, now)


def addresses_of(config: Config, now: datetime) -> frozenset[str]:
    """Return the addresses that the sender has or had by its profiles; mail from one of those that are past is late,
    not foreign."""
    sender = config.sender
    past = (each.source_ip for each in sender.profile if each.begins_at <= now and each.source_ip)
    return frozenset((sender.source_ip, *past))
