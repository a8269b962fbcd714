"""What tests of the service start from."""

from pathlib import Path

import pytest

from tests.support.pipeline_app import PipelineApp


@pytest.fixture
def pipeline_app(tmp_path: Path) -> PipelineApp:
    return PipelineApp(tmp_path)
