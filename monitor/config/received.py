"""The addresses of a configuration that the listener of [inbound] accepts mail for."""

from monitor.config.model import Config
from monitor.sources.inbound.router import Addresses


def addresses_of(config: Config) -> Addresses:
    """Return the addresses that the listener accepts mail for: the configured ones, and those with a token."""
    inbound = config.inbound
    if inbound is None:
        return Addresses()
    identities = config.identities().values()
    boxes = {path.received.address: path.received for path in config.paths() if path.received}
    return Addresses(
        domains=frozenset({inbound.domain, *(identity.bounces.rpartition("@")[2] for identity in identities)}),
        bounces=frozenset(inbound.bounces),
        reports=frozenset(inbound.reports),
        copies=boxes,
    )
