"""SPF: what an evaluation amounts to, by zones in memory."""

from collections.abc import Mapping

import pytest

from probes.answer import Fault
from probes.resolver import DnsAnswer, Unresolved
from probes.standing.fact import State, Why
from probes.standing.spf import assess, counted, is_wide
from probes.standing.spf_engine import SpfEvaluation, SpfResult, evaluate, needs

IP, DOMAIN = "192.0.2.50", "a.example"


async def evaluated(zone: Mapping[str, str | None], *, whole: bool = False, ip: str = IP) -> SpfEvaluation:
    """Evaluate in a zone of TXT records; None for a lookup that fails. Addresses: "A name"."""

    async def lookup(name: str, kind: str) -> DnsAnswer | Unresolved:
        key = name if kind == "TXT" else f"{kind} {name}"
        if key not in zone:
            return DnsAnswer((), exists=any(key.split()[-1] == name for key in zone))
        found = zone[key]
        return Unresolved(Fault.LOOKUP_FAILED, f"{key} failed") if found is None else DnsAnswer((found,))

    return await (needs(ip, DOMAIN, lookup) if whole else evaluate(ip, DOMAIN, "mta.a.example", lookup))


@pytest.mark.parametrize(
    ("record", "state", "why"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", State.GOOD, Why.SPF_PASSES),
        ("v=spf1 +all", State.WEAK, Why.SPF_PASSES_ALL),
        ("v=spf1 all", State.WEAK, Why.SPF_PASSES_ALL),
        ("v=spf1 ip4:128.0.0.0/1 -all", State.WEAK, Why.SPF_PASSES_WIDE),
        ("v=spf1 ptr:a.example -all", State.WEAK, Why.SPF_PASSES_PTR),
        ("v=spf1 ?all", State.BAD, Why.SPF_FAILS),
        ("v=spf1", State.BAD, Why.SPF_FAILS),
        ("v=spf1 ipv4:192.0.2.50 -all", State.BAD, Why.SPF_BROKEN),
        ("v=spf2 +all", State.BAD, Why.SPF_MISSING),
    ],
)
async def test_a_record_is(record: str, state: State, why: Why) -> None:
    names = {"PTR 50.2.0.192.in-addr.arpa": "mta.a.example.", "A mta.a.example": IP}
    done = await evaluated({DOMAIN: record, **names})
    assert ((found := assess(done, done.lookups)).state, found.why) == (state, why)


@pytest.mark.parametrize(
    ("term", "wide"),
    [
        ("ip4:192.0.0.0/15", True),
        ("ip4:192.0.0.0/16", False),
        ("+ip4:0.0.0.0/0", True),
        ("ip4:192.0.2.1", False),
        ("ip6:2001:db8::/31", True),
        ("ip6:2001:db8::/32", False),
        ("a/8", True),
        ("a:b.example/24//64", False),
        ("mx/1", True),
        ("include:x.example", False),
        ("ip4" + "/" * 4000, False),
    ],
)
def test_a_range_is_wide(term: str, wide: bool) -> None:
    assert is_wide(term) is wide


async def test_the_chain_leads_to_the_term_that_matched() -> None:
    zone = {
        DOMAIN: "v=spf1 include:x.example include:b.example -all",
        "x.example": "v=spf1 -all",
        "b.example": "v=spf1 redirect=c.example",
        "c.example": "v=spf1 ip4:192.0.2.0/24",
    }
    done = await evaluated(zone)
    assert (done.result, done.lookups) == (SpfResult.PASS, 3)
    assert done.chain == ("include:b.example", "redirect=c.example", "ip4:192.0.2.0/24")


async def test_a_record_without_an_end_is_decided_by_its_end() -> None:
    done = await evaluated({DOMAIN: "v=spf1 ip4:198.51.100.1"})
    assert (done.result, done.chain) == (SpfResult.NEUTRAL, ("the end of the record",))


def includes(count: int) -> dict[str, str]:
    wanted = " ".join(f"include:s{number}.example" for number in range(count))
    return {DOMAIN: f"v=spf1 ip4:{IP} {wanted} -all"} | {f"s{n}.example": "v=spf1 -all" for n in range(count)}


@pytest.mark.parametrize(
    ("count", "why"),
    [(7, Why.SPF_PASSES), (8, Why.SPF_NEAR_LIMIT), (10, Why.SPF_NEAR_LIMIT), (11, Why.SPF_OVER_LIMIT)],
)
async def test_lookups_are_counted_beyond_the_match(count: int, why: Why) -> None:
    done, whole = await evaluated(includes(count)), await evaluated(includes(count), whole=True)
    assert (done.lookups, whole.lookups) == (0, count)
    assert assess(done, whole.lookups).why is why


