"""The first steps of somebody who has just begun, in the log."""

from collections.abc import Callable
from datetime import datetime

import structlog

from monitor.actions.people import first_link
from monitor.config import Config
from monitor.first_admin import announce_first_link
from monitor.store import Store
from monitor.web.auth import only_simulated

log = structlog.get_logger("mailpath")


async def tell_first_steps(config: Config, store: Store, now: Callable[[], datetime]) -> None:
    """Log what somebody needs who has just begun: the first admin's link, and how to monitor a real company."""
    link = None if only_simulated(config) else await first_link(store, now, config.web.base_url)
    announce_first_link(link, config.store.url)
    if config.sandbox.companies:
        log.warning(
            "the companies of [sandbox] are simulated; docs/start/first-company.md shows how to monitor a real one"
        )
