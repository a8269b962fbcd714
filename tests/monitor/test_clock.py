"""The time of the service, while the system clock does what it likes."""

import asyncio
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from monitor.clock import Calendar, Clock, ticking

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Machine:
    """A machine with a clock that can be set, and one that cannot."""

    def __init__(self) -> None:
        self.wall, self.elapsed = NOON, 100.0

    def pass_(self, seconds: float, *, wall: float | None = None) -> None:
        """So much time passes; the system clock may go on by something else."""
        self.elapsed += seconds
        self.wall += timedelta(seconds=seconds if wall is None else wall)

    def clock(self) -> Clock:
        return Clock(lambda: self.wall, lambda: self.elapsed)


@pytest.mark.parametrize("step", [-7200.0, -60.0, -1.5, 1.5, 60.0, 7200.0, 86400.0 * 365])
def test_a_step_is_taken_over_once_and_only_when_it_is_asked_for(step: float) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_(10, wall=10 + step)
    assert clock.now() == NOON + timedelta(seconds=10), "nothing jumps in mid-work"
    assert clock.compare() == timedelta(seconds=step)
    assert clock.now() == machine.wall
    machine.pass_(1)
    assert clock.compare() == timedelta(0)
    assert (clock.now(), clock.steps) == (machine.wall, 1)


@pytest.mark.parametrize("drift", [-0.9, -0.1, 0.1, 0.9])
def test_a_small_difference_is_made_up_for_and_time_never_goes_back(drift: float) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_(0.25, wall=0.25 + drift)
    before = NOON
    for _ in range(400):
        assert clock.compare() == timedelta(0)
        assert clock.now() >= before
        before = clock.now()
        machine.pass_(0.25)
    assert abs(clock.now() - machine.wall) < timedelta(milliseconds=1)
    assert clock.steps == 0


def test_a_machine_that_slept_was_not_set() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_(8 * 3600)
    assert clock.compare() == timedelta(0)
    assert clock.now() == NOON + timedelta(hours=8)


def test_a_pause_between_two_readings_is_no_step() -> None:
    machine, pauses = Machine(), [0.0, 0.0, 0.0, 5.0]

    def elapsed() -> float:
        machine.pass_(pauses.pop(0) if pauses else 0.0)
        return machine.elapsed

    clock = Clock(lambda: machine.wall, elapsed)
    assert clock.compare() == timedelta(0)
    assert clock.compare() == timedelta(0)
    assert clock.steps == 0


async def test_one_tick_that_fails_does_not_end_the_ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.clock.AFTER_FAILURE", 0.0)
    ticks, enough = 0, asyncio.Event()

    async def tick() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 1:
            raise ValueError("once")
        if ticks == 3:
            enough.set()

    async with asyncio.timeout(10), ticking(tick, timedelta(milliseconds=1)):
        await enough.wait()


class Ahead(datetime):
    """The time of day by a clock that is 300 days fast."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Ahead":
        return cls.fromtimestamp((datetime.now(UTC) + timedelta(days=300)).timestamp(), tz)


async def test_what_belongs_to_the_calendar_is_planned_anew_when_the_clock_was_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def job() -> None:
        """Nothing."""

    calendar = Calendar({job: timedelta(hours=1)})
    async with calendar.kept():
        with monkeypatch.context() as wrong:
            wrong.setattr("apscheduler.schedulers.base.datetime", Ahead)
            wrong.setattr("apscheduler.triggers.interval.datetime", Ahead)
            calendar.clock_was_set()
        (planned,) = calendar.planned
        assert planned - datetime.now(UTC) > timedelta(days=299)
        calendar.clock_was_set()
        (planned,) = calendar.planned
        assert planned - datetime.now(UTC) <= timedelta(hours=1)
