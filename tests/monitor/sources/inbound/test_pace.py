"""How many mails a client may send in a minute."""

import pytest

from monitor.sources.inbound import rate_limit
from monitor.sources.inbound.rate_limit import ClientRateLimit, block_of, client_of


def test_a_minutes_mails_at_once_and_then_as_they_come_in() -> None:
    bucket = ClientRateLimit(3)
    assert [bucket.allows("a", now) for now in (0, 0, 0, 0, 19, 20, 21, 200, 200, 200, 200)] == [
        *(True, True, True, False),
        *(False, True, False),
        *(True, True, True, False),
    ]


def test_each_client_for_itself() -> None:
    bucket = ClientRateLimit(1)
    assert [bucket.allows(client, 0) for client in "aabb"] == [True, False, True, False]


def test_no_more_clients_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_CLIENTS", 10)
    bucket = ClientRateLimit(1)
    for number in range(1000):
        bucket.allows(str(number), 0)
    assert len(bucket) == 10
    assert not bucket.allows("999", 0)


@pytest.mark.parametrize(
    ("ip", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("2001:db8::9", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_who_an_address_is(ip: str, client: str) -> None:
    assert client_of(ip) == client


@pytest.mark.parametrize(
    ("ip", "block"),
    [
        ("192.0.2.1", "192.0.2.0/24"),
        ("::ffff:192.0.2.1", "192.0.2.0/24"),
        ("2001:db8:1:ff00::1", "2001:db8:1::/48"),
        ("2001:db8:1:ffff::1", "2001:db8:1::/48"),
        ("2001:db8:2::1", "2001:db8:2::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("unknown", "unknown"),
    ],
)
def test_the_block_that_it_is_in(ip: str, block: str) -> None:
    assert block_of(ip) == block
