"""How many mails a client may send in a minute."""

import pytest

from monitor.sources.inbound import rate_limit
from monitor.sources.inbound.rate_limit import ClientRateLimit


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
