"""What the DNS says, what it does not say, and what is made of both. On a real name server, on loopback."""

import random
import socket
import time
from pathlib import Path

import pytest

from probes.answer import Fault
from probes.resolver import MAX_ADDRESSES, MAX_HOSTS, MAX_RECORDS, DnsResolver, MailHost, Unresolved
from tests.support.nameserver import Records, name_server

SLACK = 1.5  # seconds that a busy machine may add
HOSTS_FILE = """# a list
::1 localhost
127.0.0.1\tlocalhost here
192.0.2.99 both.example
rubbish both.example
#192.0.2.1 commented.example
"""
A = {("mx1.acme.example", "A"): ["192.0.2.1"], ("mx2.acme.example", "A"): ["192.0.2.2"]}


@pytest.mark.parametrize(
    ("records", "hosts"),
    [
        (
            {("acme.example", "MX"): ["20 mx2.acme.example.", "10 MX1.acme.example."], **A},
            [("mx1.acme.example", ["192.0.2.1"]), ("mx2.acme.example", ["192.0.2.2"])],
        ),
        (
            {("acme.example", "MX"): ["10 mx2.acme.example.", "10 mx1.acme.example."], **A},  # equal: by name
            [("mx1.acme.example", ["192.0.2.1"]), ("mx2.acme.example", ["192.0.2.2"])],
        ),
        (
            {("acme.example", "MX"): ["10 mx1.acme.example."], ("mx1.acme.example", "AAAA"): ["2001:db8::1"], **A},
            [("mx1.acme.example", ["192.0.2.1", "2001:db8::1"])],
        ),
        (
            {("acme.example", "MX"): ["10 gone.acme.example.", "20 mx2.acme.example."], **A},
            [("gone.acme.example", []), ("mx2.acme.example", ["192.0.2.2"])],
        ),
        (
            {("acme.example", "MX"): ["10 mx1.acme.example."], ("mx1.acme.example", "AAAA"): "SERVFAIL", **A},
            [("mx1.acme.example", ["192.0.2.1"])],
        ),
        (
            {
                ("acme.example", "MX"): ["10 mx1.acme.example."],
                ("mx1.acme.example", "A"): ["0.0.0.0", "224.0.0.1", "192.0.2.9"],
            },
            [("mx1.acme.example", ["192.0.2.9"])],
        ),
        (
            {("acme.example", "MX"): ["5 bad\\032name.example.", "5 .", "10 mx1.acme.example."], **A},
            [("mx1.acme.example", ["192.0.2.1"])],
        ),
        ({("acme.example", "A"): ["192.0.2.7"]}, [("acme.example", ["192.0.2.7"])]),  # no MX: the domain itself
    ],
)
async def test_the_hosts_of_a_domain(records: Records, hosts: list[tuple[str, list[str]]]) -> None:
    async with name_server(records) as dns:
        found = await DnsResolver([dns.where]).mail_hosts("acme.example", timeout=3.0)
    assert found == tuple(MailHost(name, tuple(addresses)) for name, addresses in hosts)


@pytest.mark.parametrize(
    ("records", "fault", "says"),
    [
        ({}, Fault.DOMAIN_UNKNOWN, "acme.example does not exist"),
        ({("acme.example", "MX"): ["0 ."]}, Fault.DOMAIN_UNKNOWN, "null MX"),
        ({("acme.example", "TXT"): ["x"]}, Fault.DOMAIN_UNKNOWN, "acme.example has no address"),
        ({("acme.example", "MX"): ["10 gone.acme.example."]}, Fault.DOMAIN_UNKNOWN, "gone.acme.example does not exist"),
        ({("acme.example", "MX"): "SERVFAIL"}, Fault.LOOKUP_FAILED, "could tell MX of acme.example: SERVFAIL"),
        ({("acme.example", "MX"): "REFUSED"}, Fault.LOOKUP_FAILED, "REFUSED"),
        ({("acme.example", "MX"): "GARBAGE"}, Fault.LOOKUP_FAILED, "MX of acme.example"),
        ({("acme.example", "MX"): "SILENCE"}, Fault.LOOKUP_FAILED, "no name server answered for MX of acme.example"),
        (
            {("acme.example", "MX"): ["10 mx1.acme.example."], ("mx1.acme.example", "A"): "SERVFAIL"},
            Fault.LOOKUP_FAILED,
            "A of mx1.acme.example",
        ),
        (  # the one address we could use is the one that nobody told
            {
                ("acme.example", "MX"): ["10 mx1.acme.example."],
                ("mx1.acme.example", "A"): "SERVFAIL",
                ("mx1.acme.example", "AAAA"): ["2001:db8::1"],
            },
            Fault.LOOKUP_FAILED,
            "A of mx1.acme.example",
        ),
    ],
)
async def test_no_hosts_or_no_answer(records: Records, fault: Fault, says: str) -> None:
    async with name_server(records) as dns:
        began = time.monotonic()
        found = await DnsResolver([dns.where]).mail_hosts("acme.example", timeout=0.4)
    assert isinstance(found, Unresolved)
    assert found.fault is fault
    assert says in found.text
    assert time.monotonic() - began < 0.4 + SLACK


@pytest.mark.parametrize(
    "domain", ["", "a..b", "x" * 64 + ".example", ".".join(["abcdefghi"] * 26), "\udcff.example", "a b"]
)
async def test_what_is_no_domain_is_no_crash(domain: str) -> None:
    async with name_server({}) as dns:
        assert isinstance(await DnsResolver([dns.where]).mail_hosts(domain, timeout=0.4), Unresolved)


