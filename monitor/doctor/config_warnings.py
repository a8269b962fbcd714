"""Warnings about a valid configuration that is probably a mistake. `check-config` prints them, `serve` logs them. And
notes, which only `serve` logs, about what is no mistake and may surprise."""

from pathlib import Path

from monitor.config import Config, exposed_secrets, old_words
from monitor.config.account_uses import account_uses
from monitor.config.proxies import missing_proxy_setting
from monitor.config.sources import unmatched
from monitor.output.disk_needs import disk_warning


def config_warnings(file: Path, config: Config) -> list[str]:
    """Return the warnings, one sentence each. `config` was read from `file`."""
    awaited = (f'include: "{pattern}" matches no file yet' for pattern in unmatched(file, config.include))
    found = (*awaited, missing_proxy_setting(config.web), disk_warning(config), _unused_accounts(config))
    return [*exposed_secrets(file), *old_words(file), *(warning for warning in found if warning)]


def config_notes(config: Config) -> list[str]:
    """Return them, one sentence each."""
    names = {
        use.name: None
        for use in account_uses(config)
        if use.user and use.deletes and not config.accounts[use.name].deletes_for_good(use.service)
    }
    recoverable = "its cloud cannot delete for good: the user of a mailbox can recover deleted probes for a while"
    return [f"account {name}: {recoverable}" for name in names]


def _unused_accounts(config: Config) -> str:
    used = {use.name for use in account_uses(config)}
    names = ", ".join(name for name in config.accounts if name not in used)
    instead = "name them as `account` of a mailbox or a trace, or remove them"
    return f"nobody uses the accounts {names}; {instead}" if names else ""
