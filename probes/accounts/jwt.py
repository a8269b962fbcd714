"""JSON Web Tokens that we sign (RFC 7515, RFC 7519), with the keys of credentials. Pure."""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

MIN_RSA_BITS = 2048  # RFC 7518, sections 3.3 and 3.5
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----[A-Za-z0-9+/=\s]{1,20000}-----END \1-----")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that is ready to sign, its algorithm, and its certificate's thumbprint and end, if it has one."""

    algorithm: str
    sign: Callable[[bytes], bytes] = field(repr=False)
    thumbprint: str = ""
    ends_at: datetime | None = None


def signed(key: SigningKey, claims: Mapping[str, str | int], **header: str) -> str:
    """Return the claims as a token signed by the key. `header`: further fields of its header."""
    head = {"alg": key.algorithm, "typ": "JWT"} | header
    content = f"{_encoded(_json(head))}.{_encoded(_json(claims))}"
    return f"{content}.{_encoded(key.sign(content.encode()))}"


def certificate_key(pem: str) -> SigningKey:
    """Parse a certificate with its private key. ValueError says what is wrong, without any of the text."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_pem_x509_certificates

    blocks = [(match[1], match[0]) for match in _BLOCK.finditer(pem)]
    certificates = [text for kind, text in blocks if kind == "CERTIFICATE"]
    keys = [text for kind, text in blocks if kind.endswith("PRIVATE KEY")]
    if not certificates or len(keys) != 1:
        raise ValueError("must hold a certificate and its private key, both in PEM")
    try:
        certificate = load_pem_x509_certificates(certificates[0].encode())[0]
        plain = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except Exception:  # whatever the library finds in a broken one
        raise ValueError("holds a certificate that cannot be read") from None
    private = _loaded(keys[0])
    if private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != plain:
        raise ValueError("holds a private key that does not belong to its certificate")
    algorithm, sign = _signer(private, pss=True)
    thumbprint = _encoded(certificate.fingerprint(SHA256()))
    return SigningKey(algorithm, sign, thumbprint, certificate.not_valid_after_utc)


def private_key(pem: str) -> SigningKey:
    """Parse a private key for RS256. ValueError says what is wrong, without any of the text."""
    algorithm, sign = _signer(_loaded(pem), pss=False)
    if algorithm != "RS256":
        raise ValueError("must hold an RSA key")
    return SigningKey(algorithm, sign)


def _loaded(pem: str) -> "RSAPrivateKey | EllipticCurvePrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        raise ValueError("the key is locked by a passphrase; store it without one, readable for us alone") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("holds a private key that cannot be read") from None
    match key:
        case RSAPrivateKey() if key.key_size < MIN_RSA_BITS:
            raise ValueError(f"an RSA key of {key.key_size} bits is too short; use {MIN_RSA_BITS} or more")
        case RSAPrivateKey():
            return key
        case EllipticCurvePrivateKey() if isinstance(key.curve, SECP256R1):
            return key
        case _:
            raise ValueError("must hold an RSA key or one for the curve P-256")


def _signer(key: "RSAPrivateKey | EllipticCurvePrivateKey", *, pss: bool) -> tuple[str, Callable[[bytes], bytes]]:
    """Return the algorithm's name and the signing function (RFC 7518, section 3.1)."""
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    if isinstance(key, RSAPrivateKey):
        rsa = key
        if pss:
            return "PS256", lambda data: rsa.sign(data, PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH), SHA256())
        return "RS256", lambda data: rsa.sign(data, PKCS1v15(), SHA256())
    curve = key

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(curve.sign(data, ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return "ES256", sign


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()  # RFC 7515, section 2: without padding
