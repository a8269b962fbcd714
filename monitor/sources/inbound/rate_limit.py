"""Whom an address stands for, and how many mails a client may send in a minute. Pure: time comes in as an argument."""

from ipaddress import IPv6Address, ip_address, ip_network

MOST_CLIENTS = 10_000  # remembered at the same time; the one seen longest ago is forgotten first


def client_of(ip: str) -> str:
    """Whom an address stands for: an IPv6 client has a whole /64 to itself."""
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return ip


def block_of(ip: str) -> str:
    """What one machine may have to itself, or one customer: the /48 of an IPv6 address, the /24 of an IPv4 one."""
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return block_of(str(mapped)) if mapped else str(ip_network((int(address), 48), strict=False))
    return str(ip_network((int(address), 24), strict=False))


class ClientRateLimit:
    """A bucket for each client: full it holds a minute's mails, and it fills evenly."""

    def __init__(self, per_minute: int) -> None:
        self._most = float(per_minute)
        self._buckets: dict[str, tuple[float, float]] = {}

    def allows(self, client: str, now: float) -> bool:
        """Whether one more may come now, in seconds of a clock that only goes forward. If so, it is counted."""
        left, at = self._buckets.pop(client, (self._most, now))
        left = min(self._most, left + (now - at) * self._most / 60)
        allowed = left >= 1
        self._buckets[client] = (left - 1 if allowed else left, now)
        if len(self._buckets) > MOST_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        return allowed
