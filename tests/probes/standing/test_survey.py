"""The questions over real sockets: zones on loopback, with every fault that name servers have."""

import base64
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from probes.http import HttpFailure, HttpReply
from probes.resolver import DnsResolver
from probes.standing.asking import Asker, Subject
from probes.standing.fact import Fact, Question, State, Why
from probes.standing.survey import READERS, survey
from tests.support.nameserver import Records, name_server

AT = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
SENDER = Subject("account.sender.example", "account.sender.example", "192.0.2.50", "mta.sender.example", ("k1",))
POLICY = b"version: STSv1\nmode: enforce\nmx: mx.sender.example\nmax_age: 86400\n"


def key_of(bits: int) -> str:
    public = RSAPublicNumbers(65537, 2 ** (bits - 1) + 12345).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def text(*records: str) -> list[str]:
    """TXT records, in pieces of at most 255 octets."""
    return [" ".join(f'"{record[at : at + 250]}"' for at in range(0, len(record), 250)) for record in records]


GOOD: Records = {
    ("example", "NS"): ["ns.sender.example."],
    ("sender.example", "NS"): ["ns.sender.example."],
    ("2.0.192.in-addr.arpa", "NS"): ["ns.sender.example."],
    ("ns.sender.example", "A"): ["127.0.0.1"],
    ("sender.example", "SOA"): ["ns.sender.example. root.sender.example. 1 2 3 4 5"],
    ("account.sender.example", "A"): ["192.0.2.80"],
    ("account.sender.example", "TXT"): text("v=spf1 include:_spf.sender.example -all"),
    ("_spf.sender.example", "TXT"): text("v=spf1 ip4:192.0.2.48/28 ~all"),
    ("k1._domainkey.account.sender.example", "TXT"): text(f"v=DKIM1; p={key_of(2048)}"),
    ("_dmarc.sender.example", "TXT"): text("v=DMARC1; p=none; sp=reject"),
    ("50.2.0.192.in-addr.arpa", "PTR"): ["mta.sender.example."],
    ("mta.sender.example", "A"): ["192.0.2.50"],
    ("account.sender.example", "MX"): ["10 mx.sender.example."],
    ("mx.sender.example", "A"): ["192.0.2.51"],
    ("_mta-sts.account.sender.example", "TXT"): text("v=STSv1; id=1"),
    ("mta-sts.account.sender.example", "A"): ["192.0.2.81"],
    ("_smtp._tls.account.sender.example", "TXT"): text("v=TLSRPTv1; rua=mailto:tls@sender.example"),
    ("default._bimi.account.sender.example", "TXT"): text("v=BIMI1; l=https://sender.example/l.svg"),
}
OWN = [question for question in Question if question is not Question.BLOCKLIST]


def policy(body: bytes) -> HttpReply:
    return HttpReply(200, body, content_type="text/plain")


class Pages:
    """HTTP that has the same page everywhere."""

    def __init__(self, page: HttpReply | HttpFailure) -> None:
        self._page = page

    async def fetch(self, host: str, path: str, *, address: str, **_: object) -> HttpReply | HttpFailure:
        assert (host, path) == ("mta-sts.account.sender.example", "/.well-known/mta-sts.txt")
        assert address == "192.0.2.81"  # by our own resolver, not by the machine's
        return self._page


@pytest.fixture(autouse=True)
def _short_lookups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.standing.asking.LOOKUP_TIMEOUT", 0.4)


async def read(
    records: Records, question: Question, authority: Records | None = None, page: HttpReply | HttpFailure | None = None
) -> list[Fact]:
    """Ask a question of a resolver that has `records`; the zone's own name server has `authority`, or the same."""
    async with name_server(records) as dns, name_server(records if authority is None else authority) as own:
        resolver = DnsResolver([dns.where], authority_port=int(own.where.rpartition(":")[2]))
        http: object = Pages(page or policy(POLICY))
        return await survey([question], SENDER, Asker(resolver, http, lambda: AT))  # type: ignore[arg-type]


