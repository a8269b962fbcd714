"""What all tests start from."""

import structlog


def pytest_configure() -> None:
    """Log plainly where a test does not set up the service's own log: drawing a traceback with the values of all its
    variables, as structlog does by itself, can take seconds, and a test's patience with it. No logger is kept: what a
    test that sets up the service's log has used would be beyond the reach of `capture_logs`."""
    configure = structlog.configure
    structlog.configure = lambda **options: configure(**options | {"cache_logger_on_first_use": False})
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(), plain])
