"""IP addresses of those who come."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

LONGEST = 64  # characters of what is no address


def unmapped(text: str) -> str:
    """An address as it is written here: IPv4 never in the clothes of IPv6, nor with a zone. What is none stays."""
    ip = _read(text)
    return str(ip) if ip else text[:LONGEST]


def neighbourhood(text: str) -> str:
    """What one client can have of addresses: with IPv6 a network of 64 bits, else the one."""
    ip = _read(text)
    return str(ip_network((int(ip), 64), strict=False)) if isinstance(ip, IPv6Address) else unmapped(text)


def block(text: str) -> str:
    """What one customer of a provider can have of addresses: with IPv6 a network of 48 bits, else the one."""
    ip = _read(text)
    return str(ip_network((int(ip), 48), strict=False)) if isinstance(ip, IPv6Address) else unmapped(text)


def is_loopback(text: str) -> bool:
    """Whether it is an address of this machine only."""
    ip = _read(text)
    return ip is not None and ip.is_loopback


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip
