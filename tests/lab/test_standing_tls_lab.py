"""What mail hosts demand and show of TLS: policy files over HTTPS, certificates over STARTTLS, an authority of our own,
and zones that knot signs and unbound validates."""

import hashlib
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate

from probes.http import HttpSession
from probes.standing.asking import Asker, Subject
from probes.standing.fact import Fact, Question, State, Why
from probes.standing.reach import reach
from probes.standing.survey import survey
from tests.lab.standing_servers import SIGNED, NameServers, name_servers
from tests.support.certificates import Authority, new_authority
from tests.support.smtp_server import mail_server

pytestmark = pytest.mark.usefixtures("able", "short_lookups")

NOTHING_THERE = "127.0.0.9"
PLAIN = "plain.example"
ENFORCE = "version: STSv1\nmode: enforce\nmx: mx.{domain}\nmax_age: 86400\n"


@dataclass(frozen=True)
class Page:
    """What the policy host of a domain has, and what certificate."""

    state: State
    why: Why
    body: str = ENFORCE
    status: int = 200
    kind: str = "text/plain"
    certificate: str = "good"  # expired, other, strange
    address: str = "127.0.0.1"


@dataclass(frozen=True)
class Pin:
    """A TLSA record, by what it is made of, and where it is. `of`: whose certificate it names."""

    state: State
    why: Why
    usage: int = 3
    selector: int = 1
    matching: int = 1
    of: str = "own"
    certificate: str = "good"
    zone: str = SIGNED
    address: str = "127.0.0.1"


PAGES: Mapping[str, Page] = {
    "good": Page(State.GOOD, Why.MTA_STS_GOOD),
    "wildcard": Page(State.GOOD, Why.MTA_STS_GOOD, ENFORCE.replace("mx.", "*.")),
    "charset": Page(State.GOOD, Why.MTA_STS_GOOD, kind="text/plain; charset=utf-8"),
    "testing": Page(State.GOOD, Why.MTA_STS_TESTING, ENFORCE.replace("enforce", "testing")),
    "none": Page(State.GOOD, Why.MTA_STS_TESTING, "version: STSv1\nmode: none\nmax_age: 86400\n"),
    "mismatch": Page(State.BAD, Why.MTA_STS_MISMATCH, ENFORCE.replace("mx.", "old.")),
    "html": Page(State.WEAK, Why.MTA_STS_CONTENT_TYPE, kind="text/html"),
    "broken": Page(State.WEAK, Why.MTA_STS_BROKEN, "mode: enforce\n"),
    "long": Page(State.WEAK, Why.MTA_STS_BROKEN, ENFORCE + "x: y\n" * 14_000),
    "gone": Page(State.WEAK, Why.MTA_STS_NO_FILE, status=404),
    "elsewhere": Page(State.WEAK, Why.MTA_STS_NO_FILE, status=301),
    "down": Page(State.UNKNOWN, Why.MTA_STS_UNREAD, status=503),
    "no-host": Page(State.WEAK, Why.MTA_STS_NO_FILE, address=""),
    "closed": Page(State.UNKNOWN, Why.MTA_STS_UNREAD, address=NOTHING_THERE),
    "expired": Page(State.WEAK, Why.MTA_STS_CERTIFICATE, certificate="expired"),
    "other-name": Page(State.WEAK, Why.MTA_STS_CERTIFICATE, certificate="other"),
    "strange": Page(State.WEAK, Why.MTA_STS_CERTIFICATE, certificate="strange"),
}
RIGHT, WRONG = (State.GOOD, Why.DANE_GOOD), (State.BAD, Why.DANE_MISMATCH)
PINS: Mapping[str, Pin] = {
    **{
        f"pin-{usage}{selector}{matching}": Pin(*RIGHT, usage, selector, matching, "own" if usage == 3 else "authority")
        for usage in (2, 3)
        for selector in (0, 1)
        for matching in (0, 1, 2)
    },
    "pin-expired": Pin(*RIGHT, certificate="expired"),  # by usage 3 only the key counts
    "pin-other-name": Pin(*RIGHT, certificate="other"),
    "pin-wrong": Pin(*WRONG, of="nobody"),
    "pin-wrong-authority": Pin(*WRONG, usage=2, of="nobody"),
    "pin-authority-expired": Pin(*WRONG, usage=2, of="authority", certificate="expired"),
    "pin-authority-other-name": Pin(*WRONG, usage=2, of="authority", certificate="other"),
    "pin-strange": Pin(*WRONG, usage=2, of="authority", certificate="strange"),
    "pin-web": Pin(State.WEAK, Why.DANE_UNUSABLE, usage=1),
    "pin-unsigned": Pin(State.WEAK, Why.DANE_INSECURE, zone=PLAIN),
    "pin-closed": Pin(State.UNKNOWN, Why.DANE_UNSEEN, address=NOTHING_THERE),
    "pin-no-starttls": Pin(State.UNKNOWN, Why.DANE_UNSEEN, address="127.0.0.3"),
}


