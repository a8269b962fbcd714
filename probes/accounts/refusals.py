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

    def seconds(self, key: str, now: datetime) -> float:
        """Return the seconds for which this one's refusal still holds, 0 if none does."""
        return (self._last[key].again_at - now).total_seconds() if self.holds(key, now=now) else 0.0

    def add(self, key: str, error: AccountError, now: datetime, wait: float | None) -> None:
        """Keep a refusal. `wait`: seconds that the provider asks us to wait, None if it does not say. Refusals of
        requests that were under way together count as one."""
        before = self._last.get(key)
        longer = min(MAX_PAUSE, before.pause * (1 if before.again_at > now else 2)) if before else FIRST_PAUSE
        pause = min(wait or 0.0, MAX_WAIT) or longer
        self._last[key] = _Refusal(error, now + timedelta(seconds=pause), pause)

    def end(self, *keys: str, now: datetime | None = None) -> None:
        """Forget the refusals of these: they were not refused any more. With `now`, only those that do not hold: the
        answer may be that of a request which was under way when another one was refused."""
        for key in keys:
            if now is None or not self.holds(key, now=now):
                self._last.pop(key, None)
