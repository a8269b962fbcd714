"""The zones of the lab of standing: one fault for each row, and the state of the fact that it has to become.

A row's sender is `{name}.plain.example` with an address of its own; "@" in its records is that domain. In the records
{ip} is the address, {domain} the domain, {2048} a key of so many bits.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from probes.standing.asking import Subject
from probes.standing.dkim_names import DkimName
from probes.standing.fact import Question, State, Why
from tests.lab.standing_servers import BOGUS, REFUSED, REVERSE, SIGNED, SILENT

PLAIN = "plain.example"
PTR = "mta"  # the reverse name of each address, below the row's domain
GOOD, WEAK, BAD = State.GOOD, State.WEAK, State.BAD
NONE, UNKNOWN = State.NONE, State.UNKNOWN
KEY = "k1._domainkey TXT"


@dataclass(frozen=True)
class Fault:
    """One zone and the fact of it. `of`: the domain, if not the row's own; `ptr`: None for no reverse name."""

    name: str
    question: Question
    state: State
    why: Why
    records: Sequence[str] = ()
    of: str = ""
    ptr: str | None = PTR
    helo: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return self.of.format(name=self.name) if self.of else f"{self.name}.{PLAIN}"


def spf(record: str, *more: str) -> tuple[str, ...]:
    """The records of a domain with this SPF record, and more."""
    return (f'@ TXT "v=spf1 {record}"', *more)


def _many(count: int) -> tuple[str, ...]:
    return tuple(f's{number} TXT "v=spf1 ip4:198.51.100.{number} -all"' for number in range(count))


def _includes(count: int) -> str:
    return " ".join(f"include:s{number}.{{domain}}" for number in range(count))