async def test_the_eleventh_lookup_breaks_the_record() -> None:
    done = await evaluated(includes(11), ip="198.51.100.9")
    assert (done.result, assess(done, 11).why) == (SpfResult.PERMERROR, Why.SPF_BROKEN)
    assert "limit" in done.reason


async def test_the_third_void_lookup_breaks_the_record() -> None:
    two = await evaluated({DOMAIN: "v=spf1 a:n1.example a:n2.example ip4:192.0.2.50"})
    three = await evaluated({DOMAIN: "v=spf1 a:n1.example a:n2.example a:n3.example ip4:192.0.2.50"})
    assert (two.result, two.voids) == (SpfResult.PASS, 2)
    assert (three.result, three.voids) == (SpfResult.PERMERROR, 3)


async def test_a_failed_lookup_that_the_rfc_forgives_leaves_the_result_unknown() -> None:
    """A `ptr` that cannot be evaluated just does not match (RFC 7208, 5.5): receivers may have seen a pass."""
    done = await evaluated({DOMAIN: "v=spf1 ptr -all", "PTR 50.2.0.192.in-addr.arpa": None})
    assert done.result is SpfResult.FAIL
    assert (found := assess(done, 1)).state is State.UNKNOWN
    assert "failed" in found.named[0]


async def test_a_pass_is_a_pass_whatever_failed_before() -> None:
    done = await evaluated({DOMAIN: "v=spf1 ptr ip4:192.0.2.50", "PTR 50.2.0.192.in-addr.arpa": None})
    assert assess(done, 1).state is State.GOOD


async def test_an_ipv6_sender_is_evaluated_too() -> None:
    zone = {DOMAIN: "v=spf1 ip6:2001:db8::/32 include:s.example -all", "s.example": "v=spf1 -all"}
    assert (await evaluated(zone, ip="2001:db8::5")).result is SpfResult.PASS
    assert (await evaluated(zone, ip="2001:db8::5", whole=True)).lookups == 1


async def test_a_failed_include_is_a_temporary_error_and_no_void_lookup() -> None:
    done = await evaluated({DOMAIN: "v=spf1 include:s.example -all", "s.example": None})
    assert (done.result, done.voids) == (SpfResult.TEMPERROR, 0)
    assert assess(done, 1).state is State.UNKNOWN


# ---- The tree -------------------------------------------------------------------------------------------------------

NESTED: Mapping[str, str | None] = {
    DOMAIN: "v=spf1 include:one.example a ip4:198.51.100.1 redirect=two.example",
    "one.example": "v=spf1 include:three.example mx ~all",
    "two.example": "v=spf1 exists:four.example -all",
    "three.example": "v=spf1 ip4:203.0.113.0/24 -all",
}


async def tree_of(zone: Mapping[str, str | None]) -> list[tuple[int, str, int]]:
    done, whole = await evaluated(zone), await evaluated(zone, whole=True)
    return [(each.depth, each.term, each.lookups) for each in counted(done, whole)]


async def test_lookups_are_counted_for_each_branch_of_the_whole_record() -> None:
    assert await tree_of(NESTED) == [
        (0, DOMAIN, 6),
        (1, "include:one.example", 3),
        (2, "include:three.example", 1),
        (2, "mx", 1),
        (1, "a", 1),
        (1, "redirect=two.example", 2),
        (2, "exists:four.example", 1),
    ]
    records = {each.term: each.record for each in (await evaluated(NESTED, whole=True)).tree}
    assert records[DOMAIN] == NESTED[DOMAIN]
    assert (records["redirect=two.example"], records["a"]) == (NESTED["two.example"], "")


async def test_a_record_that_passes_early_or_fails_is_counted_all_the_same() -> None:
    for end in (f"ip4:{IP} include:one.example", "include:one.example"):
        assert (await tree_of({**NESTED, DOMAIN: f"v=spf1 {end} -all"}))[0] == (0, DOMAIN, 3)


async def test_a_record_over_the_limit_is_counted_to_its_end() -> None:
    zone = {DOMAIN: "v=spf1 " + " ".join(f"a:h{number}.example" for number in range(12)) + " -all"}
    done = await evaluated(zone)
    assert assess(done, 12).why is Why.SPF_BROKEN
    assert (await tree_of(zone))[0] == (0, DOMAIN, 12)


@pytest.mark.parametrize("zone", [{**NESTED, "three.example": None}, {**NESTED, "two.example": "v=spf1 ipv4:x"}, {}])
async def test_a_count_that_did_not_come_to_its_end_is_none(zone: Mapping[str, str | None]) -> None:
    assert await tree_of(zone) == []
