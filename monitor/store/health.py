"""Health of the store. A leader renews its lease every few seconds, so this is always current."""

from collections.abc import Callable
from time import monotonic

from monitor.store.records import StoreDownError, StoreError

SLOW = 3.0  # seconds a write may wait before nothing more is begun
LATELY = 10.0  # seconds after a failed write until the store counts as well again


class Health:
    """`waited`: seconds that the oldest write has been waiting. `errors` counts failures."""

    def __init__(self, waited: Callable[[], float], now: Callable[[], float] = monotonic) -> None:
        self.errors = 0
        self._waited, self._now = waited, now
        self._reason, self._failed_at = "", 0.0

    def failed(self, error: StoreError) -> None:
        """Record a failed read or write. An error about one probe alone says nothing about the store."""
        if isinstance(error, StoreDownError):
            self.errors += 1
            self._reason, self._failed_at = str(error), self._now()

    @property
    def trouble(self) -> str | None:
        """Why nothing may be started that must be stored, on one line; None if all is well."""
        if self._reason and self._now() - self._failed_at < LATELY:
            return self._reason
        if (waited := self._waited()) > SLOW:
            return f"the store has not taken a write for {waited:.0f} s; is it locked, or its disk busy?"
        return None