SPF = [
    Fault("spf-pass", Question.SPF, GOOD, Why.SPF_PASSES, spf("ip4:{ip} -all")),
    Fault("spf-none", Question.SPF, BAD, Why.SPF_MISSING, ['@ TXT "other text"']),
    Fault("spf-nothing", Question.SPF, BAD, Why.SPF_MISSING, of="nowhere.{name}.plain.example"),
    Fault("spf-two", Question.SPF, BAD, Why.SPF_BROKEN, (*spf("ip4:{ip} -all"), '@ TXT "v=spf1 -all"')),
    Fault("spf-syntax", Question.SPF, BAD, Why.SPF_BROKEN, spf("ip4:{ip}/99 -all")),
    Fault("spf-unknown-term", Question.SPF, BAD, Why.SPF_BROKEN, spf("ipv4:{ip} -all")),
    Fault("spf-11", Question.SPF, BAD, Why.SPF_BROKEN, spf(f"{_includes(11)} ip4:{{ip}} -all", *_many(11))),
    Fault("spf-8", Question.SPF, WEAK, Why.SPF_NEAR_LIMIT, spf(f"{_includes(8)} ip4:{{ip}} -all", *_many(8))),
    Fault("spf-early", Question.SPF, WEAK, Why.SPF_OVER_LIMIT, spf(f"ip4:{{ip}} {_includes(11)} -all", *_many(11))),
    Fault("spf-void", Question.SPF, BAD, Why.SPF_BROKEN, spf("a:v1.{domain} a:v2.{domain} a:v3.{domain} ip4:{ip}")),
    Fault("spf-two-voids", Question.SPF, GOOD, Why.SPF_PASSES, spf("a:v1.{domain} a:v2.{domain} ip4:{ip} -all")),
    Fault(
        *("spf-chain", Question.SPF, GOOD, Why.SPF_PASSES),
        spf("include:a.{domain} -all", 'a TXT "v=spf1 include:b.{domain} ~all"', 'b TXT "v=spf1 ip4:{ip} ~all"'),
    ),
    Fault("spf-redirect", Question.SPF, GOOD, Why.SPF_PASSES, spf("redirect=a.{domain}", 'a TXT "v=spf1 ip4:{ip}"')),
    Fault("spf-loop", Question.SPF, BAD, Why.SPF_BROKEN, spf("include:{domain} -all")),
    Fault("spf-no-include", Question.SPF, BAD, Why.SPF_BROKEN, spf("include:gone.{domain} -all")),
    Fault("spf-wide", Question.SPF, WEAK, Why.SPF_PASSES_WIDE, spf("ip4:192.0.0.0/8 -all")),
    Fault("spf-all", Question.SPF, WEAK, Why.SPF_PASSES_ALL, spf("+all")),
    Fault("spf-ptr", Question.SPF, WEAK, Why.SPF_PASSES_PTR, spf("ptr -all", "mta A {ip}")),
    Fault("spf-fail", Question.SPF, BAD, Why.SPF_FAILS, spf("ip4:198.51.100.1 -all")),
    Fault("spf-softfail", Question.SPF, BAD, Why.SPF_FAILS, spf("ip4:198.51.100.1 ~all")),
    Fault("spf-bogus", Question.SPF, UNKNOWN, Why.SPF_NOT_EVALUATED, spf(f"include:{BOGUS} -all")),
    Fault("spf-refused", Question.SPF, UNKNOWN, Why.SPF_NOT_EVALUATED, of=REFUSED),
    Fault("spf-silent", Question.SPF, UNKNOWN, Why.SPF_NOT_EVALUATED, of=SILENT),
]
DKIM = [
    Fault("dkim-good", Question.DKIM, GOOD, Why.KEY_GOOD, [f'{KEY} "v=DKIM1; p={{2048}}"']),
    Fault("dkim-alias", Question.DKIM, GOOD, Why.KEY_GOOD, ["k1._domainkey CNAME k", 'k TXT "v=DKIM1; p={2048}"']),
    Fault("dkim-missing", Question.DKIM, BAD, Why.KEY_MISSING, ["@ A {ip}"]),
    Fault("dkim-revoked", Question.DKIM, BAD, Why.KEY_REVOKED, [f'{KEY} "v=DKIM1; p="']),
    Fault("dkim-1024", Question.DKIM, WEAK, Why.KEY_SHORT, [f'{KEY} "v=DKIM1; p={{1024}}"']),
    Fault("dkim-768", Question.DKIM, BAD, Why.KEY_TOO_SHORT, [f'{KEY} "v=DKIM1; p={{768}}"']),
    Fault("dkim-testing", Question.DKIM, WEAK, Why.KEY_TESTING, [f'{KEY} "v=DKIM1; t=y; p={{2048}}"']),
    Fault("dkim-broken", Question.DKIM, BAD, Why.KEY_BROKEN, [f'{KEY} "v=DKIM1; p=AAAA"']),
    Fault("dkim-sha1", Question.DKIM, BAD, Why.KEY_NOT_FOR_MAIL, [f'{KEY} "v=DKIM1; h=sha1; p={{2048}}"']),
    Fault("dkim-two", Question.DKIM, BAD, Why.KEY_TWICE, [f'{KEY} "p={{2048}}"', f'{KEY} "p={{1024}}"']),
    Fault("dkim-bogus", Question.DKIM, UNKNOWN, Why.LOOKUP_FAILED, of=BOGUS),
]
DMARC = [
    Fault("dmarc-reject", Question.DMARC, GOOD, Why.DMARC_GOOD, ['_dmarc TXT "v=DMARC1; p=reject"']),
    Fault("dmarc-missing", Question.DMARC, WEAK, Why.DMARC_MISSING, ["@ A {ip}"]),
    Fault(
        *("dmarc-two", Question.DMARC, BAD, Why.DMARC_TWICE),
        ['_dmarc TXT "v=DMARC1; p=none"', '_dmarc TXT "v=DMARC1; p=reject"'],
    ),
    Fault("dmarc-none", Question.DMARC, WEAK, Why.DMARC_ASKS_NOTHING, ['_dmarc TXT "v=DMARC1; p=none"']),
    Fault("dmarc-testing", Question.DMARC, WEAK, Why.DMARC_ASKS_NOTHING, ['_dmarc TXT "v=DMARC1; p=quarantine; t=y"']),
    Fault("dmarc-broken", Question.DMARC, WEAK, Why.DMARC_BROKEN, ['_dmarc TXT "v=DMARC1; p=refuse"']),
    Fault(
        *("dmarc-inherited", Question.DMARC, GOOD, Why.DMARC_INHERITED),
        ['_dmarc TXT "v=DMARC1; p=none; sp=reject"', "mail A {ip}"],
        of="mail.{name}.plain.example",
    ),
    Fault(
        *("dmarc-np", Question.DMARC, GOOD, Why.DMARC_INHERITED),
        ['_dmarc TXT "v=DMARC1; p=none; np=reject"'],
        of="nowhere.{name}.plain.example",
    ),
    Fault(  # the registry's record is not that of those below it, unless they have none
        *("dmarc-psd", Question.DMARC, GOOD, Why.DMARC_INHERITED),
        ['_dmarc TXT "v=DMARC1; p=none; psd=y"', '_dmarc.org TXT "v=DMARC1; p=reject"', "mail.org A {ip}"],
        of="mail.org.{name}.plain.example",
    ),
    Fault("dmarc-bogus", Question.DMARC, UNKNOWN, Why.LOOKUP_FAILED, of=BOGUS),
    Fault("dmarc-silent", Question.DMARC, UNKNOWN, Why.LOOKUP_FAILED, of=SILENT),
]
REPORT = '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@{where}"'
REPORTS = [
    Fault("rua-none", Question.DMARC_REPORTS, NONE, Why.NO_REPORTS, ['_dmarc TXT "v=DMARC1; p=reject"']),
    Fault("rua-no-record", Question.DMARC_REPORTS, NONE, Why.NO_REPORTS, ["@ A {ip}"]),
    Fault("rua-own", Question.DMARC_REPORTS, GOOD, Why.REPORTS_GOOD, [REPORT.replace("{where}", "{domain}!10m")]),
    Fault(
        *("rua-agreed", Question.DMARC_REPORTS, GOOD, Why.REPORTS_GOOD),
        [REPORT.replace("{where}", f"agrees.{SIGNED}")],
    ),
    Fault(
        *("rua-stranger", Question.DMARC_REPORTS, WEAK, Why.REPORTS_UNAUTHORISED),
        [REPORT.replace("{where}", SIGNED)],
    ),
    Fault(
        *("rua-unread", Question.DMARC_REPORTS, UNKNOWN, Why.LOOKUP_FAILED),
        [REPORT.replace("{where}", f"x.{BOGUS}")],
    ),
    Fault(
        "rua-web",
        Question.DMARC_REPORTS,
        WEAK,
        Why.REPORTS_UNREADABLE,
        ['_dmarc TXT "v=DMARC1; p=reject; rua=https://{domain}/"'],
    ),
]
BOTH = (*spf("ip4:{ip} -all"), f'{KEY} "v=DKIM1; p={{2048}}"')
POLICY = '_dmarc TXT "v=DMARC1; p=reject"'
ALIGNMENT = [
    Fault("align-both", Question.ALIGNMENT, GOOD, Why.ALIGNED, (*BOTH, POLICY)),
    Fault("align-spf", Question.ALIGNMENT, WEAK, Why.ALIGNED_BY_SPF, (*spf("ip4:{ip} -all"), POLICY)),
    Fault(
        *("align-spf-only", Question.ALIGNMENT, GOOD, Why.ALIGNED_BY_SPF_AT_LEAST),
        (*spf("ip4:{ip} -all"), POLICY),
        more={"selectors": ()},
    ),
    Fault(
        *("align-dkim", Question.ALIGNMENT, WEAK, Why.ALIGNED_BY_DKIM),
        (*BOTH, POLICY),
        more={"bounce_domain": SIGNED},
    ),
    Fault(
        *("align-relaxed", Question.ALIGNMENT, GOOD, Why.ALIGNED),
        (*BOTH, POLICY, 'bounce TXT "v=spf1 ip4:{ip} -all"'),
        more={"bounce_domain": "bounce.align-relaxed.plain.example"},
    ),
    Fault(
        *("align-strict", Question.ALIGNMENT, WEAK, Why.ALIGNED_BY_DKIM),
        (*BOTH, '_dmarc TXT "v=DMARC1; p=reject; aspf=s"', 'bounce TXT "v=spf1 ip4:{ip} -all"'),
        more={"bounce_domain": "bounce.align-strict.plain.example"},
    ),
    Fault(  # the tree walk ends at psd=n, the public suffix list does not know of it
        *("align-some", Question.ALIGNMENT, WEAK, Why.ALIGNED_FOR_SOME),
        (
            'bounce TXT "v=spf1 ip4:{ip} -all"',
            '_dmarc TXT "v=DMARC1; p=reject; psd=n"',
            '_dmarc.bounce TXT "v=DMARC1; psd=n"',
        ),
        more={"bounce_domain": "bounce.align-some.plain.example", "selectors": ()},
    ),
    Fault(
        *("align-neither", Question.ALIGNMENT, BAD, Why.NOT_ALIGNED),
        (*spf("-all"), f'{KEY} "v=DKIM1; p="', POLICY),
    ),
    Fault("align-no-policy", Question.ALIGNMENT, NONE, Why.ALIGNED_TO_NOTHING, BOTH),
    Fault(
        *("align-unknown", Question.ALIGNMENT, UNKNOWN, Why.LOOKUP_FAILED),
        (*spf(f"include:{BOGUS} -all"), POLICY),
    ),
    Fault(
        *("align-seen", Question.ALIGNMENT, WEAK, Why.ALIGNED_BY_DKIM),
        (*spf("-all"), f'{KEY.replace("k1", "s9")} "v=DKIM1; p={{2048}}"', POLICY),
        more={"selectors": (), "signatures": (DkimName("align-seen.plain.example", "s9"),)},
    ),
]
REVERSED = [
    Fault("ptr-good", Question.PTR, GOOD, Why.PTR_CONFIRMED, ["mta A {ip}"]),
    Fault("ptr-missing", Question.PTR, BAD, Why.PTR_MISSING, ["mta A {ip}"], ptr=None),
    Fault("ptr-unconfirmed", Question.PTR, BAD, Why.PTR_UNCONFIRMED, ["mta A 198.51.100.1"]),
    Fault("ptr-to-nothing", Question.PTR, BAD, Why.PTR_UNCONFIRMED, ["other A {ip}"]),
    Fault("ptr-to-bogus", Question.PTR, UNKNOWN, Why.LOOKUP_FAILED, ptr=f"mta.{BOGUS}."),
    Fault("helo-good", Question.HELO, GOOD, Why.HELO_GOOD, ["mta A {ip}"]),
    Fault("helo-elsewhere", Question.HELO, GOOD, Why.HELO_ELSEWHERE, ["mta A 198.51.100.1"]),
    Fault("helo-nowhere", Question.HELO, BAD, Why.HELO_UNRESOLVED, ["@ A {ip}"]),
    Fault("helo-address", Question.HELO, WEAK, Why.HELO_ADDRESS, helo="192.0.2.1"),
    Fault("helo-bogus", Question.HELO, UNKNOWN, Why.LOOKUP_FAILED, helo=f"mta.{BOGUS}"),
    Fault("helo-spf", Question.HELO_SPF, GOOD, Why.HELO_SPF_PASSES, ['mta TXT "v=spf1 ip4:{ip} -all"']),
    Fault("helo-spf-none", Question.HELO_SPF, NONE, Why.NOT_PUBLISHED, ["mta A {ip}"]),
    Fault("helo-spf-fail", Question.HELO_SPF, BAD, Why.HELO_SPF_FAILS, ['mta TXT "v=spf1 -all"']),
    Fault("helo-spf-soft", Question.HELO_SPF, WEAK, Why.HELO_SPF_NOT_PASSED, ['mta TXT "v=spf1 ~all"']),
    Fault("helo-spf-broken", Question.HELO_SPF, WEAK, Why.HELO_SPF_BROKEN, ['mta TXT "v=spf1 a:"']),
    Fault("helo-spf-bogus", Question.HELO_SPF, UNKNOWN, Why.SPF_NOT_EVALUATED, helo=f"mta.{BOGUS}"),
]
HOSTS = ("@ MX 10 mx", "mx A 127.0.0.1")
BOUNCES = [
    Fault("mx-good", Question.BOUNCES, GOOD, Why.BOUNCES_GOOD, HOSTS),
    Fault("mx-null", Question.BOUNCES, BAD, Why.BOUNCES_NULL_MX, ["@ MX 0 ."]),
    Fault("mx-nowhere", Question.BOUNCES, BAD, Why.BOUNCES_NO_HOST, ["@ MX 10 gone"]),
    Fault("mx-implicit", Question.BOUNCES, GOOD, Why.BOUNCES_GOOD, ["@ A {ip}"]),
    Fault("mx-bogus", Question.BOUNCES, UNKNOWN, Why.LOOKUP_FAILED, [f"@ MX 10 mx.{BOGUS}."]),
    Fault("mx-silent", Question.BOUNCES, UNKNOWN, Why.LOOKUP_FAILED, of=SILENT),
]
OTHERS = [
    Fault("tls-rpt", Question.TLS_RPT, GOOD, Why.TLS_RPT_GOOD, ['_smtp._tls TXT "v=TLSRPTv1; rua=mailto:t@{domain}"']),
    Fault("tls-rpt-broken", Question.TLS_RPT, WEAK, Why.TLS_RPT_BROKEN, ['_smtp._tls TXT "v=TLSRPTv1; rua=t@x"']),
    Fault("tls-rpt-none", Question.TLS_RPT, NONE, Why.NOT_PUBLISHED),
    Fault("bimi", Question.BIMI, GOOD, Why.BIMI_GOOD, ['default._bimi TXT "v=BIMI1; l=https://{domain}/l.svg"']),
    Fault("dnssec-good", Question.DNSSEC, GOOD, Why.DNSSEC_GOOD, of=SIGNED),
    Fault("dnssec-none", Question.DNSSEC, NONE, Why.NOT_SIGNED),
    Fault("dnssec-bogus", Question.DNSSEC, UNKNOWN, Why.LOOKUP_FAILED, of=BOGUS),
]
FAULTS = (*SPF, *DKIM, *DMARC, *REPORTS, *ALIGNMENT, *REVERSED, *BOUNCES, *OTHERS)


