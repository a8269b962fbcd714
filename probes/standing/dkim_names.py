"""Names of DKIM keys (RFC 6376, section 3.6.2.1). Pure."""

from typing import NamedTuple


class DkimName(NamedTuple):
    """The domain (d=) and the selector (s=) of a signature."""

    domain: str
    selector: str


def key_name(key: DkimName) -> str:
    """Return the name of the key record of a signature."""
    return f"{key.selector}._domainkey.{key.domain}"


def named_key(name: str) -> DkimName:
    """Return the signature whose key record has this name."""
    selector, _, domain = name.partition("._domainkey.")
    return DkimName(domain, selector)
