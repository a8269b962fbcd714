"""Share links: what one company's status page shows, for whoever has the link, without sign-in. Pure: key and time
come in.

The secret in the address is random and signed. The signature tells a guess from a link of ours without the store, so a
guess costs next to nothing and learns nothing; the store has only a digest, so nobody who reads it can open a page.
Everything else about a link is in the store, where it can be revoked.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.people.secrets import derived, new_secret, same

PATH = "/status/"  # before the secret, in the address
RANDOM_CHARS = 43  # 256 bits
MAC_BYTES = 16
MAC_CHARS = 22
SECRET_CHARS = RANDOM_CHARS + MAC_CHARS
_PURPOSE = "share link"


class ShareState(StrEnum):
    """The states of a share link."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ShareLink:
    """One share link. `digest` is that of its secret, which was shown once. `opened_at`: last, to the minute."""

    id: str
    company: str
    digest: str
    by: str
    created_at: datetime
    expires_at: datetime
    opened_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str = ""

    def state(self, now: datetime) -> ShareState:
        """Return its state. Revoked stays revoked, also when it would have expired."""
        if self.revoked_at:
            return ShareState.REVOKED
        return ShareState.VALID if now < self.expires_at else ShareState.EXPIRED


class ShareSigner:
    """Makes and recognises the secrets of links. `key` is the store's, the same for every process."""

    def __init__(self, key: bytes) -> None:
        self._key = bytes.fromhex(derived(key, _PURPOSE, ""))

    def new_secret(self) -> str:
        """Return a new secret of SECRET_CHARS letters, digits, "-" and "_"."""
        random = new_secret()
        return random + self._mac(random)

    def made(self, secret: str) -> bool:
        """Test if this secret was made here. Takes the same time for every text of this length."""
        return len(secret) == SECRET_CHARS and same(self._mac(secret[:RANDOM_CHARS]), secret[RANDOM_CHARS:])

    def _mac(self, random: str) -> str:
        mac = hmac.new(self._key, random.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
        return urlsafe_b64encode(mac[:MAC_BYTES]).decode().rstrip("=")
