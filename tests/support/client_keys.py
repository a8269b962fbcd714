"""Keys and certificates of OAuth 2 clients, made for a test."""

import json
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

ClientKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key."""
    return rsa.generate_private_key(65537, bits)


def ec_key() -> ec.EllipticCurvePrivateKey:
    """A key for P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def pem(key: ClientKey) -> str:
    """The private key in PEM."""
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def certificate(key: ClientKey, *, ends: datetime | None = None) -> str:
    """A self-signed certificate in PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mailpath")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=900)).not_valid_after(ends or now + timedelta(days=30))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def google_key_file(key: rsa.RSAPrivateKey, **changed: object) -> str:
    """The JSON file of a service account's key."""
    values: dict[str, object] = {
        "type": "service_account", "client_email": "mailpath@acme.iam.gserviceaccount.com", "private_key_id": "k1",
        "private_key": pem(key), "token_uri": "https://oauth2.googleapis.com/token",
    }  # fmt: skip
    return json.dumps(values | changed)
