"""Mail addresses as written in notices."""

import re

from probes.reading.header_addresses import addresses_of

_QUOTED = r"\"(?:[^\"\\\n]|\\[^\n]){1,100}\""  # RFC 5321, section 4.1.2: may contain spaces and "@"
_LOCAL = rf"(?:{_QUOTED}|[^\s<>\"'()\[\]:;,@|「」《》（）：，、；]{{1,100}})"
_DOMAIN = r"(?:[A-Za-z0-9\-_](?:[A-Za-z0-9_\-.]{0,250}[A-Za-z0-9\-_])?|\[[0-9A-Fa-f.:]{2,45}\])"
ADDRESS = rf"{_LOCAL}@{_DOMAIN}(?![\w.-]{{0,260}}\"@)"  # not what stands inside a quoted local part

_ADDRESS = re.compile(ADDRESS)
_WITH_QUOTES = re.compile(rf"[<'\s]*({_QUOTED})@([^\s\"@]+)")
_NEEDS_NO_QUOTES = re.compile(r"\"([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)\"")
_MACHINES = re.compile(r"(?:mailer[-_.]?daemon|postmaster|post_master|mail\.delivery\.system|nobody)@", re.IGNORECASE)


def address_in(text: str) -> str:
    """Return the first address in a text, without brackets and quotes; "" if there is none."""
    match = _ADDRESS.search(text[:2000])
    return plain(match[0]) if match else ""


def addresses_in(text: str) -> list[str]:
    """Return all addresses in a text, in order, each once."""
    return list(dict.fromkeys(plain(found) for found in _ADDRESS.findall(text[:65_536])))


def addresses_in_field(value: str) -> list[str]:
    """Return the addresses in a header field: an address in a display name is none, except in invalid fields."""
    listed = [plain(address) for address in addresses_of(value) if _ADDRESS.fullmatch(address)]
    return list(dict.fromkeys(listed)) or addresses_in(value)


def plain(address: str) -> str:
    """Strip the marks around an address, and the quotes around a local part that needs none."""
    if '"' in address and (quoted := _WITH_QUOTES.match(address)):
        bare = _NEEDS_NO_QUOTES.fullmatch(quoted[1])
        return f"{bare[1] if bare else quoted[1]}@{quoted[2].rstrip('>.,;:')}"
    return address.strip("<>'\".,;: \t")


def is_machine(address: str) -> bool:
    """Test if only a mail system uses this address."""
    return _MACHINES.match(address) is not None


_PATH = re.compile(
    r"\s*[<\"'\\]{0,3}(?:[|/]|:include:|@[^\s:@]{1,255}(?:,@[^\s:@]{1,255})*:|[^\s@!<>]{1,100}!)",
    re.ASCII | re.IGNORECASE,
)


def is_path(written: str) -> bool:
    """Test if this is a way to a mailbox, or what an alias was expanded to, instead of an address: a program, a file, a
    list, a source route (RFC 5321, appendix C), or hosts with "!" between them (UUCP)."""
    return _PATH.match(written) is not None
