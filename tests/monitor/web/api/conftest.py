"""What tests of the API start from."""

from collections.abc import AsyncIterator

import pytest

from tests.support.api_app import ApiApp, open_api_app
from tests.support.pipeline_app import PipelineApp


@pytest.fixture
async def api_app(pipeline_app: PipelineApp) -> AsyncIterator[ApiApp]:
    async with open_api_app(pipeline_app) as api_app:
        yield api_app
