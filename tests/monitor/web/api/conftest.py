"""What tests of the API start from."""

from collections.abc import AsyncIterator

import pytest

from tests.monitor.web.api.counter import Counter, counter
from tests.monitor.world import World


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Counter]:
    async with counter(world) as there:
        yield there
