"""What all tests start from."""

from collections.abc import Iterator

import pytest
import structlog

from tests.support.store_template import preparing

configure = structlog.configure


def pytest_configure() -> None:
    """No logger is kept: what a test that sets up the service's log has used would be beyond the reach of
    `capture_logs`."""
    structlog.configure = lambda **options: configure(**options | {"cache_logger_on_first_use": False})
    log_plainly()


@pytest.fixture(autouse=True, scope="session")
def stores_are_copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """New stores need no migrations."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("monitor.store.store.prepare", preparing(tmp_path_factory.mktemp("template")))
        yield


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """A command that was called in a test may have set up a log that leaves out all but errors."""
    yield
    log_plainly()


def log_plainly() -> None:
    """Drawing a traceback with the values of all its variables, as structlog does by itself, can take seconds, and a
    test's patience with it."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.reset_defaults()
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(), plain])
