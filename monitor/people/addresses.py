"""IP addresses of clients."""

import re

from probes.ip_addresses import ADDRESS, block_of, parse_ip

_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?|([0-9.]{7,15}):[0-9]{1,5}")


def unmapped(text: str) -> str:
    """Normalise an address: no IPv4-mapped IPv6, no zone. Anything else: see `block_of`."""
    return block_of(text, ADDRESS)


def forwarded(text: str) -> str:
    """Parse the address that a proxy states; "" if invalid. Some proxies add the client's port, which differs per
    connection."""
    bare = text.strip().strip('"')
    ip = parse_ip(bare)
    if ip is None and (found := _WITH_PORT.fullmatch(bare)):
        ip = parse_ip(found[1] or found[2])
    return str(ip) if ip else ""


def is_loopback(text: str) -> bool:
    """Test if it is a loopback address."""
    ip = parse_ip(text)
    return ip is not None and ip.is_loopback
