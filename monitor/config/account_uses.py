"""The uses of accounts in a configuration: by mailboxes and by traces."""

from collections.abc import Iterator

from monitor.config.model import Config
from monitor.config.watched import WatchedPath
from probes.accounts import AccountUse
from probes.traces import Trace


def account_uses(config: Config) -> Iterator[AccountUse]:
    """Yield every use of an account."""
    for path in config.paths():
        yield from uses_on(path)
    yield from (trace.account_use for trace in all_traces(config))


def all_traces(config: Config) -> Iterator[Trace]:
    """Yield every trace of the configuration, also those that no path uses."""
    if config.sender.trace:
        yield config.sender.trace
    for company in config.companies.values():
        yield from company.own_traces
        yield from (trace for path in company.paths.values() for trace in path.own_traces)


def uses_on(path: WatchedPath) -> Iterator[AccountUse]:
    """Yield the uses of a path: that of its mailbox, and those of its traces."""
    if path.mailbox and (use := path.mailbox.account_use):
        yield use
    yield from (trace.account_use for trace in path.traces)
