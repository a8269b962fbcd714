"""The lab for the tests beside this file: up once for each file, and each test runs inside our namespace.

A thread is in the namespace of the thread that made it, so each test's event loop, pools and child processes are in
there too; after the test the thread is back outside. They run in one process: on several workers of pytest-xdist,
each would wait for the other's lab.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from tests.lab.lab import Lab, obstacle
from tests.lab.lab import lab as lab_up
from tests.lab.network import US


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is here, so that `-m lab` finds it."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def stoppable() -> Iterator[None]:
    """SIGTERM ends the run as Ctrl-C does: pytest then tears its fixtures down, and with them the lab. Whoever is
    impatient and asks again is not heard, because a second KeyboardInterrupt would cut that short."""
    before = {each: signal.signal(each, _interrupt) for each in (signal.SIGINT, signal.SIGTERM)}
    yield
    for each, handler in before.items():
        if signal.getsignal(each) is _interrupt:  # once ended, the run is deaf until it is over
            signal.signal(each, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
def able(stoppable: None) -> None:
    """There can be a lab here. If not, the tests are skipped; in CI a missing package fails them."""
    if reason := obstacle():
        if os.environ.get("CI") == "true" and os.geteuid() == 0:
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def lab(able: None) -> Iterator[Lab]:
    """The lab, up for all tests of a file."""
    with lab_up() as built:
        yield built


@pytest.fixture
def inside(lab: Lab) -> Iterator[None]:
    """In our namespace, as long as the test runs."""
    with US.entered():
        yield
