"""Limits of concurrent long operations, such as exports: per caller, and in total."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from monitor.actions.rate_limit import TooManyError
from monitor.people.caller import Caller


class Shares:
    """Counts what is under way. `what` names it for people, in the plural."""

    def __init__(self, what: str, per_caller: int, total: int, retry_after: timedelta) -> None:
        self._what, self._per_caller, self._total, self._retry_after = what, per_caller, total, retry_after
        self._open: Counter[str] = Counter()

    @contextmanager
    def taken(self, caller: Caller) -> Iterator[None]:
        """One more is under way while the block lasts. Raises TooManyError."""
        if self._open[caller.account] >= self._per_caller:
            said = f"at most {self._per_caller} {self._what} of yours may be under way at the same time"
            raise TooManyError(said, self._retry_after)
        if self._open.total() >= self._total:
            raise TooManyError(f"many {self._what} are under way; try again soon", self._retry_after)
        self._open[caller.account] += 1
        try:
            yield
        finally:
            self._open[caller.account] -= 1
            self._open += Counter()  # forgets callers with none
