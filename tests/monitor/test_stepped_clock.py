"""`mailpath serve` while its system clock is set back and forth: a real process, whose time of day a library moves."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.service_process import Folder, Process, folder

COMPANIES = {"birch": "inbox", "stone": "blocks_ip", "snail": "slow", "grey": "greylists"}
TRUE = {("birch", "inbox"), ("stone", "blocked"), ("snail", "inbox"), ("grey", "deferred")}
STEPS = (-60, -7200, 0, 7200, 0)  # seconds from the right time to what the clock is set to, one after the other
EVERY = 4.0

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler to build the clock with")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clock that can be set."""
    built = tmp_path_factory.mktemp("clock") / "stepped_clock.so"
    source = Path(__file__).with_name("stepped_clock.c")
    subprocess.run(("cc", "-shared", "-fPIC", "-O1", "-o", str(built), str(source), "-ldl"), check=True)
    return built


def has_noticed(service: Process, times: int) -> bool:
    return service.said("the system clock was set") >= times


@pytest.fixture(scope="module")
def life(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Folder, Process]]:
    """A life of the service in which its clock was set five times, with probes on their way each time."""
    path = tmp_path_factory.mktemp("stepped")
    offset = path / "offset"
    offset.write_text("0")
    env = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(offset)}
    with folder(path, COMPANIES, every=f"{EVERY:.0f}s") as at:
        service = at.serve(env=env)
        at.until(at.ready)
        at.until(lambda: at.outcomes() >= TRUE, seconds=120)
        for told, seconds in enumerate(STEPS, start=1):
            offset.with_suffix(".new").write_text(str(seconds))
            offset.with_suffix(".new").rename(offset)
            at.until(partial(has_noticed, service, told), seconds=10)
            at.more_probes(8)
        yield at, service


def test_each_step_is_told_once(life: tuple[Folder, Process]) -> None:
    at, service = life
    said = ("back by 60 s", "back by 7,140 s", "forward by 7,200 s", "forward by 7,200 s", "back by 7,200 s")
    for words in said:
        assert service.said(f"the system clock was set {words}") == said.count(words), words
    assert at.metric("mailpath_clock_steps_total") == len(STEPS)


def test_it_goes_on_at_its_pace(life: tuple[Folder, Process]) -> None:
    at, _ = life
    began, launched = time.monotonic(), len(at.evidence("birch"))
    at.more_probes(12)
    took, more = time.monotonic() - began, len(at.evidence("birch")) - launched
    assert took / EVERY - 2 <= more <= took / EVERY + 2
    assert at.ready()
    assert (at.metric("mailpath_last_tick_age_seconds") or 0) < 5


def test_nothing_is_sent_twice_and_nobody_accused(life: tuple[Folder, Process]) -> None:
    at, _ = life
    assert set(at.attempts().values()) == {1}
    assert at.outcomes() == TRUE


def test_nobody_is_told_anything_twice(life: tuple[Folder, Process]) -> None:
    at, _ = life
    opened = at.asked("SELECT data->>'subject' FROM incidents ORDER BY 1")
    assert opened == [("grey",), ("stone",)]
    assert at.asked("SELECT count(*) FROM history WHERE turn != 'opened'") == [(0,)]
