"""Which refused sign-ins the audit log tells: one row, one try, and what is told of it."""

from datetime import UTC, datetime, timedelta

from monitor.people.refusals import MANY_ADDRESSES, MAX_ADDRESSES, Refusals

EIGHT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def told(
    refusals: Refusals, tries: int, address: str = "198.51.100.1", at: datetime = EIGHT, who: str = "ann"
) -> list[str]:
    """What is told of so many tries."""
    found = [refusals.count(who, address, at) for _ in range(tries)]
    return [each for each in found if each]


def test_the_first_is_told_and_then_how_many_there_were() -> None:
    assert told(Refusals(), 12_345) == [
        "from 198.51.100.1",
        "from 198.51.100.1, 10 times since 08:00 UTC",
        "from 198.51.100.1, 100 times since 08:00 UTC",
        "from 198.51.100.1, 1,000 times since 08:00 UTC",
        "from 198.51.100.1, 10,000 times since 08:00 UTC",
    ]


def test_each_hour_begins_anew() -> None:
    refusals = Refusals()
    assert told(refusals, 2, at=EIGHT + timedelta(minutes=59)) == ["from 198.51.100.1"]
    assert told(refusals, 2, at=EIGHT + timedelta(minutes=60)) == ["from 198.51.100.1"]
    assert told(refusals, 2, at=EIGHT) == ["from 198.51.100.1"], "the clock was set back"


def test_each_address_and_each_person_is_told() -> None:
    refusals = Refusals()
    assert told(refusals, 2) == ["from 198.51.100.1"]
    assert told(refusals, 2, "198.51.100.2") == ["from 198.51.100.2"]
    assert told(refusals, 2, who="bob") == ["from 198.51.100.1"]


def test_a_network_of_one_client_is_one_address() -> None:
    refusals = Refusals()
    found = [each for number in range(1, 10) for each in told(refusals, 1, f"2001:db8::{number}")]
    assert found == ["from 2001:db8::1"]


def test_a_flood_from_everywhere_is_a_few_lines() -> None:
    refusals = Refusals()
    found = [
        each for number in range(20_000) for each in told(refusals, 1, f"10.0.{number // 250}.{number % 250}", who="x")
    ]
    assert len(found) == MAX_ADDRESSES + 5
    assert found[-1] == f"from {MANY_ADDRESSES}, 10,000 times since 08:00 UTC"
    assert told(refusals, 1, "192.0.2.1") == ["from 192.0.2.1"], "what is tried for others hides nothing"
