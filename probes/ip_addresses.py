"""IP addresses and the blocks that somebody holds. Pure.

Whoever has one IPv6 address usually has 2^64 of them, so limits and comparisons use blocks. How large a block is taken
as one differs by question: each row below answers one.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

MAX_INVALID_CHARS = 64  # characters of what is no address


@dataclass(frozen=True, slots=True)
class PrefixLengths:
    """Lengths of network prefixes, in bits."""

    ipv4: int
    ipv6: int


ADDRESS = PrefixLengths(32, 128)
"""One address."""
CLIENT = PrefixLengths(32, 64)
"""What one client may have: hosts choose the lower half of an IPv6 address themselves (RFC 4291, section 2.5.1)."""
CUSTOMER = PrefixLengths(32, 48)
"""What one customer of a provider may have: IPv6 sites get up to a /48 (RFC 6177)."""
NEIGHBOURS = PrefixLengths(24, 48)
"""What one machine or customer may have at a hosting provider, where IPv4 addresses are rented in blocks as well."""
OPERATOR = PrefixLengths(24, 64)
"""The smallest network that one operator has: servers of one mail system often differ in the last octet only."""


def parse_ip(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address: IPv4-mapped IPv6 gives the IPv4 address, a zone is dropped. None if it is not one."""
    try:
        ip = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip


def block_of(text: str, lengths: PrefixLengths) -> str:
    """Return the block of these lengths that an address is in, as "192.0.2.0/24"; a whole address without a length.
    Anything but an address is returned as it is, at most MAX_INVALID_CHARS of it."""
    ip = parse_ip(text)
    if ip is None:
        return text[:MAX_INVALID_CHARS]
    bits = lengths.ipv6 if isinstance(ip, IPv6Address) else lengths.ipv4
    return str(ip) if bits == ip.max_prefixlen else str(ip_network((int(ip), bits), strict=False))
