"""What the tests of dashboards, rules and examples start from."""

import os

import pytest

from tests.support.prometheus_servers import obstacle


@pytest.fixture(scope="session")
def able() -> None:
    """Prometheus and Alertmanager are here. If not, the tests are skipped; in CI, as root, that fails them."""
    if reason := obstacle():
        if os.environ.get("CI") == "true" and os.geteuid() == 0:
            pytest.fail(reason)
        pytest.skip(reason)
