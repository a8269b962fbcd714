"""Limits of requests by links from notices, which need no sign-in: per client, and of all clients together."""

from time import monotonic

from probes.ip_addresses import CLIENT, block_of
from probes.rate_limits import TokenBuckets

PER_CLIENT = 30  # in PERIOD_SECONDS; a scanner follows each link some times
IN_TOTAL = 600
PERIOD_SECONDS = 60.0
MAX_CLIENTS = 10_000


class LinkLimits:
    """Counts the requests."""

    def __init__(self) -> None:
        self._clients: TokenBuckets[str] = TokenBuckets(PER_CLIENT, PERIOD_SECONDS, MAX_CLIENTS)
        self._total: TokenBuckets[str] = TokenBuckets(IN_TOTAL, PERIOD_SECONDS, 1)

    def allows(self, address: str) -> bool:
        """Count a request of this client, "" if many share the address. False if there were too many."""
        now = monotonic()
        if address and not self._clients.allows(str(block_of(address, CLIENT)), now):
            return False
        return self._total.allows("", now)
