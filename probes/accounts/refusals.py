"""Refusals of a provider, and when to ask it again. Pure; time is handed in.

A refusal holds for a while for everybody who asks: otherwise a wrong secret would be sent again by each mailbox and
trace, until the provider locks the account.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from probes.accounts import AccountError

FIRST_PAUSE, MAX_PAUSE = 5.0, 300.0  # seconds after a refusal in which nobody is asked; doubled each time
MAX_WAIT = 3600.0  # seconds that a provider may ask us to wait


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A refusal, when to ask again, and the pause until then in seconds."""

    error: AccountError
    again_at: datetime
    pause: float


class ProviderRefusals:
    """The last refusal by what was refused: a user's token, an API, everything."""

    def __init__(self) -> None:
        self._last: dict[str, _Refusal] = {}

    def holds(self, *keys: str, now: datetime) -> AccountError | None:
        """Return the refusal that still holds for any of these, None if they may be asked for."""
        for refusal in filter(None, map(self._last.get, keys)):
            if timedelta() < refusal.again_at - now <= timedelta(seconds=refusal.pause):  # else the clock was set back
                return AccountError(str(refusal.error), refusal.error.fault)
        return None

    def add(self, key: str, error: AccountError, now: datetime, wait: float | None) -> None:
        """Keep a refusal. `wait`: seconds that the provider asks us to wait, None if it does not say."""
        before = self._last.get(key)
        pause = min(wait or 0.0, MAX_WAIT) or min(MAX_PAUSE, 2 * before.pause if before else FIRST_PAUSE)
        self._last[key] = _Refusal(error, now + timedelta(seconds=pause), pause)

    def end(self, *keys: str) -> None:
        """Forget the refusals of these: they were not refused any more."""
        for key in keys:
            self._last.pop(key, None)
