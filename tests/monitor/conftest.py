"""What tests of the service start from."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.pipeline_app import PipelineApp
from tests.support.postgresql import PostgreSQL, obstacle, postgresql


@pytest.fixture
def pipeline_app(tmp_path: Path) -> PipelineApp:
    return PipelineApp(tmp_path)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgreSQL]:
    """A PostgreSQL. If it is not installed, its tests are skipped; in CI, as root, that fails them."""
    if reason := obstacle():
        if os.environ.get("CI") == "true" and os.geteuid() == 0:
            pytest.fail(reason)
        pytest.skip(reason)
    with TemporaryDirectory(prefix="mailpath-postgresql-") as folder, postgresql(Path(folder)) as running:
        yield running
