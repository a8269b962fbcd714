"""The end of a wide outage: those that are not probed again yet are waited for, and nobody hears of them anew."""

from datetime import timedelta

import pytest

from monitor.incidents.incident import Ending, Scope, Turn
from monitor.incidents.settings import IncidentSettings
from tests.monitor.incidents.outage import MINUTE, Outage, turns

BEGINS, ENDS = 60, 180  # minutes


def stopped(letter: str, ends: float = ENDS, broken: frozenset[int] = frozenset()):
    """All are stopped at once and mended at once, but for those that stay broken."""

    def of(number: int, minute: float) -> str:
        fails = minute >= BEGINS and (minute < ends or number in broken)
        return letter if fails else "i"

    return of


@pytest.mark.parametrize("companies", [40, 1000])
@pytest.mark.parametrize("letter", ["d", "b", "c", "?"])
def test_all_at_once_and_all_well_at_once_is_one_page_and_one_end(companies, letter):
    outage = Outage(companies, stopped(letter), look=MINUTE * (1 if companies < 100 else 5))
    outage.run(ENDS)
    (incident,) = outage.day.open
    assert len(incident.touches) == companies
    outage.run(ENDS + 180)
    assert outage.day.open == [], turns(outage)
    assert outage.news(since=ENDS) == ["resolved"], turns(outage)
    assert outage.news("chat", since=ENDS) == ["resolved"]
    assert {each.id for each in outage.day.incidents.values() if each.ending is Ending.RECOVERED} == {incident.id}
    assert outage.news("c7_it") == (["opened", "resolved"] if letter != "?" else [])
