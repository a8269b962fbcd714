"""IP addresses of clients."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?|([0-9.]{7,15}):[0-9]{1,5}")
MAX_INVALID_CHARS = 64  # characters of what is no address


def unmapped(text: str) -> str:
    """Normalise an address: no IPv4-mapped IPv6, no zone. Anything else is returned unchanged."""
    ip = _read(text)
    return str(ip) if ip else text[:MAX_INVALID_CHARS]


def forwarded(text: str) -> str:
    """Parse the address that a proxy states; "" if invalid. Some proxies add the client's port, which differs per
    connection."""
    bare = text.strip().strip('"')
    ip = _read(bare)
    if ip is None and (found := _WITH_PORT.fullmatch(bare)):
        ip = _read(found[1] or found[2])
    return str(ip) if ip else ""


def neighbourhood(text: str) -> str:
    """Return the network that one client may have: the /64 of an IPv6 address, an IPv4 address itself."""
    ip = _read(text)
    return str(ip_network((int(ip), 64), strict=False)) if isinstance(ip, IPv6Address) else unmapped(text)


def block(text: str) -> str:
    """Return the network that one customer of a provider may have: the /48 of an IPv6 address, an IPv4 address
    itself."""
    ip = _read(text)
    return str(ip_network((int(ip), 48), strict=False)) if isinstance(ip, IPv6Address) else unmapped(text)


def is_loopback(text: str) -> bool:
    """Test if it is a loopback address."""
    ip = _read(text)
    return ip is not None and ip.is_loopback


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip
