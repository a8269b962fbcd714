"""The companies that may have an allow entry for the sender's address. No configuration says who has one."""

from collections.abc import Iterable

from monitor.config.model import Config
from monitor.config.watched import WatchedPath


def companies_that_may_allow(config: Config, paths: Iterable[WatchedPath]) -> tuple[str, ...]:
    """Return the companies of these paths that may have an allow entry: all that get the sender's mail, by whichever
    route they are tested. Simulated ones get none."""
    simulated = config.sandbox.companies
    return tuple(dict.fromkeys(path.company for path in paths if path.company not in simulated))
