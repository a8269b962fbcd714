"""Log a repeated message once, then only count it."""

import threading
from collections.abc import Callable
from typing import Any

REPEAT_SECONDS = 60.0  # the same message is logged once in this time, with how many there were


def _timer(seconds: float, act: Callable[[], None]) -> None:
    """Call `act` later, in a daemon thread."""
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


class Repeated:
    """Logs a message at once, and then once per `REPEAT_SECONDS` how many more there were: a storm becomes a few lines.

    Messages with the same `key` are the same; keys must be few. Thread-safe.
    """

    def __init__(self, later: Callable[[float, Callable[[], None]], None] = _timer) -> None:
        self._later = later
        self._lock = threading.Lock()
        self._more: dict[str, int] = {}

    def tell(self, key: str, say: Callable[..., Any], event: str, **facts: Any) -> None:
        """Log `event` by `say`, or count it if it was logged a short while ago. Only the first has `exc_info`."""
        with self._lock:
            known = key in self._more
            self._more[key] = self._more.get(key, -1) + 1
        if not known:
            say(event, **facts)
            facts.pop("exc_info", None)
            self._later(REPEAT_SECONDS, lambda: self._sum_up(key, say, event, facts))

    def _sum_up(self, key: str, say: Callable[..., Any], event: str, facts: dict[str, Any]) -> None:
        with self._lock:
            more = self._more.pop(key)
            if more:
                self._more[key] = 0
        if more:
            say(event, **facts, more=more, seconds=round(REPEAT_SECONDS))
            self._later(REPEAT_SECONDS, lambda: self._sum_up(key, say, event, facts))
