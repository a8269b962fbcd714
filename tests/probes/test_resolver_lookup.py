"""Lookups past the cache, and those of a zone's own name servers, over real sockets."""

import asyncio

import pytest

from probes.answer import Fault
from probes.resolver import MAX_LOOKUPS, DnsAnswer, DnsResolver, Unresolved
from tests.support.nameserver import NameServer, Records, name_server

ZONE: Records = {
    ("example", "NS"): ["ns.example."],
    ("ns.example", "A"): ["127.0.0.1"],
    ("a.example", "TXT"): ['"one" "two"'],
    ("alias.example", "CNAME"): ["a.example."],
    ("away.example", "CNAME"): ["b.other."],
    ("other", "NS"): ["ns.example."],
    ("b.other", "TXT"): ['"there"'],
    ("loop.example", "CNAME"): ["loop.example."],
    ("cut.example", "TXT"): "TRUNCATED",
}


def resolver(dns: NameServer, authority: NameServer | None = None) -> DnsResolver:
    return DnsResolver([dns.where], authority_port=int((authority or dns).where.rpartition(":")[2]))


@pytest.mark.parametrize("authoritative", [False, True])
async def test_an_answer_says_where_it_is_from_and_how_long_it_holds(authoritative: bool) -> None:
    async with name_server(ZONE) as dns:
        found = await resolver(dns).lookup("a.example", "TXT", timeout=2, authoritative=authoritative)
    assert found == DnsAnswer(("onetwo",), ttl=60, server=dns.where, target="a.example")


@pytest.mark.parametrize("authoritative", [False, True])
async def test_what_does_not_exist_is_an_answer(authoritative: bool) -> None:
    async with name_server(ZONE) as dns:
        there = await resolver(dns).lookup("a.example", "MX", timeout=2, authoritative=authoritative)
        nowhere = await resolver(dns).lookup("no.example", "MX", timeout=2, authoritative=authoritative)
    assert isinstance(there, DnsAnswer)
    assert isinstance(nowhere, DnsAnswer)
    assert (there.records, there.exists) == ((), True)
    assert (nowhere.records, nowhere.exists) == ((), False)


@pytest.mark.parametrize("authoritative", [False, True])
@pytest.mark.parametrize("name", ["a.example", "no.example"])
async def test_what_is_missing_says_who_denied_it_and_for_how_long(name: str, authoritative: bool) -> None:
    soa: Records = {("example", "SOA"): ["ns.example. root.example. 1 3600 600 86400 120"]}
    async with name_server({**ZONE, **soa}) as dns:
        found = await resolver(dns).lookup(name, "MX", timeout=2, authoritative=authoritative)
    assert isinstance(found, DnsAnswer)
    assert (found.records, found.ttl, found.server) == ((), 120, dns.where)  # the lesser of 3600 and 120: RFC 2308, 5


@pytest.mark.parametrize("name", ["a.example", "no.example"])
async def test_what_is_missing_without_a_reason_has_no_time_to_live(name: str) -> None:
    async with name_server(ZONE) as dns:
        found = await resolver(dns).lookup(name, "MX", timeout=2)
    assert isinstance(found, DnsAnswer)
    assert (found.ttl, found.server) == (None, dns.where)


async def test_each_lookup_asks_again() -> None:
    async with name_server(ZONE) as dns:
        asking = resolver(dns)
        for _ in range(2):
            await asking.lookup("a.example", "TXT", timeout=2)
        assert dns.asked.count(("a.example", "TXT")) == 2


async def test_the_ad_bit_is_passed_on() -> None:
    async with name_server(ZONE) as dns:
        dns.validates = True
        found = await resolver(dns).lookup("a.example", "TXT", timeout=2)
        missing = await resolver(dns).lookup("no.example", "TXT", timeout=2)
    assert isinstance(found, DnsAnswer)
    assert isinstance(missing, DnsAnswer)
    assert found.authentic
    assert missing.authentic


async def test_the_zones_own_name_server_is_asked() -> None:
    async with name_server(ZONE) as dns, name_server({("a.example", "TXT"): ['"newer"']}) as own:
        found = await resolver(dns, own).lookup("a.example", "TXT", timeout=2, authoritative=True)
    assert isinstance(found, DnsAnswer)
    assert (found.records, found.server) == (("newer",), own.where)
    assert own.asked == [("a.example", "TXT")]


async def test_an_alias_into_another_zone_is_followed_to_its_name_servers() -> None:
    own_records: Records = {("away.example", "CNAME"): ["b.other."], ("b.other", "TXT"): ['"there"']}
    async with name_server(ZONE) as dns, name_server(own_records) as own:
        found = await resolver(dns, own).lookup("away.example", "TXT", timeout=2, authoritative=True)
    assert isinstance(found, DnsAnswer)
    assert (found.records, found.target) == (("there",), "b.other")


@pytest.mark.parametrize("authoritative", [False, True])
@pytest.mark.parametrize("name", ["loop.example", "cut.example", "x..example", "ü" * 80 + ".example"])
async def test_what_cannot_be_looked_up_is_no_answer(name: str, authoritative: bool) -> None:
    async with name_server(ZONE) as dns:
        found = await resolver(dns).lookup(name, "TXT", timeout=0.5, authoritative=authoritative)
    assert isinstance(found, Unresolved)
    assert found.fault is Fault.LOOKUP_FAILED


async def test_name_servers_that_cannot_be_found_are_no_answer() -> None:
    zone: Records = {("example", "NS"): ["ns.example."], ("a.example", "TXT"): ['"x"']}
    async with name_server(zone) as dns:
        found = await resolver(dns).lookup("a.example", "TXT", timeout=1, authoritative=True)
        lost = await resolver(dns).lookup("a.nowhere", "TXT", timeout=1, authoritative=True)
    assert isinstance(found, Unresolved)
    assert "no name server of example has an address" in found.text
    assert isinstance(lost, Unresolved)
    assert "no zone found" in lost.text


async def test_lookups_wait_for_their_turn_and_their_time_begins_with_it() -> None:
    """Few at once keep the event loop free."""
    count = 3 * MAX_LOOKUPS
    records: Records = {(f"n{number}.example", "A"): ["192.0.2.1"] for number in range(count)}
    async with name_server(records) as dns:
        under_way: list[int] = []
        resolver = DnsResolver([dns.where])

        async def ask(number: int) -> DnsAnswer | Unresolved:
            found = await resolver.lookup(f"n{number}.example", "A", timeout=2)
            under_way.append(len(dns.asked) - len(under_way))
            return found

        found = await asyncio.gather(*(ask(number) for number in range(count)))
    assert all(isinstance(each, DnsAnswer) and each.records for each in found)
    assert max(under_way) <= MAX_LOOKUPS