def changed(changes: Mapping[tuple[str, str], list[str] | str | None]) -> Records:
    """The good zone with other records; None takes one away."""
    return {key: found for key, found in {**GOOD, **changes}.items() if found is not None}


@pytest.mark.parametrize(
    ("question", "state", "why"),
    [
        (Question.SPF, State.GOOD, Why.SPF_PASSES),
        (Question.DKIM, State.GOOD, Why.KEY_GOOD),
        (Question.DMARC, State.GOOD, Why.DMARC_INHERITED),
        (Question.ALIGNMENT, State.GOOD, Why.ALIGNED),
        (Question.DMARC_REPORTS, State.NONE, Why.NO_REPORTS),
        (Question.PTR, State.GOOD, Why.PTR_CONFIRMED),
        (Question.HELO, State.GOOD, Why.HELO_GOOD),
        (Question.HELO_SPF, State.NONE, Why.NOT_PUBLISHED),
        (Question.BOUNCES, State.GOOD, Why.BOUNCES_GOOD),
        (Question.MTA_STS, State.GOOD, Why.MTA_STS_GOOD),
        (Question.TLS_RPT, State.GOOD, Why.TLS_RPT_GOOD),
        (Question.DANE, State.NONE, Why.NOT_PUBLISHED),
        (Question.DNSSEC, State.NONE, Why.NOT_SIGNED),
        (Question.BIMI, State.GOOD, Why.BIMI_GOOD),
    ],
)
async def test_a_good_zone(question: Question, state: State, why: Why) -> None:
    (fact,) = await read(GOOD, question)
    assert (fact.state, fact.why, fact.at) == (state, why, AT)


SPF_NAME, KEY_NAME = ("account.sender.example", "TXT"), ("k1._domainkey.account.sender.example", "TXT")
PTR_NAME, MX_NAME = ("50.2.0.192.in-addr.arpa", "PTR"), ("account.sender.example", "MX")
MANY = {
    ("account.sender.example", "TXT"): text(
        "v=spf1 " + "".join(f"include:s{n}.sender.example " for n in range(11)) + "-all"
    ),
    **{(f"s{n}.sender.example", "TXT"): text("v=spf1 ip4:198.51.100.1") for n in range(11)},
}


@pytest.mark.parametrize(
    ("changes", "question", "why"),
    [
        ({SPF_NAME: None}, Question.SPF, Why.SPF_MISSING),
        ({SPF_NAME: text("v=spf1 -all")}, Question.SPF, Why.SPF_FAILS),
        ({SPF_NAME: text("v=spf1 ~all")}, Question.SPF, Why.SPF_FAILS),
        ({SPF_NAME: text("v=spf1 +all", "v=spf1 -all")}, Question.SPF, Why.SPF_BROKEN),
        ({SPF_NAME: text("v=spf1 include:account.sender.example -all")}, Question.SPF, Why.SPF_BROKEN),  # a loop
        (
            {SPF_NAME: text("v=spf1 a:n1.sender.example a:n2.sender.example a:n3.sender.example -all")},
            Question.SPF,
            Why.SPF_BROKEN,
        ),
        (MANY, Question.SPF, Why.SPF_BROKEN),
        ({KEY_NAME: None}, Question.DKIM, Why.KEY_MISSING),
        ({KEY_NAME: text("v=DKIM1; p=")}, Question.DKIM, Why.KEY_REVOKED),
        ({KEY_NAME: text(f"p={key_of(512)}")}, Question.DKIM, Why.KEY_TOO_SHORT),
        (
            {("_dmarc.account.sender.example", "TXT"): text("v=DMARC1; p=none", "v=DMARC1; p=reject")},
            Question.DMARC,
            Why.DMARC_TWICE,
        ),
        ({SPF_NAME: text("v=spf1 -all"), KEY_NAME: None}, Question.ALIGNMENT, Why.NOT_ALIGNED),
        ({("mta.sender.example", "TXT"): text("v=spf1 -all")}, Question.HELO_SPF, Why.HELO_SPF_FAILS),
        ({PTR_NAME: None}, Question.PTR, Why.PTR_MISSING),
        ({("mta.sender.example", "A"): ["192.0.2.99"]}, Question.PTR, Why.PTR_UNCONFIRMED),
        ({("mta.sender.example", "A"): None}, Question.HELO, Why.HELO_UNRESOLVED),
        ({MX_NAME: ["0 ."]}, Question.BOUNCES, Why.BOUNCES_NULL_MX),
        ({("mx.sender.example", "A"): None}, Question.BOUNCES, Why.BOUNCES_NO_HOST),
        ({MX_NAME: ["10 other.sender.example."]}, Question.MTA_STS, Why.MTA_STS_MISMATCH),
    ],
)
async def test_a_fault_of_the_zone_is_bad(
    changes: Mapping[tuple[str, str], list[str] | None], question: Question, why: Why
) -> None:
    (fact,) = await read(changed(changes), question)
    assert (fact.state, fact.why) == (State.BAD, why)


