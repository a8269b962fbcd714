"""IP addresses of those who come."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?|([0-9.]{7,15}):[0-9]{1,5}")
LONGEST = 64  # characters of what is no address


def unmapped(text: str) -> str:
    """An address as it is written here: IPv4 never in the clothes of IPv6, nor with a zone. What is none stays."""
    ip = _read(text)
    return str(ip) if ip else text[:LONGEST]


def forwarded(text: str) -> str:
    """The address that a proxy names, as it is written here; "" if it is none. Some add the client's port, which is
    another one for each connection."""
    bare = text.strip().strip('"')
    ip = _read(bare)
    if ip is None and (found := _WITH_PORT.fullmatch(bare)):
        ip = _read(found[1] or found[2])
    return str(ip) if ip else ""


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
