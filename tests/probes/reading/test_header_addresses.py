"""Whom a From field names."""

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.reading.header_addresses import ADDRESSES_READ, VALUE_READ, addresses_of


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("a@b.c", ["a@b.c"]),
        ("<a@b.c>", ["a@b.c"]),
        ("Ann <a@b.c>", ["a@b.c"]),
        ('"Ann, Inc." <a@b.c>', ["a@b.c"]),
        ('"x@y.z" <a@b.c>', ["a@b.c"]),
        ('"x@y.z via \\"Q\\"" <a@b.c>', ["a@b.c"]),
        ("x@y.z via Q <a@b.c>", ["a@b.c"]),
        ("x@y.z <a@b.c>", ["a@b.c"]),
        ("a@b.c (Ann)", ["a@b.c"]),
        ("(x@y.z) a@b.c", ["a@b.c"]),
        ("Ann (a (nested) <x@y.z>) <a@b.c> (more)", ["a@b.c"]),
        ("=?utf-8?B?eEB5Lno=?= <a@b.c>", ["a@b.c"]),
        ("=?utf-8?Q?x@y.z,?= <a@b.c>", ["=?utf-8?Q?x@y.z", "a@b.c"]),  # a comma must be encoded: RFC 2047, section 5
        ("a@b.c, Dee <d@e.f>", ["a@b.c", "d@e.f"]),
        ("Team: a@b.c, <d@e.f>;", ["a@b.c", "d@e.f"]),
        ("undisclosed-recipients:;", []),
        ("<@r1.test,@r2.test:a@b.c>", ["a@b.c"]),
        ("a@[192.0.2.1]", ["a@[192.0.2.1]"]),
        ("<a@[IPv6:2001:db8::1]>", ["a@[IPv6:2001:db8::1]"]),
        ("a @ b.c", ["a@b.c"]),
        ("<>", [""]),
        ("", []),
        ("nobody", []),
        ('"a@b.c', []),
        ("(a@b.c", []),
        ("a@b.c)", []),
        ("<a@b.c", []),
        ("a@b.c>", []),
        ("<<a@b.c>>", []),
        ("<a@b.c> <d@e.f>", []),
        ("x" * VALUE_READ + " <a@b.c>", []),
        ("a@b.c," * (ADDRESSES_READ + 2), []),
    ],
)
def test_the_address_is_what_servers_take_for_it(value: str, found: list[str]) -> None:
    assert list(addresses_of(value)) == found


@given(st.text() | st.text('<>(),:;@"\\ ab.[]', max_size=200))
def test_any_value_will_do(value: str) -> None:
    assert len(addresses_of(value)) <= ADDRESSES_READ + 1


@pytest.mark.parametrize("piece", ["(", '"', "<", ",", ":", "\\", '"a" ', "()", "a@b,", " ", "[", '\\"'])
def test_hostile_values_cost_little(piece: str) -> None:
    began = perf_counter()
    addresses_of(piece * (VALUE_READ // len(piece)))
    addresses_of(piece * 1_000_000)
    assert perf_counter() - began < 0.3