FIRST_LOOKUPS = {
    Question.SPF: SPF_NAME,
    Question.DKIM: KEY_NAME,
    Question.DMARC: ("_dmarc.account.sender.example", "TXT"),
    Question.ALIGNMENT: ("_dmarc.account.sender.example", "TXT"),
    Question.DMARC_REPORTS: ("_dmarc.account.sender.example", "TXT"),
    Question.HELO_SPF: ("mta.sender.example", "TXT"),
    Question.PTR: PTR_NAME,
    Question.BOUNCES: MX_NAME,
    Question.MTA_STS: ("_mta-sts.account.sender.example", "TXT"),
    Question.TLS_RPT: ("_smtp._tls.account.sender.example", "TXT"),
    Question.DANE: ("_25._tcp.mx.sender.example", "TLSA"),
    Question.DNSSEC: ("sender.example", "DNSKEY"),
    Question.BIMI: ("default._bimi.account.sender.example", "TXT"),
}


@pytest.mark.parametrize("fault", ["SERVFAIL", "REFUSED", "GARBAGE", "TRUNCATED", "SILENCE"])
@pytest.mark.parametrize("question", FIRST_LOOKUPS)
async def test_a_lookup_that_fails_is_never_bad_or_missing(question: Question, fault: str) -> None:
    (fact,) = await read(changed({FIRST_LOOKUPS[question]: fault}), question)
    assert fact.state is State.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "question"),
    [
        ({("_spf.sender.example", "TXT"): "SERVFAIL"}, Question.SPF),  # in the midst of an include
        ({SPF_NAME: text("v=spf1 ptr -all"), PTR_NAME: "SERVFAIL"}, Question.SPF),  # by the RFC ptr just fails to match
        ({SPF_NAME: "SERVFAIL", KEY_NAME: None}, Question.ALIGNMENT),
        ({SPF_NAME: None, KEY_NAME: "SERVFAIL"}, Question.ALIGNMENT),
        ({("mta-sts.account.sender.example", "A"): "SERVFAIL"}, Question.MTA_STS),
        ({("mta.sender.example", "A"): "REFUSED"}, Question.PTR),
        ({("mta.sender.example", "A"): "SERVFAIL"}, Question.HELO),
        ({("mx.sender.example", "A"): "SERVFAIL"}, Question.BOUNCES),
        ({("_dmarc.sender.example", "TXT"): "SERVFAIL"}, Question.DMARC),
        ({PTR_NAME: None, ("50.2.0.192.in-addr.arpa", "CNAME"): ["50.2.0.192.in-addr.arpa."]}, Question.PTR),  # a loop
    ],
)
async def test_a_later_lookup_that_fails_is_not_bad_either(
    changes: Mapping[tuple[str, str], list[str] | str | None], question: Question
) -> None:
    (fact,) = await read(changed(changes), question)
    assert fact.state is State.UNKNOWN


async def test_an_unreadable_top_level_domain_changes_no_policy() -> None:
    (fact,) = await read(changed({("_dmarc.example", "TXT"): "SERVFAIL"}), Question.DMARC)
    assert (fact.state, fact.why) == (State.GOOD, Why.DMARC_INHERITED)


