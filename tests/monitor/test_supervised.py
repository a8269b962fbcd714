"""Tasks that last: they come back, those who wait on them are answered, and they end when they are to."""

import asyncio

import pytest
from structlog.testing import capture_logs

from monitor import supervised as module
from monitor.supervised import SupervisedTask, one_at_a_time, supervised


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTART_DELAYS", (0.001,))


class Mortal:
    """Work that dies so many times, each time of this, and then goes on."""

    def __init__(self, times: int, death: BaseException) -> None:
        self.lives, self.times, self.death = 0, times, death
        self.going_on = asyncio.Event()

    async def work(self) -> None:
        self.lives += 1
        if self.lives <= self.times:
            raise self.death
        self.going_on.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("death", [RuntimeError("a bug"), asyncio.CancelledError()], ids=["error", "stray cancel"])
async def test_a_task_that_dies_is_logged_and_started_again_and_who_waits_is_answered(death: BaseException) -> None:
    mortal = Mortal(3, death)
    answered: list[BaseException] = []
    task = SupervisedTask("rules", mortal.work, on_death=answered.append)
    with capture_logs() as lines:
        task.start()
        async with asyncio.timeout(5):
            await mortal.going_on.wait()
    assert (task.deaths, task.running) == (3, True)
    assert answered == [death] * 3
    assert [(line["task"], line["log_level"]) for line in lines] == [("rules", "error")] * 3
    await task.close()
    assert not task.running


async def test_who_cannot_be_answered_does_not_keep_it_from_coming_back() -> None:
    def stumble(_: BaseException) -> None:
        raise KeyError("gone")

    mortal = Mortal(1, RuntimeError("a bug"))
    task = SupervisedTask("watch", mortal.work, on_death=stumble)
    with capture_logs():
        task.start()
        async with asyncio.timeout(5):
            await mortal.going_on.wait()
    await task.close()


async def test_one_that_returns_is_over_and_may_be_started_again() -> None:
    lives = []

    async def work() -> None:
        lives.append(1)

    task = SupervisedTask("watch", work)
    for number in (1, 2):
        task.start()
        task.start()  # while it runs this does nothing
        async with asyncio.timeout(5):
            while task.running:  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert len(lives) == number


async def test_it_ends_with_its_block_and_also_while_it_waits_to_be_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "RESTART_DELAYS", (3600.0,))
    mortal = Mortal(9, RuntimeError("a bug"))
    with capture_logs():
        async with asyncio.timeout(5), supervised("rules", mortal.work) as task:
            while not task.deaths:  # noqa: ASYNC110
                await asyncio.sleep(0)
    assert not task.running


async def test_it_may_end_by_itself_before_it_is_ended() -> None:
    done, ends = [], asyncio.Event()

    async def work() -> None:
        await ends.wait()
        await asyncio.sleep(0.01)
        done.append(1)

    task = SupervisedTask("watch", work)
    task.start()
    await asyncio.sleep(0)
    ends.set()
    await task.close(grace=5)
    assert done == [1]


async def test_a_method_runs_once_at_a_time_for_each_object() -> None:
    class Loader:
        def __init__(self) -> None:
            self.at_work, self.runs = 0, 0

        @one_at_a_time
        async def load(self) -> None:
            self.at_work += 1
            await asyncio.sleep(0)
            assert self.at_work == 1
            self.at_work -= 1
            self.runs += 1

    first, second = Loader(), Loader()
    await asyncio.gather(*(each.load() for each in (first, second) * 3))
    assert (first.runs, second.runs) == (3, 3)
