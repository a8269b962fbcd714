"""TLSA records against the certificates that a mail host shows. RFC 6698, RFC 7671, RFC 7672. Pure."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import (
    Certificate,
    DNSName,
    ExtensionNotFound,
    SubjectAlternativeName,
    load_der_x509_certificate,
)

AUTHORITY, OWN = 2, 3  # usages for mail: DANE-TA and DANE-EE (RFC 7672, section 3.1)
MAX_CHAIN = 10  # certificates that are looked at

_RECORD = re.compile(r"(\d{1,3}) (\d{1,3}) (\d{1,3}) ([0-9A-Fa-f ]+)")
_MATCHING: dict[int, tuple[Callable[[bytes], bytes], int | None]] = {  # form of the data, and its length in bytes
    0: (lambda data: data, None),
    1: (lambda data: hashlib.sha256(data).digest(), 32),
    2: (lambda data: hashlib.sha512(data).digest(), 64),
}


@dataclass(frozen=True, slots=True)
class Tlsa:
    """A record that mail servers can use."""

    usage: int
    selector: int  # 0: the whole certificate, 1: its public key
    matching: int
    data: bytes


def tlsa_of(record: str) -> Tlsa | None:
    """Parse a record in the form of a zone file. None if no mail server can use it."""
    found = _RECORD.fullmatch(record)
    if found is None:
        return None
    usage, selector, matching = (int(number) for number in found.groups()[:3])
    digits = found[4].replace(" ", "")
    if usage not in (AUTHORITY, OWN) or selector not in (0, 1) or matching not in _MATCHING or len(digits) % 2:
        return None
    data, length = bytes.fromhex(digits), _MATCHING[matching][1]
    return Tlsa(usage, selector, matching, data) if length in (None, len(data)) else None


def mismatch(records: Sequence[Tlsa], chain: Sequence[bytes], host: str, now: datetime) -> str:
    """Return why no record allows this chain, the host's own certificate first, in DER; "" if one does."""
    try:
        shown = [load_der_x509_certificate(each) for each in chain[:MAX_CHAIN]]
        reasons = [_mismatch(record, shown, host, now) for record in records]
    except (ValueError, UnsupportedAlgorithm):
        return "its certificate is unreadable"
    return "" if "" in reasons else next((why for why in reasons if why != _OTHER), _OTHER)


_OTHER = "it shows a certificate that no TLSA record names"


def _mismatch(record: Tlsa, shown: Sequence[Certificate], host: str, now: datetime) -> str:
    if not shown:
        return "it shows no certificate"
    if record.usage == OWN:  # neither name nor dates count (RFC 7672, section 3.1.1)
        return "" if _same(record, shown[0]) else _OTHER
    place = next((place for place, each in enumerate(shown) if _same(record, each)), None)
    if place is None:
        return _OTHER
    if not _named(shown[0], host):
        return f"its certificate, by the authority that TLSA names, is not for {host}"
    if not all(each.not_valid_before_utc <= now <= each.not_valid_after_utc for each in shown[: place + 1]):
        return "its certificate, by the authority that TLSA names, has expired"
    if not all(_issued(shown[below], shown[below + 1]) for below in range(place)):
        return "its certificate was not issued by the authority that TLSA names"
    return ""


def _same(record: Tlsa, certificate: Certificate) -> bool:
    if record.selector == 0:
        data = certificate.public_bytes(Encoding.DER)
    else:
        data = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _MATCHING[record.matching][0](data) == record.data


def _named(certificate: Certificate, host: str) -> bool:
    """Test if a certificate is for a host; a `*` stands for its first label (RFC 7672, section 3.2.3)."""
    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except ExtensionNotFound:
        return False
    for name in (each.lower().rstrip(".") for each in names.get_values_for_type(DNSName)):
        if name == host or (name.startswith("*.") and name[2:] == host.partition(".")[2]):
            return True
    return False


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
