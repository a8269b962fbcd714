"""Certificates made for a test."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFE = timedelta(days=30)  # longer than the time before its end at which an alert fires


@dataclass
class Authority:
    """A certificate authority of our own. `file` is what a client trusts."""

    file: Path
    _key: ec.EllipticCurvePrivateKey
    _name: x509.Name
    _folder: Path

    @property
    def certificate(self) -> bytes:
        """Its own certificate, in DER."""
        return ssl.PEM_cert_to_DER_cert(self.file.read_text())

    def shown(self, name: str, *, expired: bool = False) -> bytes:
        """The certificate that a server of `name` shows, in DER."""
        return x509.load_pem_x509_certificate(self._path(name, expired).read_bytes()).public_bytes(
            serialization.Encoding.DER
        )

    def _path(self, name: str, expired: bool) -> Path:
        return self._folder / f"{name}-{expired}.pem"

    def serve(self, name: str, *, expired: bool = False, whole: bool = False) -> ssl.SSLContext:
        """A server's context with a certificate for `name`. `whole`: it shows that of the authority too."""
        key = ec.generate_private_key(ec.SECP256R1())
        place: x509.GeneralName = x509.DNSName(name)
        if name[0].isdigit():
            place = x509.IPAddress(ip_address(name))
        builder = _certificate(_named(name), self._name, key.public_key(), timedelta(days=-2) if expired else LIFE)
        certificate = builder.add_extension(x509.SubjectAlternativeName([place]), critical=False)
        path, above = self._path(name, expired), self.file.read_bytes() if whole else b""
        path.write_bytes(_pem(certificate.sign(self._key, hashes.SHA256())) + above + _private_pem(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def new_authority(folder: Path) -> Authority:
    """Its certificate is in `folder`."""
    key, name = ec.generate_private_key(ec.SECP256R1()), _named("Test authority")
    builder = _certificate(name, name, key.public_key(), LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "ca.pem").write_bytes(_pem(builder.sign(key, hashes.SHA256())))
    return Authority(folder / "ca.pem", key, name, folder)


def certificate_for(name: str) -> bytes:
    """A certificate that nobody signed but its owner, in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _certificate(_named(name), _named(name), key.public_key(), LIFE)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + life)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
