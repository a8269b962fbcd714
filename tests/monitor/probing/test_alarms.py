"""Who is woken when."""

from datetime import UTC, datetime, timedelta

from monitor.probing.alarms import Alarms

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_each_is_woken_once_in_the_order_of_time() -> None:
    alarms = Alarms()
    for name, seconds in (("b", 2), ("a", 1), ("c", 9)):
        alarms.set(name, at(seconds))
    assert list(alarms.due(at(0))) == []
    assert list(alarms.due(at(5))) == ["a", "b"]
    assert list(alarms.due(at(5))) == []


def test_a_later_alarm_replaces_the_earlier_one_whichever_way() -> None:
    alarms = Alarms()
    for name, first, second in (("sooner", 9, 1), ("later", 1, 9)):
        alarms.set(name, at(first))
        alarms.set(name, at(second))
    assert list(alarms.due(at(2))) == ["sooner"]
    assert list(alarms.due(at(10))) == ["later"]


def test_one_that_was_cancelled_is_not_woken() -> None:
    alarms = Alarms()
    alarms.set("a", at(1))
    alarms.cancel("a")
    alarms.cancel("nobody")
    assert list(alarms.due(at(2))) == []


def test_when_the_clock_is_set_all_wait_as_long_as_before() -> None:
    alarms = Alarms()
    alarms.set("a", at(10))
    alarms.clock_was_set(timedelta(hours=-2))
    assert list(alarms.due(at(9) - timedelta(hours=2))) == []
    assert list(alarms.due(at(10) - timedelta(hours=2))) == ["a"]