async def test_what_only_our_resolver_says_is_not_bad() -> None:
    """A poisoned or outdated cache; the domain's own name servers have the record."""
    (fact,) = await read(changed({PTR_NAME: None}), Question.PTR, authority=GOOD)
    assert (fact.state, fact.why) == (State.UNKNOWN, Why.SERVERS_DISAGREE)


async def test_bad_needs_an_answer_of_the_domains_own_name_servers() -> None:
    (fact,) = await read(changed({SPF_NAME: None}), Question.SPF, authority=changed({SPF_NAME: "REFUSED"}))
    assert (fact.state, fact.why) == (State.UNKNOWN, Why.SERVERS_SILENT)


async def test_both_name_servers_are_named_in_a_bad_fact() -> None:
    (fact,) = await read(changed({SPF_NAME: text("v=spf1 -all")}), Question.SPF)
    assert len(fact.servers) == 2
    assert fact.ttl == 60


DEAD: dict[tuple[str, str], list[str] | str] = {
    ("example", "NS"): "SILENCE",
    (".", "NS"): "SILENCE",
    (SENDER.domain, "SOA"): "SILENCE",
}


async def test_a_dead_resolver_is_looked_at_once_and_nobody_waits_for_it_again() -> None:
    async with name_server(dict.fromkeys([*GOOD, *DEAD], "SILENCE")) as dns:
        asker = Asker(DnsResolver([dns.where]), Pages(policy(POLICY)), lambda: AT)  # type: ignore[arg-type]
        began = time.monotonic()
        facts = await survey([*READERS], SENDER, asker)
        took = time.monotonic() - began
        assert {name for name, _ in dns.asked} == {name for name, _ in DEAD}
    assert took < 2 * 0.4 + 1, "the three questions are asked at once, and are the only ones"
    assert {(fact.question, fact.state, fact.why) for fact in facts} == {
        (question, State.UNKNOWN, Why.RESOLVER_SILENT) for question in READERS
    }


@pytest.mark.parametrize("answers", DEAD)
async def test_a_resolver_that_answers_anything_is_not_dead(answers: tuple[str, str]) -> None:
    dead = {key: fault for key, fault in DEAD.items() if key != answers}
    record = "ns.example. root.example. 1 2 3 4 5" if answers[1] == "SOA" else "ns.example."
    records = {**changed(dict(dead)), answers: [record]}
    (fact,) = await read(records, Question.SPF)
    assert fact.why is Why.SPF_PASSES


@pytest.mark.parametrize("question", OWN)
async def test_a_resolver_that_denies_the_public_dns_accuses_nobody(question: Question) -> None:
    (fact,) = await read({}, question)
    assert (fact.state, fact.why) == (State.UNKNOWN, Why.RESOLVER_BLIND)


@pytest.mark.parametrize(
    ("page", "state", "why"),
    [
        (HttpFailure("no TLS connection"), State.UNKNOWN, Why.MTA_STS_UNREAD),
        (HttpFailure("it has expired", certificate=True), State.WEAK, Why.MTA_STS_CERTIFICATE),
        (HttpReply(200, POLICY, content_type="text/html"), State.WEAK, Why.MTA_STS_CONTENT_TYPE),
        (HttpReply(503, b""), State.UNKNOWN, Why.MTA_STS_UNREAD),
        (HttpReply(404, b""), State.WEAK, Why.MTA_STS_NO_FILE),
        (HttpReply(301, POLICY), State.WEAK, Why.MTA_STS_NO_FILE),
        (policy(b"<html>"), State.WEAK, Why.MTA_STS_BROKEN),
        (policy(POLICY.replace(b"enforce", b"testing")), State.GOOD, Why.MTA_STS_TESTING),
    ],
)
async def test_the_policy_file(page: HttpReply | HttpFailure, state: State, why: Why) -> None:
    (fact,) = await read(GOOD, Question.MTA_STS, page=page)
    assert (fact.state, fact.why) == (state, why)
