"""The end of a wide outage: companies that are not probed again yet are waited for, and nobody hears of them anew."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from monitor.incidents.incident import IncidentEvent, Resolution, Scope, Severity
from monitor.incidents.settings import IncidentSettings
from tests.support.outage_simulation import MINUTE, Outage, turns
from tests.support.verdict_score import CODE, INVITATION, RESET, Day, path_at

BEGINS, ENDS = 60, 180  # minutes
KNOWN = ENDS + 60  # by then the last one that was lost is missing


def stopped(letter: str, ends: float = ENDS, broken: frozenset[int] = frozenset()) -> Callable[[int, float], str]:
    """All are stopped at once and mended at once, but for those that stay broken."""

    def of(number: int, minute: float) -> str:
        fails = minute >= BEGINS and (minute < ends or number in broken)
        return letter if fails else "i"

    return of


def recovered(outage: Outage) -> set[str]:
    return {each.id for each in outage.day.incidents.values() if each.ending is Resolution.RECOVERED}


@pytest.mark.parametrize("companies", [40, 1000])
@pytest.mark.parametrize("letter", ["d", "b", "?"])
def test_all_at_once_and_all_well_at_once_is_one_end_and_nothing_else(companies: int, letter: str) -> None:
    outage = Outage(companies, stopped(letter), look=MINUTE if companies < 100 else 5 * MINUTE)
    outage.run(ENDS)
    (incident,) = outage.day.open
    assert len(incident.touches) == companies
    outage.run(ENDS + 31)
    assert outage.day.open == [], "two good probes are enough, also where what was lost before is known an hour later"
    outage.run(ENDS + 180)
    assert outage.day.open == []
    for channel in ("pager", "chat"):
        assert outage.news(channel, since=ENDS) == ["resolved"], turns(outage)
    assert recovered(outage) == {incident.id}
    assert outage.news("c7_it")[-1:] == (["resolved"] if letter != "?" else [])


def test_it_is_the_same_where_the_probes_come_as_fast_as_in_the_sandbox() -> None:
    """Settled in a fifteenth of the time between two probes, as by default."""
    settings = IncidentSettings(settle=timedelta(seconds=4))
    outage = Outage(40, stopped("d", ends=100), settings=settings, every=MINUTE, look=timedelta(seconds=1))
    outage.run(110)
    assert outage.news(since=100) == ["resolved"]
    assert outage.day.open == []


def test_while_it_recovers_it_says_how_many_are_left() -> None:
    outage = Outage(40, stopped("d"))
    outage.run(ENDS + 26)
    (incident,) = outage.day.open
    assert incident.recovering
    assert (len(incident.touches), len(incident.companies), incident.scope) == (10, 40, Scope.EVERYBODY)
    assert outage.news(since=ENDS) == []
    outage.run(ENDS + 60)
    (over,) = outage.day.incidents.values()
    assert (over.recovering, over.ending) == (False, Resolution.RECOVERED)


@pytest.mark.parametrize(
    ("what", "letter", "broken", "told", "scope", "subject"),
    [
        ("some for reasons of their own", "d", {3, 8, 21}, ["narrowed"], Scope.COMPANY, "+"),
        ("also where it is known late", "b", {3, 8, 21}, ["narrowed"], Scope.COMPANY, "+"),
        ("one", "d", {8}, ["narrowed"], Scope.COMPANY, "c8"),
        ("all of one mail system", "d", {*range(0, 40, 4)}, ["narrowed"], Scope.MAIL_SYSTEM, "@m365"),
        ("half of them: it is as wide as it was", "d", {*range(0, 40, 2)}, [], Scope.EVERYBODY, "*"),
        ("we cannot look at some", "?", {3, 8, 21}, ["narrowed"], Scope.OURSELVES, "+"),
        ("we cannot look at one", "?", {8}, ["narrowed"], Scope.OURSELVES, "c8"),
    ],
)
def test_what_still_fails_goes_on_as_the_same_incident(
    what: str, letter: str, broken: set[int], told: list[str], scope: Scope, subject: str
) -> None:
    outage = Outage(40, stopped(letter, broken=frozenset(broken)))
    outage.run(ENDS)
    (before,) = outage.day.open
    outage.run(KNOWN + 60)
    (incident,) = outage.day.open
    assert (incident.id, incident.scope, incident.subject) == (before.id, scope, subject), what
    assert set(incident.touches) == {f"c{number}" for number in broken}
    assert outage.news(since=ENDS) == outage.news("chat", since=ENDS) == told
    outage.letter = lambda number, minute: "i"
    outage.run(KNOWN + 180)
    assert outage.news(since=ENDS) == [*told, "resolved"]
    assert recovered(outage) == {before.id}


def test_what_is_left_says_who_and_accuses_nobody_of_what_was_everybody_s() -> None:
    outage = Outage(40, stopped("d", broken=frozenset({3, 8})))
    outage.run(ENDS + 60)
    notice = outage.last("pager")
    assert notice.title == "[PAGE] Mostly resolved: 2 of 40 companies: sign-in codes are blocked (IP address)"
    assert "38 of 40 companies recovered. Still failing: Company 3, Company 8." in notice.text
    assert "affected at once, so" not in notice.text
    assert "Several at once" not in notice.text


def test_a_company_s_own_people_hear_that_it_is_over_when_it_is_over_for_them() -> None:
    outage = Outage(40, stopped("d", broken=frozenset({3})))
    outage.run(ENDS + 60)
    assert outage.news("c7_it") == ["opened", "resolved"]
    assert outage.news("pager", since=ENDS) == ["narrowed"]


def test_a_check_that_is_never_probed_again_does_not_keep_it_recovering_for_ever() -> None:
    outage = Outage(40, stopped("d"))
    outage.run(ENDS)
    outage.stopped = frozenset({5})
    outage.run(ENDS + 60)
    assert outage.day.only().recovering
    outage.run(ENDS + 150)
    incident = outage.day.only()
    assert (incident.recovering, incident.touches, incident.without_result) == (False, ("c5",), ("c5",))
    assert outage.news(since=ENDS) == ["narrowed"]
    said = "39 of 40 companies recovered. Not tested since the others recovered: Company 5."
    assert said in outage.last("pager").text


def test_a_second_outage_during_the_recovery_is_the_same_one() -> None:
    def twice(number: int, minute: float) -> str:
        return "d" if BEGINS <= minute < ENDS or ENDS + 20 <= minute < ENDS + 80 else "i"

    outage = Outage(40, twice)
    outage.run(ENDS + 300)
    assert outage.news(since=ENDS) == ["resolved"], turns(outage)
    assert len(outage.day.incidents) == 1


def test_an_outage_that_comes_back_while_few_are_left_is_the_same_one() -> None:
    """Three quarters had two good probes when it stops again."""

    def twice(number: int, minute: float) -> str:
        return "d" if BEGINS <= minute < ENDS or ENDS + 27 <= minute < ENDS + 90 else "i"

    outage = Outage(40, twice)
    outage.run(ENDS + 300)
    assert outage.news(since=ENDS) == ["resolved"], turns(outage)
    assert len({each.id for each in outage.day.incidents.values()}) == 1


def test_one_lucky_probe_among_those_that_fail_begins_no_recovery() -> None:
    def lucky(number: int, minute: float) -> str:
        return "i" if minute < BEGINS or (minute < ENDS and int(minute / 15) % 4 == 0) or minute >= ENDS else "d"

    outage = Outage(40, lucky)
    outage.run(ENDS - 1)
    assert not outage.day.only().recovering
    assert set(outage.news()) <= {"opened", "grew"}


def test_a_company_that_begins_to_fail_while_the_others_recover_is_news() -> None:
    def other(number: int, minute: float) -> str:
        if number == 39:
            return "c" if minute >= ENDS + 15 else "i"
        return stopped("d")(number, minute)

    outage = Outage(40, other)
    outage.run(ENDS + 120)
    assert sorted(outage.news(since=ENDS)) == ["opened", "resolved"]
    assert outage.day.only().company == "c39"


@pytest.mark.parametrize("letter", ["d", "b", "?"])
@pytest.mark.parametrize("companies", [40, 100])
def test_restarts_in_the_middle_change_nothing(letter: str, companies: int) -> None:
    outage = Outage(companies, stopped(letter))
    outage.run(ENDS)
    for minute in range(ENDS + 1, ENDS + 90, 3):
        outage.run(minute)
        outage.day.restart()
    outage.run(ENDS + 120)
    assert outage.news(since=ENDS) == ["resolved"], turns(outage)
    assert len(recovered(outage)) == 1


def test_a_stop_for_hours_during_the_recovery_makes_nobody_unheard_of() -> None:
    outage = Outage(40, stopped("d"))
    outage.run(ENDS + 26)
    assert outage.day.only().recovering
    outage.be_stopped(240)
    outage.run(ENDS + 330)
    assert outage.news(since=ENDS) == ["resolved"], turns(outage)


# ---- known late -----------------------------------------------------------------------------------------------------


def test_one_that_was_lost_before_it_was_mended_opens_nothing_when_it_is_known() -> None:
    """One probe was lost; four came since. Two in a row are told: see `test_intermittent`."""
    outage = Outage(5, lambda number, minute: "b" if number == 2 and 55 <= minute < 70 else "i")
    outage.run(240)
    assert outage.told == []
    assert outage.day.incidents == {}


def test_every_second_one_that_is_lost_is_seen_though_only_good_ones_are_known_of_the_last_hour() -> None:
    outage = Outage(5, lambda number, minute: "b" if number == 2 and int(minute / 15) % 2 else "i")
    outage.run(600)
    assert [news for news in outage.news() if news != "reminder"] == ["opened"], turns(outage)
    assert outage.day.only().company == "c2"


# ---- in the small ---------------------------------------------------------------------------------------------------


def test_one_company_recovers_kind_by_kind_and_path_by_path_as_one_incident() -> None:
    lines = [("acme", path, kind) for path in ("north", "south") for kind in (CODE, RESET, INVITATION)]
    day = Day(tuple(path_at("acme", path, (CODE, RESET, INVITATION)) for path in ("north", "south")))
    day.play(dict.fromkeys(lines, "ddd"))
    before = day.only()
    for well in range(1, len(lines)):
        after = day.play({line: "ii" if number < well else "dd" for number, line in enumerate(lines)})
        assert (day.only().id, day.only().scope) == (before.id, before.scope)
        assert {entry.turn for each in after for entry in each.entries} <= {IncidentEvent.SEVERITY_CHANGED}
    assert day.only().severity is Severity.TICKET
    day.play(dict.fromkeys(lines, "ii"))
    assert day.open == []
    assert list(day.incidents) == [before.id]
