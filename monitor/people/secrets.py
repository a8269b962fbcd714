"""Random secrets and their digests: nothing in the store can be used to sign in."""

import hashlib
import hmac
import secrets

TOKEN_PREFIX = "mailpath_"  # noqa: S105 - so that scanners of code and logs can tell what they found
HINT = len(TOKEN_PREFIX) + 4
"""Characters of a token that are shown: 24 of its 256 bits."""


def new_secret(prefix: str = "") -> str:
    """Return 256 random bits as letters, digits, - and _."""
    return prefix + secrets.token_urlsafe(32)


def new_id() -> str:
    """Return a short random id for something that is not secret."""
    return secrets.token_hex(6)


def digest_of(secret: str) -> str:
    """Return the digest under which a random secret is stored. No salt or slow hash is needed for 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two secrets in constant time. An empty one never matches."""
    return bool(one) and hmac.compare_digest(
        one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass")
    )


def derived(key: bytes, purpose: str, name: str) -> str:
    """Derive a secret for this name that only holders of the key can compute."""
    return hmac.new(key, f"{purpose}\0{name}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
