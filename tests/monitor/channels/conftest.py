"""What tests of channels start from."""

from collections.abc import AsyncIterator

import pytest

from probes.http import HttpSession
from probes.outside import Outside
from tests.support.http_receiver import Receiver, receiving
from tests.support.outside_world import outside_world
from tests.support.pipeline_app import Clock


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def around(clock: Clock) -> AsyncIterator[Outside]:
    async with HttpSession() as http:
        yield outside_world(now=clock, http=http)