class Certificates:
    """A server's certificates by the name that a client asks for."""

    def __init__(self, folder: Path) -> None:
        (folder / "strange").mkdir()
        self.authority, self._strange = new_authority(folder), new_authority(folder / "strange")
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.sni_callback = self._choose

    def add(self, host: str, sort: str) -> bytes:
        """Show a certificate for this host from now on. Returns it, in DER."""
        authority = self._strange if sort == "strange" else self.authority
        name = "other.example" if sort == "other" else host
        self._contexts[host] = authority.serve(name, expired=sort == "expired", whole=True)
        return authority.shown(name, expired=sort == "expired")

    def _choose(self, socket: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name in self._contexts:
            socket.context = self._contexts[name]


def data_of(pin: Pin, own: bytes, authority: Authority) -> str:
    """The digits of a TLSA record."""
    der = {"own": own, "authority": authority.certificate, "nobody": own}[pin.of]
    if pin.selector == 1:
        der = load_der_x509_certificate(der).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    data = [der, hashlib.sha256(der).digest(), hashlib.sha512(der).digest()][pin.matching]
    return (data if pin.of != "nobody" else data[::-1]).hex()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def servers(able: None, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServers]:
    lines: dict[str, list[str]] = {SIGNED: [], PLAIN: [], "example": ["ns A 127.0.0.1", "signed NS ns", "plain NS ns"]}
    for name, page in PAGES.items():
        certificates.add(f"mta-sts.{name}.{SIGNED}", page.certificate)
        lines[SIGNED] += [f'_mta-sts.{name} TXT "v=STSv1; id=1"', f"{name} MX 10 mx.{name}"]
        lines[SIGNED] += [f"mta-sts.{name} A {page.address}"] if page.address else []
    for name, pin in PINS.items():
        own = certificates.add(f"mx.{name}.{pin.zone}", pin.certificate)
        digits = data_of(pin, own, certificates.authority)
        lines[pin.zone] += [f"{name} MX 10 mx.{name}", f"mx.{name} A {pin.address}"]
        lines[pin.zone] += [f"_25._tcp.mx.{name} TLSA {pin.usage} {pin.selector} {pin.matching} {digits}"]
    zones = {zone: "\n".join(those) + "\n" for zone, those in lines.items()}
    with name_servers(tmp_path_factory.mktemp("standing"), zones, {}) as running:
        yield running


@asynccontextmanager
async def asking(servers: NameServers, certificates: Certificates) -> AsyncIterator[Asker]:
    """A policy host and mail hosts, and who asks them."""

    async def answer(request: web.Request) -> web.Response:
        page = PAGES[request.host.split(".")[1]]
        domain = request.host.removeprefix("mta-sts.")
        body = page.body.replace("{domain}", domain).encode()
        headers = {"Content-Type": page.kind, "Location": "/moved"}
        return web.Response(status=page.status, body=body, headers=headers)

    app = web.Application()
    app.router.add_get("/.well-known/mta-sts.txt", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificates.context)
    await site.start()
    offers = {"EHLO": b"250-mx\r\n250 STARTTLS\r\n"}
    try:
        async with (
            mail_server(offers, tls=certificates.context) as mail,
            mail_server({}, host="127.0.0.3", port=mail.port),
            HttpSession() as http,
        ):
            yield Asker(
                servers.resolver,
                http,
                lambda: datetime.now(UTC),
                validating=True,
                ca_file=certificates.authority.file,
                https_port=runner.addresses[0][1],
                smtp_port=mail.port,
            )
    finally:
        await runner.cleanup()


@pytest.fixture
def short_lookups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.standing.asking.LOOKUP_TIMEOUT", 1.0)


async def read(servers: NameServers, certificates: Certificates, question: Question, domain: str) -> Fact:
    async with asking(servers, certificates) as asker:
        (fact,) = await survey([question], Subject(domain, domain, "192.0.2.1", f"mx.{domain}"), asker)
    return fact


@pytest.mark.parametrize("name", PAGES)
async def test_a_policy_becomes_its_fact(servers: NameServers, certificates: Certificates, name: str) -> None:
    fact = await read(servers, certificates, Question.MTA_STS, f"{name}.{SIGNED}")
    assert (fact.state, fact.why) == (PAGES[name].state, PAGES[name].why), fact


@pytest.mark.parametrize("name", PINS)
async def test_a_tlsa_record_becomes_its_fact(servers: NameServers, certificates: Certificates, name: str) -> None:
    fact = await read(servers, certificates, Question.DANE, f"{name}.{PINS[name].zone}")
    assert (fact.state, fact.why) == (PINS[name].state, PINS[name].why), fact


async def test_what_stops_mail_to_a_company_is_among_the_facts_of_its_domain(
    servers: NameServers, certificates: Certificates
) -> None:
    async with asking(servers, certificates) as asker:
        facts = {fact.question: fact for fact in await reach(f"pin-wrong.{SIGNED}", asker)}
    assert {question: fact.state for question, fact in facts.items()} == {
        Question.BOUNCES: State.GOOD,
        Question.MTA_STS: State.NONE,
        Question.TLS_RPT: State.NONE,
        Question.DANE: State.BAD,
    }
    assert facts[Question.DANE].subject == f"mx.pin-wrong.{SIGNED}"
