"""A store that refuses one write: the n-th, before anything is written, or only in its answer."""

from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest

from monitor.store import StoreDownError
from monitor.store.writer import Writer
from monitor.store.writes import Write


class Refusal(Enum):
    """How a write ends that has no good answer."""

    NOT_WRITTEN = "not written"
    WRITTEN = "written, and nobody hears of it"


class Refusals:
    """Counts the writes of all stores that are opened while it is there, and refuses the `nth`; 0: none."""

    def __init__(self) -> None:
        self.writes: list[tuple[str, ...]] = []
        self.nth, self.how = 0, Refusal.NOT_WRITTEN
        self.only: frozenset[str] = frozenset()
        self.refused: tuple[str, ...] | None = None

    async def write(self, write: Write, really: Callable[[Write], Any]) -> int:
        steps = tuple(step.name for step, _ in write.rows)
        if self.only and self.only.isdisjoint(steps):
            return int(await really(write))
        self.writes.append(steps)
        if len(self.writes) != self.nth:
            return int(await really(write))
        self.refused = steps
        if self.how is Refusal.WRITTEN:
            await really(write)
        raise StoreDownError("store: the disk is full")

    def refuse(self, nth: int, how: Refusal, *only: str) -> None:
        """The `nth` write from now on, 1 for the next; of those with `only` these statements, if any are named."""
        self.writes.clear()
        self.nth, self.how, self.only, self.refused = nth, how, frozenset(only), None


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> Refusals:
    refusing = Refusals()

    class RefusingWriter(Writer):
        async def write(self, write: Write) -> int:
            return await refusing.write(write, super().write)

    monkeypatch.setattr("monitor.store.store.Writer", RefusingWriter)
    return refusing
