"""The simulated DNS of the sandbox: what is published about the sender and the simulated companies. Pure.

All is well but for two things to look at: the source IP has no reverse name, as config.toml says, and a list that few
use has it. One more list refuses to answer. The blocklists are those that Mailpath asks, each with its own test entry.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from ipaddress import ip_address

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from probes.reading.received import organisation
from probes.sender import Identity
from probes.standing.blocklists import question_name
from probes.standing.lists import LISTS, DnsList

Records = Mapping[tuple[str, str], tuple[str, ...]]
"""(name, type) -> records in the form of a zone file. The first label `*` stands for any."""

LISTED_AT = "psbl.surriel.com"
REFUSING = "bl.score.senderscore.com"
REFUSAL = "127.255.255.255"
SERVER = "ns.sandbox.example"
MAX_PIECE_CHARS = 250  # of a text; a piece has at most 255 octets (RFC 1035, section 3.3)

_SENDER = (  # name, type, record
    ("{domain}", "A", "{ip}"),
    ("{domain}", "MX", "10 mx.mailservice.example."),
    ("{domain}", "TXT", "v=spf1 include:_spf.mailservice.example -all"),
    ("{bounces}", "MX", "10 mx.mailservice.example."),
    ("{bounces}", "TXT", "v=spf1 include:_spf.mailservice.example -all"),
    ("{helo}", "A", "{ip}"),
    ("*._domainkey.{domain}", "TXT", "v=DKIM1; k=rsa; p={key}"),
    ("_dmarc.{organisation}", "TXT", "v=DMARC1; p=quarantine; sp=reject; rua=mailto:dmarc@{organisation}"),
    ("_smtp._tls.{bounces}", "TXT", "v=TLSRPTv1; rua=mailto:tls@{organisation}"),
    ("_spf.mailservice.example", "TXT", "v=spf1 include:_spf1.mailservice.example ~all"),
    ("_spf1.mailservice.example", "TXT", "v=spf1 {family}:{ip} ~all"),
    ("mx.mailservice.example", "A", "127.0.0.1"),
)
_COMPANY = (
    ("{domain}", "MX", "10 mx.{domain}."),
    ("mx.{domain}", "A", "127.0.0.1"),
)


def records_of(sender: Identity, companies: Iterable[str]) -> Records:
    """Return all records. `companies`: the domains that simulated companies receive mail at."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, kind, record in (*_of_sender(sender), *_of_companies(companies), *_of_lists(sender.source_ip)):
        key = (name.lower(), "AAAA" if kind == "A" and ":" in record else kind)
        found[key] = tuple(dict.fromkeys((*found.get(key, ()), record)))
    denied = (ip_address(sender.source_ip).reverse_pointer, *(row.zone for row in LISTS if row.zone))
    for zone in sorted({_zone_of(name) for name in (*denied, *(name for name, _ in found))}):  # somebody has to deny
        found[zone, "NS"] = (f"{SERVER}.",)
        found[zone, "SOA"] = (f"{SERVER}. root.{SERVER}. 1 3600 600 86400 60",)
        found[zone.rpartition(".")[2], "NS"] = (f"{SERVER}.",)
    found[SERVER, "A"] = ("127.0.0.1",)
    return found


def _of_sender(sender: Identity) -> Iterator[tuple[str, str, str]]:
    words = {
        "domain": sender.domain,
        "bounces": sender.bounces.rpartition("@")[2],
        "organisation": organisation(sender.domain),
        "helo": sender.helo,
        "ip": sender.source_ip,
        "family": f"ip{ip_address(sender.source_ip).version}",
        "key": _key(),
    }
    for name, kind, record in _SENDER:
        text = record.format(**words)
        yield name.format(**words), kind, _pieces(text) if kind == "TXT" else text


def _of_companies(domains: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    for domain in domains:
        for name, kind, record in _COMPANY:
            yield name.format(domain=domain), kind, record.format(domain=domain)


def _of_lists(address: str) -> Iterator[tuple[str, str, str]]:
    for row in LISTS:
        if row.test and row.zone:
            yield question_name(row.test, row.kind, row.zone), "A", _answer(row)
    at = next(row for row in LISTS if row.zone == LISTED_AT)
    yield question_name(address, at.kind, at.zone), "A", _answer(at)


def _answer(row: DnsList) -> str:
    """Return what the list answers about what it lists."""
    if row.zone == REFUSING:
        return REFUSAL
    return next(iter(row.listed), "") or f"127.0.0.{max(row.bits)}"


def _zone_of(name: str) -> str:
    """Return the zone that holds a name: its organisation, or the block of a reverse name."""
    return organisation(name.removeprefix("*."))


@cache
def _key() -> str:
    """Return a public key of 2,048 bits that nobody has the private half of."""
    public = RSAPublicNumbers(65537, 2**2047 + 12345).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _pieces(text: str) -> str:
    starts = range(0, len(text), MAX_PIECE_CHARS)
    return " ".join(f'"{text[start : start + MAX_PIECE_CHARS]}"' for start in starts)
