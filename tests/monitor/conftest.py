"""What tests of the service start from."""

from pathlib import Path

import pytest

from tests.monitor.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
