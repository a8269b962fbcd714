"""The outside world of a test: the parts that it names, and of the others none."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from probes.outside import Outside


class NoSuchPart:
    """A part of the outside world that the test did not give."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"this test has no part of the outside world with {name}")


NONE = NoSuchPart()


def outside_world(
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    resolver: Any = NONE,
    http: Any = NONE,
    threads: Any = NONE,
    accounts: Any = NONE,
) -> Outside:
    """Return a context with these parts, which may be fakes."""
    return Outside(now, resolver, http, threads, accounts)
