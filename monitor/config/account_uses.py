"""The uses of accounts in a configuration: by mailboxes and by traces."""

from collections.abc import Iterator

from monitor.config.model import Config
from monitor.config.watched import WatchedPath
from probes.accounts import AccountUse


def account_uses(config: Config) -> Iterator[AccountUse]:
    """Yield every use of an account."""
    if config.sender.trace:
        yield config.sender.trace.account_use
    for company in config.companies.values():
        if company.trace:
            yield company.trace.account_use
    for path in config.paths():
        yield from uses_on(path)


def uses_on(path: WatchedPath) -> Iterator[AccountUse]:
    """Yield the uses of a path: that of its mailbox, and those of its traces."""
    if path.mailbox and (use := path.mailbox.account_use):
        yield use
    yield from (trace.account_use for trace in path.traces)
