"""What tests of channels start from."""

from collections.abc import AsyncIterator

import pytest

from monitor.channels.channel import ChannelContext
from monitor.channels.exchange import session
from tests.support.http_receiver import Receiver, receiving
from tests.support.pipeline_app import Clock


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def around(clock: Clock) -> AsyncIterator[ChannelContext]:
    async with session() as http:
        yield ChannelContext(http, clock)
