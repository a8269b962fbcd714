"""TLS as a client: one context per trust setting, made once and shared, because making one loads every root certificate
of the machine and costs more than twenty handshakes."""

import ssl
import sys
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import (
    Certificate,
    DNSName,
    ExtensionNotFound,
    SubjectAlternativeName,
    load_der_x509_certificate,
)
from pydantic import AfterValidator

from probes.settings import FilePath

MAX_NAMES = 5  # of a certificate
MAX_NAME_CHARS = 255


def client_context(verify: bool, ca_file: Path | None = None) -> ssl.SSLContext:
    """Return the context for connections whose certificate is verified (only by `ca_file`, if given) or not.

    Verified means TLS 1.2 or better and a certificate for the requested name. Not verified is what mail servers do
    among themselves: any TLS rather than none (RFC 7435), so old versions and small keys are accepted too. A changed
    `ca_file` is read again. Raises OSError if it cannot be read; ssl.SSLError is one.
    """
    if not verify:
        return _relaxed()
    return _verified(ca_file, ca_file.stat().st_mtime_ns if ca_file else 0)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """The facts of a server's certificate, trusted or not: its end, None if it cannot be read, and the first
    MAX_NAMES names that it is for."""

    ends: datetime | None = None
    names: tuple[str, ...] = ()


def certificate_facts(engine: ssl.SSLObject) -> CertificateFacts:
    """Return the facts of the other side's certificate; those of none if it showed none, or one that cannot be
    read."""
    return _facts(engine.getpeercert(binary_form=True) or b"")


@lru_cache(maxsize=256)  # a server shows the same one each time, and to read it takes longer than to write a probe
def _facts(encoded: bytes) -> CertificateFacts:
    try:
        certificate = load_der_x509_certificate(encoded)
        return CertificateFacts(certificate.not_valid_after_utc, tuple(_names(certificate)))
    except (ValueError, UnsupportedAlgorithm):
        return CertificateFacts()


def _names(certificate: Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except (ExtensionNotFound, ValueError):
        return []
    return [name[:MAX_NAME_CHARS] for name in names.get_values_for_type(DNSName)[:MAX_NAMES]]


def certificate_chain(engine: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the certificates that the other side showed, its own first, in DER. Whether they are trusted makes no
    difference."""
    chain: list[bytes]
    if sys.version_info >= (3, 13):
        chain = engine.get_unverified_chain()
    else:  # the same before it got a public name
        shown = engine._sslobj.get_unverified_chain() or ()  # type: ignore[attr-defined]
        chain = [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in shown]
    return tuple(chain)


def certificate_trouble(error: Exception) -> str:
    """Say why a certificate was not accepted, without the name that was asked for."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not one that we trust"
    return f"its certificate is not accepted: {error.verify_message.partition(',')[0].lower()}"


@lru_cache(maxsize=64)
def _verified(ca_file: Path | None, _changed: int) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@lru_cache(maxsize=1)
def _relaxed() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL 3 refuses TLS 1.0 and 1.1 above level 0
    return context


def _loads(path: Path) -> Path:
    try:
        client_context(verify=True, ca_file=path)
    except OSError as error:
        reason = "holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        raise ValueError(f"must be a file of trusted certificates in PEM form; {path}: {reason}") from None
    return path


CaFile = Annotated[FilePath, AfterValidator(_loads)]
"""A configuration key for a file of trusted certificates. It is read when the configuration is."""
