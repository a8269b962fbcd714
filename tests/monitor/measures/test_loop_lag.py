"""Lag of the event loop: the longest of the last minute."""

import asyncio
import time

import pytest

from monitor.measures.loop_lag import STEP_SECONDS, LoopLag


@pytest.mark.parametrize(
    ("noted", "seconds"),
    [
        ([], 0.0),
        ([(0, 0.5)], 0.5),
        ([(0, 0.5), (1, 0.2), (59, 0.1)], 0.5),
        ([(0, 0.5), (1, 0.2), (60, 0.1)], 0.2),  # a minute after it, the longest is forgotten
        ([(0, 0.5), (1, 0.2), (61, 0.1)], 0.1),
        ([(0, 0.1), (1, 0.2), (2, 0.2), (61.5, 0.0)], 0.2),
        ([(0, 3.0), (500, 0.0)], 0.0),
    ],
)
def test_the_longest_of_the_last_minute_counts(noted: list[tuple[float, float]], seconds: float) -> None:
    lag = LoopLag()
    for at, delay in noted:
        lag.note(at, delay)
    assert lag.seconds == seconds


async def test_a_stall_is_measured() -> None:
    lag = LoopLag()
    async with lag.measured():
        await asyncio.sleep(0)
        time.sleep(STEP_SECONDS + 0.3)  # noqa: ASYNC251 - this is the stall
        await asyncio.sleep(0.01)
    assert 0.25 < lag.seconds < 5
