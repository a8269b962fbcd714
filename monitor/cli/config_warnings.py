"""What is allowed in a configuration and probably not meant: `check-config` says it, and `serve` when it starts."""

from pathlib import Path

from monitor.config import Config, exposed_secrets
from monitor.web.auth.client import untold_proxy


def config_warnings(file: Path, config: Config) -> list[str]:
    """Each in a sentence. `config` is what was read from `file`."""
    proxy = untold_proxy(config.web)
    return [*exposed_secrets(file), *([proxy] if proxy else [])]
