"""Random secrets and their digests: nothing in the store can be used to sign in."""

import base64
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


def masked(secret: str) -> str:
    """The secret as it may stand in a compressed answer: otherwise each time, so that its size reveals nothing."""
    octets = secret.encode()
    pad = secrets.token_bytes(len(octets))
    return base64.urlsafe_b64encode(pad + _xor(pad, octets)).decode()


def unmasked(shown: str) -> str:
    """Return the argument of `masked`; "" for anything else."""
    try:
        octets = base64.b64decode(shown.encode("ascii"), b"-_", validate=True)
        return _xor(octets[: len(octets) // 2], octets[len(octets) // 2 :]).decode()
    except ValueError:
        return ""


def _xor(pad: bytes, octets: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(pad, octets, strict=False))


def derived(key: bytes, purpose: str, name: str) -> str:
    """Derive a secret for this name that only holders of the key can compute."""
    return hmac.new(key, f"{purpose}\0{name}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
