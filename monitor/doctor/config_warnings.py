"""Warnings about a valid configuration that is probably a mistake. `check-config` prints them, `serve` logs them."""

from pathlib import Path

from monitor.config import Config, exposed_secrets, old_words
from monitor.config.proxies import missing_proxy_setting
from monitor.output.disk_needs import disk_warning


def config_warnings(file: Path, config: Config) -> list[str]:
    """Return the warnings, one sentence each. `config` was read from `file`."""
    found = (missing_proxy_setting(config.web), disk_warning(config))
    return [*exposed_secrets(file), *old_words(file), *(warning for warning in found if warning)]
