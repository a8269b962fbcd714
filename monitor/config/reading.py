"""From a file to a `Config`, or to everything that is wrong with it."""

from pathlib import Path

from monitor.config.errors import ConfigError, ConfigErrors
from monitor.config.model import Config


def read_config(path: Path) -> Config:
    """Read, check and resolve the configuration and the files it includes. Raises ConfigErrors with all errors."""
    raise ConfigErrors((ConfigError(str(path), None, "", "cannot be read yet"),))
