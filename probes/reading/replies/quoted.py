"""The address that a reply is about."""

import re

_ADDRESS = re.compile(r"(?<![^\s<>\"'()\[\],;:])([^\s<>\"'()\[\],;:@]{1,128}@[^\s<>\"'()\[\],;:@]{1,255})")
_ROLES = (
    "postmaster@",
    "abuse",
    "support",
    "delist",
    "help",
    "hostmaster",
    "blacklist",
    "noc@",
    "admin@",
    "mailer-daemon",
)
_CONTACT = re.compile(
    r"(?:contact|forward|write|mail|e-mail|reports?|questions|reply) (?:to |this .{1,40} to |us at )?\W?$",
    re.IGNORECASE,
)


def quoted_address(text: str) -> str | None:
    """Return the address that a reply is about: the first that is not a contact address."""
    if "@" not in text:
        return None
    for match in _ADDRESS.finditer(text):
        address = match[1].strip(".!?*=")
        role = address.lower().startswith(_ROLES) or _CONTACT.search(text, max(0, match.start() - 60), match.start())
        if not role and "@" in address[1:-1]:
            return address
    return None
