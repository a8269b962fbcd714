"""What tests of the service start from."""

from pathlib import Path

import pytest

from tests.support.pipeline_app import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
