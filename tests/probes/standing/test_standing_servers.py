"""Standing by real name servers on loopback: knot signs and serves the zones, unbound validates.

Skipped where Debian's packages `knot` and `unbound` are not installed.
"""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probes.http import HttpSession
from probes.resolver import DnsAnswer, DnsResolver
from probes.standing.asking import Asker, Subject
from probes.standing.fact import Fact, Question, State, Why
from probes.standing.survey import survey
from tests.lab.processes import Daemon, listens

pytestmark = pytest.mark.skipif(
    not (shutil.which("knotd") and Path("/usr/sbin/unbound").exists()), reason="knot or unbound is not installed"
)

AUTHORITY, VALIDATOR = 15353, 15354
SENDER = Subject("sender.example", "sender.example", "192.0.2.50", "mx.sender.example")
PLAIN = SENDER.domain.replace("sender", "plain")
TOP = "$TTL 60\n@ SOA ns.example. root.example. 1 3600 600 86400 60\n@ NS ns.example.\n"
ZONES = {
    "example": TOP + "ns A 127.0.0.1\nsender NS ns.example.\nplain NS ns.example.\n",
    "sender.example": TOP
    + '@ MX 10 mx\nmx A 192.0.2.50\n@ TXT "v=spf1 ip4:192.0.2.50 -all"\n'
    + f"_25._tcp.mx TLSA 3 1 1 {'ab' * 32}\n",
    "plain.example": TOP + f'@ MX 10 mx\nmx A 192.0.2.50\n@ TXT "v=spf1 -all"\n_25._tcp.mx TLSA 3 1 1 {"ab" * 32}\n',
}
KNOT = """\
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
database:
    storage: "{folder}/db"
policy:
  - id: lab
    single-type-signing: on
zone:
"""
ZONE = """\
  - domain: {zone}
    file: "{folder}/{zone}.zone"
    dnssec-signing: {signed}
    dnssec-policy: lab
    zonefile-sync: -1
    journal-content: none
"""
UNBOUND = """\
server:
    interface: 127.0.0.1@{port}
    do-ip6: no
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    logfile: "{folder}/unbound.log"
    num-threads: 1
    module-config: "validator iterator"
    do-not-query-localhost: no
    domain-insecure: "plain.example"
    trust-anchor: "{anchor}"
    local-zone: "refused.example" refuse
    local-zone: "silent.example" deny
remote-control:
    control-enable: no
"""
STUB = 'stub-zone:\n    name: "{zone}"\n    stub-addr: 127.0.0.1@{authority}\n'


@dataclass(frozen=True)
class Zones:
    """Both servers, while they run."""

    resolver: DnsResolver


@pytest.fixture(scope="module")
def zones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zones]:
    folder = tmp_path_factory.mktemp("zones")
    (folder / "db").mkdir()
    config = KNOT.format(folder=folder, port=AUTHORITY)
    for zone, text in ZONES.items():
        (folder / f"{zone}.zone").write_text(text)
        config += ZONE.format(zone=zone, folder=folder, signed="on" if zone == "sender.example" else "off")
    (folder / "knot.conf").write_text(config)
    knot = Daemon(
        "knot",
        ("knotd", "-c", str(folder / "knot.conf")),
        folder / "knot.log",
        lambda _: "successfully signed" in (folder / "knot.log").read_text(),
    )
    knot.start()
    try:
        key = ("keymgr", "-c", str(folder / "knot.conf"), "sender.example", "dnskey")
        anchor = subprocess.run(key, capture_output=True, text=True, check=True).stdout.strip()
        text = UNBOUND.format(folder=folder, port=VALIDATOR, anchor=anchor)
        text += "".join(STUB.format(zone=zone, authority=AUTHORITY) for zone in ZONES)
        (folder / "unbound.conf").write_text(text)
        binary = shutil.copy("/usr/sbin/unbound", folder / "unbound")  # AppArmor lets the other read /etc/unbound only
        unbound = Daemon(
            "unbound",
            (str(binary), "-d", "-p", "-c", str(folder / "unbound.conf")),
            folder / "unbound.out",
            listens(Path("/proc/self/ns/net").stat().st_ino, VALIDATOR, protocol="udp"),
        )
        unbound.start()
        try:
            yield Zones(DnsResolver([f"127.0.0.1:{VALIDATOR}"], authority_port=AUTHORITY))
        finally:
            unbound.stop()
    finally:
        knot.stop()


async def read(zones: Zones, question: Question, subject: Subject = SENDER, *, validating: bool = True) -> Fact:
    async with HttpSession() as http:
        asker = Asker(zones.resolver, http, lambda: datetime.now(UTC), validating=validating)
        (fact,) = await survey([question], subject, asker)
    return fact


def of(domain: str) -> Subject:
    return Subject(domain, domain, "192.0.2.50", f"mx.{domain}")


async def test_a_signed_zone_is_authentic(zones: Zones) -> None:
    assert (await read(zones, Question.DNSSEC)).why is Why.DNSSEC_GOOD
    assert (await read(zones, Question.DANE)).why is Why.DANE_GOOD


async def test_a_plain_zone_is_not(zones: Zones) -> None:
    assert (await read(zones, Question.DNSSEC, of(PLAIN))).why is Why.NOT_SIGNED
    assert (await read(zones, Question.DANE, of(PLAIN))).why is Why.DANE_INSECURE


async def test_the_ad_bit_of_a_resolver_that_nobody_trusts_proves_nothing(zones: Zones) -> None:
    assert (await read(zones, Question.DNSSEC, validating=False)).state is State.UNKNOWN
    assert (await read(zones, Question.DANE, validating=False)).state is State.UNKNOWN


async def test_spf_passes_in_one_zone_and_fails_in_the_other(zones: Zones) -> None:
    assert (await read(zones, Question.SPF)).why is Why.SPF_PASSES
    fact = await read(zones, Question.SPF, of(PLAIN))
    assert (fact.state, fact.why) == (State.BAD, Why.SPF_FAILS)
    assert fact.servers == (f"127.0.0.1:{VALIDATOR}", f"127.0.0.1:{AUTHORITY}")


async def test_a_resolver_that_refuses_or_is_silent_accuses_nobody(
    zones: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probes.standing.asking.LOOKUP_TIMEOUT", 1.0)
    for domain in ("refused.example", "silent.example"):
        for question in (Question.SPF, Question.DMARC, Question.BOUNCES, Question.HELO):
            assert (await read(zones, question, of(domain))).state is State.UNKNOWN, (domain, question)


async def test_a_signed_answer_keeps_its_records_apart_from_its_signatures(zones: Zones) -> None:
    found = await zones.resolver.lookup("sender.example", "TXT", timeout=2)
    assert isinstance(found, DnsAnswer)
    assert (found.records, found.authentic, found.ttl <= 60) == (("v=spf1 ip4:192.0.2.50 -all",), True, True)
