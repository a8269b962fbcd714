"""How often somebody may try."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.people.addresses import is_loopback, unmapped
from monitor.people.throttle import OF_A_DEVICE, OF_A_NAME, OF_AN_ADDRESS, Throttle, ThrottlePace, Tries

T0 = datetime(2026, 11, 25, tzinfo=UTC)
PACE = ThrottlePace(3, timedelta(seconds=1), timedelta(seconds=10), timedelta(minutes=5), 4)


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def tried(times: int, pace: ThrottlePace = PACE) -> Throttle:
    """A throttle that ann tried so often at T0."""
    throttle = Throttle(pace)
    for _ in range(times):
        throttle.count("ann", T0)
    return throttle


@pytest.mark.parametrize(
    ("times", "wait"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 4), (6, 8), (7, 10), (8, 10), (5000, 10)]
)
def test_waits_grow_up_to_the_longest(times: int, wait: float) -> None:
    assert tried(times).wait("ann", T0) == timedelta(seconds=wait)


def test_a_wait_passes() -> None:
    throttle = tried(5)
    assert throttle.wait("ann", after(1)) == timedelta(seconds=3)
    assert not throttle.wait("ann", after(4))


def test_it_is_each_ones_own() -> None:
    assert not tried(100).wait("bob", T0)


def test_in_time_all_is_forgotten() -> None:
    throttle = tried(100)
    throttle.count("ann", after(301))
    assert not throttle.wait("ann", after(301))


def test_one_that_worked_does_not_count_but_those_before_do() -> None:
    throttle = tried(4)
    throttle.worked("ann")
    assert throttle.wait("ann", T0) == timedelta(seconds=1)


def test_it_can_be_forgotten() -> None:
    throttle = tried(100)
    throttle.forget("ann")
    assert not throttle.wait("ann", T0)
    throttle.forget("nobody")
    throttle.worked("nobody")


def test_a_clock_that_goes_back_locks_nobody_out_for_long() -> None:
    throttle = tried(5)
    assert throttle.wait("ann", after(-3600)) <= timedelta(hours=1, seconds=4)


def test_its_memory_has_an_end_and_who_tried_last_stays() -> None:
    throttle = tried(5)
    for number in range(100):
        throttle.count(f"name{number}", after(number / 100))
        throttle.count("ann", after(number / 100))
    assert len(throttle) == 4
    assert throttle.wait("ann", after(1))


def test_a_name_is_never_kept_out_for_long_but_an_address_is() -> None:
    assert OF_A_NAME.longest <= timedelta(minutes=1)
    assert OF_A_DEVICE.longest <= timedelta(minutes=1)
    assert OF_AN_ADDRESS.longest >= timedelta(minutes=15)


def test_whoever_waits_is_not_counted() -> None:
    tries = Tries()
    for _ in range(5):
        assert not tries.admit("ann", "192.0.2.1", T0)
    for _ in range(100):
        assert tries.admit("ann", "192.0.2.1", T0) == timedelta(seconds=2)


def test_one_who_knows_a_password_cannot_try_others_without_end() -> None:
    tries = Tries()
    for number in range(30):
        if tries.admit(f"name{number}", "192.0.2.1", T0):
            break
        if not tries.admit("mallory", "192.0.2.1", T0):
            tries.worked("mallory", "192.0.2.1")
    assert number == 20


def test_tries_of_others_for_a_name_leave_ones_own() -> None:
    tries = Tries()
    for number in range(OF_A_NAME.free // 5):
        for _ in range(6):
            tries.admit("ann", f"198.51.100.{number}", T0)
    assert tries.admit("ann", "203.0.113.1", T0) == OF_A_NAME.first, "there is a bound on guessing"
    assert not tries.admit("ann", "203.0.113.1", T0, device="known")
    assert not tries.admit("bob", "203.0.113.1", T0)


def test_who_gets_in_begins_anew_and_others_do_not() -> None:
    tries = Tries()
    for address in ("192.0.2.1", "192.0.2.2"):
        for _ in range(5):
            assert not tries.admit("ann", address, T0)
    tries.worked("ann", "192.0.2.1")
    assert not tries.admit("ann", "192.0.2.1", T0)
    assert tries.admit("ann", "192.0.2.2", T0)


def test_a_whole_network_of_ipv6_is_one() -> None:
    tries = Tries()
    for number in range(20):
        assert not tries.admit(f"name{number}", f"2001:db8::{number:x}:1", T0)
    assert tries.admit("x", "2001:db8:0:0:ffff::1", T0)
    assert not tries.admit("x", "2001:db8:0:1::1", T0)


@pytest.mark.parametrize(
    ("address", "same"),
    [("::FFFF:192.0.2.1", "192.0.2.1"), ("2001:DB8::0:1", "2001:db8::1"), ("192.0.2.1", "192.0.2.1"), ("x", "x")],
)
def test_an_address_is_written_one_way(address: str, same: str) -> None:
    assert unmapped(address) == same


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("127.0.0.1", True),
        ("127.255.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.0.2.1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_addresses_of_this_machine(address: str, here: bool) -> None:
    assert is_loopback(address) is here


def test_invented_names_make_no_persons_tries_forgotten() -> None:
    """Links with invented keys cost nothing to try, and where the proxy hides the address no other limit holds."""
    tries = Tries()
    for _ in range(OF_A_NAME.free):
        assert not tries.admit("ann", "", T0, is_person=True)
    for number in range(OF_A_NAME.most + 1):
        tries.admit(f"invitation {number}", "", T0)
    assert tries.admit("ann", "", T0, is_person=True) == OF_A_NAME.first
