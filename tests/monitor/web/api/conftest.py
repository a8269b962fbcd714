"""What tests of the API start from."""

from collections.abc import AsyncIterator

import pytest

from tests.support.api_app import Counter, counter
from tests.support.pipeline_app import World


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Counter]:
    async with counter(world) as there:
        yield there
