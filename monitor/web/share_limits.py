"""Limits of requests by share links, which need no sign-in, and the key by which guesses are known."""

from time import monotonic

from monitor.people.share_links import ShareSigner
from monitor.store import Store
from probes.ip_addresses import CLIENT, block_of
from probes.rate_limits import TokenBuckets

GUESSES_PER_CLIENT = 20  # in PERIOD_SECONDS
GUESSES_IN_TOTAL = 600
REQUESTS_PER_LINK = 240  # a page has a feed and a badge, and a whole company may look at it
PERIOD_SECONDS = 60.0
MAX_CLIENTS = 10_000
MAX_LINKS = 10_000


class ShareLimits:
    """Counts guesses and requests. A guess is an address whose secret was not made here: nobody who was given a link
    makes one, but for who mistypes it."""

    def __init__(self) -> None:
        self._clients: TokenBuckets[str] = TokenBuckets(GUESSES_PER_CLIENT, PERIOD_SECONDS, MAX_CLIENTS)
        self._guesses: TokenBuckets[str] = TokenBuckets(GUESSES_IN_TOTAL, PERIOD_SECONDS, 1)
        self._links: TokenBuckets[str] = TokenBuckets(REQUESTS_PER_LINK, PERIOD_SECONDS, MAX_LINKS)

    def may_try(self, address: str) -> bool:
        """Test if this client has a guess left, "" if many share the address: those are not stopped for each other."""
        return not address or self._clients.has_one(str(block_of(address, CLIENT)), monotonic())

    def guessed(self, address: str) -> bool:
        """Count a guess. False if there were too many."""
        now = monotonic()
        if address and not self._clients.allows(str(block_of(address, CLIENT)), now):
            return False
        return self._guesses.allows("", now)

    def allows(self, share_id: str) -> bool:
        """Count a request by a link of ours. False if there were too many: others are not affected."""
        return self._links.allows(share_id, monotonic())


class CachedSigner:
    """The signer of share links. The store's key never changes, so a guess does not reach the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._signer: ShareSigner | None = None

    async def get(self) -> ShareSigner:
        """Return the signer. Raises StoreError."""
        if self._signer is None:
            self._signer = ShareSigner(await self._store.key())
        return self._signer
