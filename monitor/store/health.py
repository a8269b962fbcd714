"""Whether the store takes what it is given. A leader renews its lease every few seconds, so this is never old news."""

from collections.abc import Callable
from time import monotonic

from monitor.store.records import StoreDownError, StoreError

SLOW = 3.0  # seconds a write may wait before nothing more is begun
LATELY = 10.0  # seconds after a failed write until the store counts as well again


class Health:
    """`waited` tells for how many seconds the oldest write has been waiting. `errors` counts what failed."""

    def __init__(self, waited: Callable[[], float], now: Callable[[], float] = monotonic) -> None:
        self.errors = 0
        self._waited, self._now = waited, now
        self._reason, self._failed_at = "", 0.0

    def failed(self, error: StoreError) -> None:
        """Something could not be read or written. What concerns one probe alone says nothing of the store."""
        if isinstance(error, StoreDownError):
            self.errors += 1
            self._reason, self._failed_at = str(error), self._now()

    @property
    def trouble(self) -> str | None:
        """Why nothing should be begun that must be stored, on one line; None while all is well."""
        if self._reason and self._now() - self._failed_at < LATELY:
            return self._reason
        if (waited := self._waited()) > SLOW:
            return f"the store has not taken a write for {waited:.0f} s; is it locked, or its disk busy?"
        return None
