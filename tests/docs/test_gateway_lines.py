"""The lines for a company's gateway: the documentation has those that the set-up pages show."""

from pathlib import Path

import pytest

from probes.routes.gateway_setup import GATEWAY_SETUP, FitRank, GatewayNames, route_fits

ROOT = Path(__file__).parents[2]
NAMES = GatewayNames("192.0.2.10", "10525", "192.0.2.25")


@pytest.mark.parametrize("page", ["README.md", "docs/start/first-company.md"])
def test_the_documentation_shows_the_same_listener(page: str) -> None:
    text = " ".join((ROOT / page).read_text().split())
    (postfix,) = (row for row in GATEWAY_SETUP if (row.via, row.product) == ("xclient", "Postfix"))
    assert " ".join(NAMES.filled(postfix.script.text).split()) in text
    assert postfix.script.file in text
    assert postfix.script.then in text


def test_an_ipv6_listener_is_in_brackets() -> None:
    assert GatewayNames("2001:db8::1", "25").filled("{listen} {host}") == "[2001:db8::1]:25 2001:db8::1"


@pytest.mark.parametrize(
    ("chain", "has", "first", "unlikely"),
    [
        (("postfix",), (), "xclient", {"direct", "scan"}),
        (("exim",), (), "proxy", {"direct", "scan", "xclient"}),
        (("mailcow",), (), "xclient", {"direct"}),
        (("m365",), (), "relay", {"direct", "scan", "xclient", "proxy"}),
        (("m365",), ("relay",), "relay", {"direct", "scan", "xclient", "proxy"}),
        (("m365",), ("source_ip",), "direct", {"scan", "xclient", "proxy"}),
        (("postfix", "m365"), (), "xclient", {"direct", "scan"}),
        (("unknown",), (), "relay", {"direct", "scan"}),
        (("other:gatehouse",), (), "relay", {"direct", "scan"}),
    ],
)
def test_the_routes_that_suit_a_company_come_first(
    chain: tuple[str, ...], has: tuple[str, ...], first: str, unlikely: set[str]
) -> None:
    fits = route_fits(chain, has_source_ip="source_ip" in has, has_relay="relay" in has, source_ip="104.130.122.50")
    assert fits[0].via == first
    assert {each.via for each in fits if each.rank is FitRank.UNLIKELY} == unlikely
    assert len(fits) == 5
