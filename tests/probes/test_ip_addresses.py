"""Which addresses count as one."""

import pytest

from probes.ip_addresses import ADDRESS, CLIENT, CUSTOMER, NEIGHBOURS, OPERATOR, PrefixLengths, block_of, parse_ip

V4, MAPPED, V6, LINK = "192.0.2.77", "::ffff:192.0.2.77", "2001:DB8:1:2:3::4", "fe80::1%eth0"


@pytest.mark.parametrize(
    ("lengths", "ipv4", "ipv6", "link_local"),
    [
        (ADDRESS, "192.0.2.77", "2001:db8:1:2:3::4", "fe80::1"),
        (CLIENT, "192.0.2.77", "2001:db8:1:2::/64", "fe80::/64"),
        (CUSTOMER, "192.0.2.77", "2001:db8:1::/48", "fe80::/48"),
        (NEIGHBOURS, "192.0.2.0/24", "2001:db8:1::/48", "fe80::/48"),
        (OPERATOR, "192.0.2.0/24", "2001:db8:1:2::/64", "fe80::/64"),
    ],
)
def test_the_block_of_an_address(lengths: PrefixLengths, ipv4: str, ipv6: str, link_local: str) -> None:
    assert [block_of(each, lengths) for each in (V4, MAPPED, V6, LINK)] == [ipv4, ipv4, ipv6, link_local]


@pytest.mark.parametrize("lengths", [ADDRESS, CLIENT, CUSTOMER, NEIGHBOURS, OPERATOR])
@pytest.mark.parametrize("text", ["", "unknown", "192.0.2.300", "192.0.2.0/24"])
def test_what_is_no_address_is_its_own_block(text: str, lengths: PrefixLengths) -> None:
    assert parse_ip(text) is None
    assert block_of(text, lengths) == text
    assert block_of("no address" * 100, lengths) == ("no address" * 100)[:64]