async def test_equal_hosts_take_turns_where_chance_is_given() -> None:
    names = [f"mx{n}.acme.example" for n in range(5)]
    records = {("acme.example", "MX"): [f"10 {name}." for name in names] + ["5 best.acme.example."]}
    records |= {(name, "A"): ["192.0.2.1"] for name in [*names, "best.acme.example"]}
    async with name_server(records) as dns:
        resolver = DnsResolver([dns.where], rng=random.Random(7))
        orders = [await resolver.mail_hosts("acme.example", timeout=3.0) for _ in range(20)]
    assert not any(isinstance(order, Unresolved) for order in orders)
    named = [[host.name for host in order] for order in orders if not isinstance(order, Unresolved)]
    assert {order[0] for order in named} == {"best.acme.example"}
    assert {order[1] for order in named} == set(names)


async def test_a_domain_with_a_thousand_hosts_is_cut() -> None:
    names = [f"mx{n:03}.acme.example" for n in range(25)]
    records = {("acme.example", "MX"): [f"{n} {name}." for n, name in enumerate(names)]}
    records |= {(name, "A"): [f"192.0.2.{n}" for n in range(1, 12)] for name in names}
    async with name_server(records) as dns:
        found = await DnsResolver([dns.where]).mail_hosts("acme.example", timeout=3.0)
    assert not isinstance(found, Unresolved)
    assert [host.name for host in found] == names[:MAX_HOSTS]
    assert all(len(host.addresses) == MAX_ADDRESSES for host in found)


async def test_an_answer_is_kept_for_its_time() -> None:
    async with name_server({("acme.example", "MX"): ["10 mx1.acme.example."], **A}) as dns:
        resolver = DnsResolver([dns.where])
        first = await resolver.mail_hosts("acme.example", timeout=3.0)
        asked = len(dns.asked)
        assert await resolver.mail_hosts("acme.example", timeout=3.0) == first
    assert ("acme.example", "MX") in dns.asked
    assert len([question for question in dns.asked[asked:] if question[1] in ("MX", "A")]) == 0


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("192.0.2.10", ("192.0.2.10",)),
        ("2001:db8::1", ("2001:db8::1",)),
        ("localhost", ("127.0.0.1", "::1")),
        ("LocalHost", ("127.0.0.1", "::1")),
        ("both.example", ("192.0.2.99",)),  # the hosts file comes first
        ("commented.example", ("192.0.2.5",)),
        ("gw.example", ("192.0.2.4", "2001:db8::4")),
    ],
)
async def test_the_addresses_of_a_host(tmp_path: Path, name: str, addresses: tuple[str, ...]) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text(HOSTS_FILE)
    records: Records = {
        ("both.example", "A"): ["192.0.2.3"],
        ("commented.example", "A"): ["192.0.2.5"],
        ("gw.example", "A"): ["192.0.2.4"],
        ("gw.example", "AAAA"): ["2001:db8::4"],
    }
    async with name_server(records) as dns:
        assert await DnsResolver([dns.where], hosts_file=hosts).addresses(name, timeout=3.0) == addresses


async def test_a_host_that_nobody_knows(tmp_path: Path) -> None:
    async with name_server({}) as dns:
        found = await DnsResolver([dns.where], hosts_file=tmp_path / "none").addresses("gw.example", timeout=3.0)
    assert found == Unresolved(Fault.DOMAIN_UNKNOWN, "gw.example does not exist")


async def test_a_name_server_that_is_not_there() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))  # and never answers
        found = await DnsResolver([f"127.0.0.1:{taken.getsockname()[1]}"]).mail_hosts("acme.example", timeout=0.3)
    assert isinstance(found, Unresolved)
    assert found.fault is Fault.LOOKUP_FAILED


@pytest.mark.parametrize("where", ["192.0.2.53", "127.0.0.1:5353", "2001:db8::53", "[::1]:5353"])
def test_a_name_server(where: str) -> None:
    DnsResolver([where])


@pytest.mark.parametrize("where", ["", "ns.example", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", "[::1]:x"])
def test_no_name_server(where: str) -> None:
    with pytest.raises(ValueError, match="must be a name server like"):
        DnsResolver([where])


ANY_TYPE: Records = {
    ("acme.example", "TXT"): ['"v=spf1 " "-all"', '"other"'],
    ("acme.example", "A"): ["192.0.2.7"],
    ("4.2.0.192.in-addr.arpa", "PTR"): ["mx.acme.example."],
    ("broken.example", "TXT"): "SERVFAIL",
    ("many.example", "TXT"): [f'"{"x" * 20}{number}"' for number in range(200)],
}


@pytest.mark.parametrize(
    ("name", "kind", "answer"),
    [
        ("acme.example", "TXT", ("other", "v=spf1 -all")),
        ("4.2.0.192.in-addr.arpa", "PTR", ("mx.acme.example.",)),
        ("acme.example", "CAA", ()),  # the name exists, and has none
        ("nowhere.example", "TXT", None),
        ("broken.example", "TXT", Fault.LOOKUP_FAILED),  # which is not the same
    ],
)
async def test_any_type_can_be_asked_for(name: str, kind: str, answer: tuple[str, ...] | Fault | None) -> None:
    async with name_server(ANY_TYPE) as dns:
        found = await DnsResolver([dns.where]).lookup(name, kind, timeout=3)
    if isinstance(found, Unresolved):
        assert found.fault is answer
    else:
        assert (tuple(sorted(found.records)) if found.exists else None) == answer


async def test_an_answer_of_very_many_records_is_cut() -> None:
    async with name_server(ANY_TYPE) as dns:
        found = await DnsResolver([dns.where]).lookup("many.example", "TXT", timeout=3)
    assert not isinstance(found, Unresolved)
    assert len(found.records) == MAX_RECORDS
