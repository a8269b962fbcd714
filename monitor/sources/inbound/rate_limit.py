"""Messages per client and minute. Pure: time is an argument."""

from ipaddress import IPv6Address, ip_address, ip_network

MAX_CLIENTS = 10_000  # remembered at the same time; the one seen longest ago is forgotten first


def client_of(ip: str) -> str:
    """Return the client that an address belongs to: an IPv6 client has a whole /64."""
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return ip


def block_of(ip: str) -> str:
    """Return the block that one machine or customer may own: the /48 of an IPv6 address, the /24 of an IPv4 one."""
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return block_of(str(mapped)) if mapped else str(ip_network((int(address), 48), strict=False))
    return str(ip_network((int(address), 24), strict=False))


class ClientRateLimit:
    """A token bucket per client: holds a minute's messages and refills evenly."""

    def __init__(self, per_minute: int) -> None:
        self._most = float(per_minute)
        self._buckets: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._buckets)

    def allows(self, client: str, now: float) -> bool:
        """Count one message and return True, unless the limit is reached. `now` in monotonic seconds."""
        left, at = self._buckets.pop(client, (self._most, now))
        left = min(self._most, left + (now - at) * self._most / 60)
        allowed = left >= 1
        self._buckets[client] = (left - 1 if allowed else left, now)
        if len(self._buckets) > MAX_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        return allowed
