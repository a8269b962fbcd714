"""`mailpath standing --watch`: read again and again, and print what is different."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from probes.standing.fact import MAX_AGE, Fact, FactVerdict, Question, judge

LISTS_EVERY = timedelta(minutes=15)  # blocklists count questions

Key = tuple[Question, str]
Read = Callable[[Sequence[Question]], Awaitable[Sequence[Fact]]]
Show = Callable[[FactVerdict | None, FactVerdict], None]
Pause = Callable[[], Awaitable[bool]]
"""Waits until the next reading is due. False: there is no next one."""


class StandingWatch:
    """Keeps the readings that may still confirm a fact, and the verdict of each that was shown last."""

    def __init__(self, first: Mapping[Key, Sequence[Fact]], now: datetime) -> None:
        self._readings = {key: list(facts) for key, facts in first.items()}
        self.shown = {key: judge(facts, now) for key, facts in self._readings.items()}

    def take(self, facts: Sequence[Fact], now: datetime) -> list[tuple[FactVerdict | None, FactVerdict]]:
        """Add readings. Returns what is different: the verdict that was shown, None if there was none, and the new."""
        different = []
        for fact in facts:
            key = (fact.question, fact.subject)
            kept = [each for each in self._readings.get(key, ()) if now - each.at <= MAX_AGE]
            self._readings[key] = [*kept, fact]
            before, after = self.shown.get(key), judge(self._readings[key], now)
            if before is None or _said(before) != _said(after):
                self.shown[key] = after
                different.append((before, after))
        return different


def _said(verdict: FactVerdict) -> tuple[object, ...]:
    fact = verdict.reading
    return verdict.state, verdict.suspected, fact.why, fact.value


async def follow(
    watch: StandingWatch,
    questions: Sequence[Question],
    read: Read,
    show: Show,
    pause: Pause,
    now: Callable[[], datetime],
) -> None:
    """Read until `pause` says that it is enough; blocklists every LISTS_EVERY at most."""
    lists_at = now()
    while await pause():
        due = [each for each in questions if each is not Question.BLOCKLIST or now() - lists_at >= LISTS_EVERY]
        if Question.BLOCKLIST in due:
            lists_at = now()
        for before, after in watch.take(await read(due), now()):
            show(before, after)


def paced(stop: asyncio.Event, every: timedelta) -> Pause:
    """Return a pause of this length, which `stop` ends for good."""

    async def pause() -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(every.total_seconds()):
                await stop.wait()
        return not stop.is_set()

    return pause
