"""Numbers of the whole service, as they are shown to whoever must not learn from them how much others do.

AES-SIV (RFC 5297) by a key of the caller's own: the same number looks the same each time, also after a restart, and
whatever else is sent in its place is known as wrong.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from monitor.people.caller import Caller
from monitor.people.secrets import derived


class Seal:
    """One caller's. `key` is the store's; what was sealed for one `purpose` is nothing for another."""

    def __init__(self, caller: Caller, key: bytes, purpose: str) -> None:
        self._cipher = AESSIV(bytes.fromhex(derived(key, f"seal {purpose}", caller.account)))

    def close(self, content: bytes) -> str:
        """The content in letters, digits, - and _; for 20 octets 48 of them."""
        return urlsafe_b64encode(self._cipher.encrypt(content, None)).decode().rstrip("=")

    def open(self, sealed: str) -> bytes | None:
        """Return the content; None if it was not sealed here, for this caller."""
        try:
            return self._cipher.decrypt(urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)), None)
        except (InvalidTag, NotBase64Error, ValueError):
            return None
