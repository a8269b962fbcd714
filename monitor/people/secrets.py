"""Random secrets, and the digests under which they are kept: whoever reads the store can sign in with nothing in it."""

import hashlib
import hmac
import secrets

TOKEN_PREFIX = "mailpath_"  # noqa: S105 - so that scanners of code and logs can tell what they found
HINT = len(TOKEN_PREFIX) + 4
"""Characters of a token that people may see: 24 of its 256 bits."""


def new_secret(prefix: str = "") -> str:
    """256 random bits in letters, digits, - and _."""
    return prefix + secrets.token_urlsafe(32)


def new_id() -> str:
    """A short random name of something that is no secret."""
    return secrets.token_hex(6)


def digest_of(secret: str) -> str:
    """Under what a random secret is kept. It needs no salt and no slow hash: nobody guesses 256 bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell how they differ. Nothing is never the same."""
    return bool(one) and hmac.compare_digest(
        one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass")
    )


def derived(key: bytes, purpose: str, name: str) -> str:
    """A secret for this name that only those can make who have the key."""
    return hmac.new(key, f"{purpose}\0{name}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