def subject_of(fault: Fault, ip: str) -> Subject:
    """The sender of a row."""
    helo = fault.helo or f"{PTR}.{fault.name}.{PLAIN}"
    return replace(Subject(fault.domain, fault.domain, ip, helo, ("k1",)), **fault.more)


def ip_of(fault: Fault) -> str:
    """The address of a row."""
    return f"192.0.2.{FAULTS.index(fault) + 1}"


def zones() -> dict[str, str]:
    """The text of all zones, without SOA and NS."""
    plain = [text for fault in FAULTS for text in _lines(fault)]
    reverse = [f"{number} PTR {name}" for number, name in map(_reverse, FAULTS) if name]
    return {
        "example": "ns A 127.0.0.1\nplain NS ns\nsigned NS ns\nbogus NS ns\n",
        PLAIN: "\n".join(plain) + "\n",
        SIGNED: '@ MX 10 mx\nmx A 127.0.0.1\n*._report._dmarc.agrees TXT "v=DMARC1"\n',
        BOGUS: '@ TXT "v=spf1 +all"\nmta A 127.0.0.1\n',
        REVERSE: "\n".join(reverse) + "\n",
    }


def _lines(fault: Fault) -> list[str]:
    known = {"{ip}": ip_of(fault), "{domain}": f"{fault.name}.{PLAIN}"}
    known |= {f"{{{bits}}}": _key(bits) for bits in (768, 1024, 2048)}
    lines = [f"$ORIGIN {fault.name}.{PLAIN}."]
    for record in fault.records:
        for name, value in known.items():
            record = record.replace(name, value)
        lines.append(re.sub(r'"([^"]{250,})"', lambda found: _pieces(found[1]), record))
    return lines


def _reverse(fault: Fault) -> tuple[int, str]:
    name = fault.ptr if fault.ptr is None or fault.ptr.endswith(".") else f"{fault.ptr}.{fault.name}.{PLAIN}."
    return FAULTS.index(fault) + 1, name or ""


def _pieces(text: str) -> str:
    """Spell a TXT record in pieces of at most 255 octets."""
    return " ".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))


@lru_cache
def _key(bits: int) -> str:
    public = RSAPublicNumbers(65537, 2 ** (bits - 1) + 12345).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
