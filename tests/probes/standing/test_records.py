"""The records of the other questions, judged without a network."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from probes.answer import Fault
from probes.resolver import DnsAnswer, Unresolved
from probes.standing import bimi, dane, dkim_keys, dnssec, helo, mta_sts, reverse, tls_rpt
from probes.standing.fact import State, Why
from probes.standing.tags import BadTagsError, tags_of, version_of


def rsa(bits: int) -> str:
    key = RSAPublicNumbers(65537, 2 ** (bits - 1) + 12345).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


EC = base64.b64encode(
    generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
ED25519 = base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize(
    ("records", "state", "why"),
    [
        ([f"v=DKIM1; k=rsa; p={rsa(2048)}"], State.GOOD, Why.KEY_GOOD),
        ([f"p={rsa(2048)}"], State.GOOD, Why.KEY_GOOD),  # v= and k= have defaults
        ([f"v=DKIM1; k=ed25519; p={ED25519}"], State.GOOD, Why.KEY_GOOD),
        ([f"v=DKIM1; p={rsa(2048)[:100]} {rsa(2048)[100:]}"], State.GOOD, Why.KEY_GOOD),  # blanks are allowed in it
        ([f"p={rsa(1024)}"], State.WEAK, Why.KEY_SHORT),
        ([f"p={rsa(512)}"], State.BAD, Why.KEY_TOO_SHORT),
        ([f"t=y:s; p={rsa(2048)}"], State.WEAK, Why.KEY_TESTING),
        ([f"t=y; p={rsa(512)}"], State.BAD, Why.KEY_TOO_SHORT),
        (["v=DKIM1; p="], State.BAD, Why.KEY_REVOKED),
        ([], State.BAD, Why.KEY_MISSING),
        (["p=a", "p=b"], State.BAD, Why.KEY_TWICE),
        (["google-site-verification=x y", f"p={rsa(2048)}"], State.GOOD, Why.KEY_GOOD),
        (["v=DKIM1; k=rsa"], State.BAD, Why.KEY_BROKEN),
        (["v=DKIM2; p=x"], State.BAD, Why.KEY_BROKEN),
        (["p=not!base64"], State.BAD, Why.KEY_BROKEN),
        (["p=AAAA"], State.BAD, Why.KEY_BROKEN),
        ([f"p={EC}"], State.BAD, Why.KEY_BROKEN),
        ([f"k=ed25519; p={rsa(1024)}"], State.BAD, Why.KEY_BROKEN),
        (["k=dsa; p=AAAA"], State.BAD, Why.KEY_BROKEN),
        ([f"h=sha1; p={rsa(2048)}"], State.BAD, Why.KEY_NOT_FOR_MAIL),
        ([f"s=tlsrpt; p={rsa(2048)}"], State.BAD, Why.KEY_NOT_FOR_MAIL),
        ([f"h=sha1:sha256; s=*; p={rsa(2048)}"], State.GOOD, Why.KEY_GOOD),
    ],
)
def test_a_dkim_key_is(records: list[str], state: State, why: Why) -> None:
    assert ((found := dkim_keys.assess(records)).state, found.why) == (state, why)


FAILED = Unresolved(Fault.LOOKUP_FAILED, "silence")


@pytest.mark.parametrize(
    ("leads", "state", "why"),
    [
        ({}, State.BAD, Why.PTR_MISSING),
        ({"a.example": ("192.0.2.1",)}, State.GOOD, Why.PTR_CONFIRMED),
        ({"a.example": ("192.0.2.9",)}, State.BAD, Why.PTR_UNCONFIRMED),
        ({"a.example": ()}, State.BAD, Why.PTR_UNCONFIRMED),
        ({"a.example": FAILED, "b.example": ("192.0.2.1",)}, State.GOOD, Why.PTR_CONFIRMED),
        ({"a.example": FAILED, "b.example": ()}, State.UNKNOWN, Why.LOOKUP_FAILED),
    ],
)
def test_a_reverse_name_is(leads: dict[str, tuple[str, ...] | Unresolved], state: State, why: Why) -> None:
    assert ((found := reverse.assess("192.0.2.1", leads)).state, found.why) == (state, why)


def test_addresses_are_compared_as_numbers() -> None:
    assert reverse.same_address("2001:db8::1", ["2001:0db8:0:0:0:0:0:1"])


def test_a_helo_name_may_lead_elsewhere() -> None:
    assert helo.assess("192.0.2.1", ["192.0.2.2"]).why is Why.HELO_ELSEWHERE


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "version"),
        (b"version: STSv1\nmode: maybe\nmx: a\nmax_age: 1", "mode"),
        (b"version: STSv1\nmode: enforce\nmax_age: 1", "mx"),
        (b"version: STSv1\nmode: enforce\nmx: a", "max_age"),
        ("version: STSv1\nmode: enforce\nmx: a\nmax_age: ٣".encode(), "max_age"),
        (b"\xff" * 1000, "version"),
    ],
)
def test_a_policy_file_that_senders_ignore(body: bytes, problem: str) -> None:
    with pytest.raises(mta_sts.BadPolicyError, match=problem):
        mta_sts.policy_of(body)


def test_a_policy_file_is_read() -> None:
    found = mta_sts.policy_of(b"version: STSv1\r\nmode: enforce\r\nmx: *.Mx.example\r\nmx: a.example\r\nmax_age: 9\r\n")
    assert found == mta_sts.StsPolicy("enforce", ("*.mx.example", "a.example"))


@pytest.mark.parametrize(
    ("name", "pattern", "match"),
    [
        ("a.mx.example", "*.mx.example", True),
        ("b.a.mx.example", "*.mx.example", False),  # one label only
        ("mx.example", "*.mx.example", False),
        ("mx.example", "mx.example", True),
        ("amx.example", "mx.example", False),
    ],
)
def test_a_star_stands_for_one_label(name: str, pattern: str, match: bool) -> None:
    assert mta_sts.matches(name, pattern) is match


@pytest.mark.parametrize(
    ("texts", "state", "why"),
    [
        ([], State.NONE, Why.NOT_PUBLISHED),
        (["v=spf1 -all"], State.NONE, Why.NOT_PUBLISHED),
        (["v=TLSRPTv1; rua=mailto:a@b.example"], State.GOOD, Why.TLS_RPT_GOOD),
        (["v=TLSRPTv1"], State.WEAK, Why.TLS_RPT_BROKEN),
        (["v=TLSRPTv1; rua=ftp:x"], State.WEAK, Why.TLS_RPT_BROKEN),
        (["v=TLSRPTv1; oops"], State.WEAK, Why.TLS_RPT_BROKEN),
        (["v=TLSRPTv1; rua=mailto:a", "v=TLSRPTv1; rua=mailto:b"], State.WEAK, Why.TLS_RPT_BROKEN),
    ],
)
def test_a_tls_report_record_is(texts: list[str], state: State, why: Why) -> None:
    assert ((found := tls_rpt.assess(texts)).state, found.why) == (state, why)


SHA256 = "ab" * 32


@pytest.mark.parametrize(
    ("records", "authentic", "validating", "state", "why"),
    [
        ((), True, True, State.NONE, Why.NOT_PUBLISHED),
        ((f"3 1 1 {SHA256}",), True, True, State.GOOD, Why.DANE_GOOD),
        ((f"3 1 1 {SHA256}",), True, False, State.UNKNOWN, Why.AD_NOT_TRUSTED),
        ((f"3 1 1 {SHA256}",), False, True, State.WEAK, Why.DANE_INSECURE),
        ((f"1 1 1 {SHA256}",), True, True, State.WEAK, Why.DANE_UNUSABLE),  # usages of the web (RFC 7672, 3.1.3)
        (("3 1 1 abcd",), True, True, State.WEAK, Why.DANE_UNUSABLE),
        (("3 1 9 abcd",), True, True, State.WEAK, Why.DANE_UNUSABLE),
    ],
)
def test_tlsa_records_are(records: tuple[str, ...], authentic: bool, validating: bool, state: State, why: Why) -> None:
    found = dane.assess(DnsAnswer(records, authentic=authentic), validating=validating)
    assert (found.state, found.why) == (state, why)


@pytest.mark.parametrize(
    ("keys", "authentic", "validating", "state"),
    [
        ((), True, True, State.NONE),
        (("257 3 13 x",), True, True, State.GOOD),
        (("257 3 13 x",), True, False, State.UNKNOWN),
        (("257 3 13 x",), False, True, State.NONE),
    ],
)
def test_a_zone_is_signed(keys: tuple[str, ...], authentic: bool, validating: bool, state: State) -> None:
    assert dnssec.assess("a.example", DnsAnswer(keys, authentic=authentic), validating=validating).state is state


def test_a_logo_is_never_a_fault() -> None:
    assert bimi.assess(["v=BIMI1; l=; a="]).why is Why.BIMI_DECLINED
    assert bimi.assess(["v=BIMI1; oops"]).state is State.NONE


def test_tags() -> None:
    assert tags_of(" v = DMARC1 ;p=none;; ") == {"v": "DMARC1", "p": "none"}
    assert (version_of("v=DMARC1"), version_of(" v = STSv1 ; id=1"), version_of("x; v=STSv1")) == (
        "DMARC1",
        "STSv1",
        "",
    )
    for wrong in ("v", "=x", "a b=c", "p=1;p=2"):
        with pytest.raises(BadTagsError):
            tags_of(wrong)
