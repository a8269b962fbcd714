"""DKIM signatures (RFC 6376, RFC 8463) on probe mails, if the sender provided a key.

Headers and body both use "relaxed" canonicalization, because gateways refold headers and trim line ends.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from probes.settings import Domain, Secret, Settings, checked_secret, shown

SIGNED = (
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"auto-submitted",
    b"x-mailpath-probe",
    b"x-mailpath-signature",
)

MIN_RSA_BITS = 1024  # RFC 8301, section 3.2: verifiers must not take a shorter one for valid

_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_SELECTOR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)  # RFC 6376, section 3.1
_FIELD = re.compile(rb"([^\s:]+)[ \t]*:([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)\r\n")
_FOLDED_BEFORE = re.compile(rb":(?=mime-version|x-mailpath-probe)")  # so that no line is longer than 78
_BLANKS = re.compile(rb"(?:\t| [ \t])[ \t]*")  # every run but the single space, which is as it should be


def _selector(value: str) -> str:
    if len(value) > 180 or _SELECTOR.fullmatch(value) is None:
        raise ValueError(f'must be a name as it stands in the DNS before "._domainkey", like "s1", not {shown(value)}')
    return value


Selector = Annotated[str, AfterValidator(_selector)]


class Signer:
    """Signs for one domain with one key, parsed once."""

    def __init__(self, domain: str, selector: str, pem: bytes) -> None:
        """Parse the key. ValueError says what is wrong with it."""
        self._algorithm, self._seal = _parse(pem)
        self._whose = f"d={domain.lower()}; s={selector}".encode()

    def sign(self, content: bytes, at: datetime) -> bytes:
        """Return `content` preceded by a DKIM-Signature header dated `at`. Deterministic.

        `content` has CRLF line ends, and a blank line after its headers.
        """
        head, _, body = content.partition(b"\r\n\r\n")
        fields = {name.lower(): value for name, value in _FIELD.findall(head + b"\r\n")}
        names = [name for name in SIGNED if name in fields]
        signature = b"v=1; a=%s; c=relaxed/relaxed; t=%d;\r\n\t%s;\r\n\th=%s;\r\n\tbh=%s;\r\n\tb=" % (
            self._algorithm,
            int(at.timestamp()),
            self._whose,
            _FOLDED_BEFORE.sub(b":\r\n\t", b":".join(names)),
            base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()),
        )
        lines = [_relaxed(name, fields[name]) for name in names]
        own = _relaxed(b"dkim-signature", signature).removesuffix(b"\r\n")  # RFC 6376, section 3.7
        seal = base64.b64encode(self._seal(b"".join(lines) + own))
        return b"DKIM-Signature: %s%s\r\n%s" % (signature, _folded(seal), content)


def _usable(key: SecretStr) -> SecretStr:
    _parse(key.get_secret_value().encode())
    return key


class Dkim(Settings):
    """`[sender.dkim]`: a private key in PEM, RSA or Ed25519; `domain` defaults to the sender's own."""

    selector: Selector = Field(description="Names the public key in the DNS.")
    key: Annotated[Secret, checked_secret(_usable)] = Field(description="The private key in PEM, RSA or Ed25519.")
    domain: Domain | None = Field(None, description="The signing domain, if not the sender's.")

    def signer(self, sender_domain: str) -> Signer:
        """Return the signer for mail From `sender_domain`."""
        return Signer(self.domain or sender_domain, self.selector, self.key.get_secret_value().encode())


def _parse(pem: bytes) -> tuple[bytes, Callable[[bytes], bytes]]:
    """Return the algorithm's name in the signature, and the signing function."""
    from cryptography.exceptions import UnsupportedAlgorithm  # slow to load, and few installations sign
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise ValueError("the key is locked by a passphrase; store it without one, readable for us alone") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError('must be a private key in PEM, "-----BEGIN PRIVATE KEY-----" and on') from None
    match key:
        case RSAPrivateKey() if key.key_size >= MIN_RSA_BITS:
            return b"rsa-sha256", lambda data: key.sign(data, PKCS1v15(), SHA256())
        case RSAPrivateKey():
            raise ValueError(f"an RSA key of {key.key_size} bits is too short; use 2048, {MIN_RSA_BITS} at the least")
        case Ed25519PrivateKey():
            return b"ed25519-sha256", lambda data: key.sign(hashlib.sha256(data).digest())  # RFC 8463, section 3
        case _:
            raise ValueError("must be an RSA or an Ed25519 key; DKIM knows no other")


def _relaxed(name: bytes, value: bytes) -> bytes:
    """RFC 6376, section 3.4.2."""
    return b"%s:%s\r\n" % (name, b" ".join(value.split()))


def _relaxed_body(body: bytes) -> bytes:
    """RFC 6376, section 3.4.4."""
    lines = _BLANKS.sub(b" ", body + b"\r\n").replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return lines and lines + b"\r\n"


def _folded(seal: bytes) -> bytes:
    return b"\r\n\t".join(seal[start : start + 72] for start in range(0, len(seal), 72))
