"""Mail addresses as written in notices."""

import re

_LOCAL = r"(?:\"[^\"\s@]{1,64}\"|[^\s<>\"'()\[\]:;,@|]{1,100})"
ADDRESS = rf"{_LOCAL}@(?:[A-Za-z0-9\-_](?:[A-Za-z0-9_\-.]{{0,250}}[A-Za-z0-9\-_])?|\[[0-9A-Fa-f.:]{{2,45}}\])"

_ADDRESS = re.compile(ADDRESS)
_MACHINES = re.compile(r"(?:mailer[-_.]?daemon|postmaster|post_master|mail\.delivery\.system|nobody)@", re.IGNORECASE)


def address_in(text: str) -> str:
    """Return the first address in a text, without brackets and quotes; "" if there is none."""
    match = _ADDRESS.search(text[:2000])
    return plain(match[0]) if match else ""


def addresses_in(text: str) -> list[str]:
    """Return all addresses in a text, in order, each once."""
    return list(dict.fromkeys(plain(found) for found in _ADDRESS.findall(text[:65_536])))


def plain(address: str) -> str:
    """Strip the marks around an address."""
    return address.strip("<>'\".,;: \t")


def is_machine(address: str) -> bool:
    """Test if only a mail system uses this address."""
    return _MACHINES.match(address) is not None
