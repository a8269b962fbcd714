"""Two losses that two of the last three never show: now and then for a day, and all of it for less than an hour."""

from datetime import timedelta

import pytest

from monitor.incidents.history import INTERMITTENT
from monitor.incidents.incident import Nature, Reason, Resolution, Severity
from monitor.notices.context import context_of
from monitor.notices.headline import headline
from monitor.notices.notice import NoticeKind
from tests.support.notice_samples import notice_request, text
from tests.support.outage_simulation import Outage, turns
from tests.support.verdict_score import CODE, QUARTER, Day, path_at

LINE = ("acme", "hq", CODE)


def played(score: str) -> Day:
    day = Day((path_at("acme"),))
    day.play({LINE: score})
    return day


def said(day: Day) -> str:
    return headline(context_of(notice_request(day.only(), companies={})))


# ---- now and then ---------------------------------------------------------------------------------------------------


def test_the_limit() -> None:
    limit = INTERMITTENT
    assert (limit.bad_probes, limit.of_last_probes, limit.ends_at_bad_probes) == (6, 20, 2)


@pytest.mark.parametrize(
    ("what", "score", "opens"),
    [
        ("one of three", "bii" * 6, True),
        ("six of twenty, far apart", "biibiiibiiibiiibiiib", True),
        ("five of twenty", "biiibiiibiiibiiibiii", False),
        ("two of twenty", "iiiibiiiiiiiiibiiiii", False),
        ("two of each twenty, for days", ("iiiibiiiiiiiiibiiiii") * 6, False),
        ("six of more than twenty", "biiii" * 6, False),
        ("a lookout that fails now and then is no loss of mail", "?ii" * 8, False),
    ],
)
def test_what_is_lost_now_and_then(what: str, score: str, opens: bool) -> None:
    assert bool(played(score).open) is opens, what


def test_it_is_a_ticket_that_says_how_often() -> None:
    day = played("bii" * 6)
    incident = day.only()
    assert (incident.nature, incident.severity) == (Nature.MAIL, Severity.TICKET)
    assert said(day) == ("acme: sign-in codes are accepted but missing (cause unknown), intermittent: 6 of 18 probes")
    assert "the incident closes when at most 2 of the last 20 probes fail" in text(
        notice_request(incident, companies={})
    )
    assert incident.began_at == day.shown[0].launched_at


def test_it_is_over_when_few_are_left_and_not_before() -> None:
    """Hysteresis: what goes below the limit and above it again is one incident, told once."""
    day = played("bii" * 7)
    day.play({LINE: "i" * 4})
    assert len(day.open) == 1
    day.play({LINE: "bii" * 3})
    assert len(day.open) == 1
    before = day.only().id
    day.play({LINE: "i" * 20})
    assert day.open == []
    assert day.incidents[before].ending is Resolution.RECOVERED
    assert len(day.incidents) == 1
    assert "at most 2 of the last 20 probes failed" in text(
        notice_request(day.incidents[before], NoticeKind.RESOLVED, companies={})
    )


def test_an_outage_that_is_over_leaves_nothing_of_the_kind() -> None:
    """The opposite: ten in a row were told as what they were, and two good ones end it."""
    day = played("b" * 10 + "ii")
    assert day.open == []
    day.play({LINE: "i" * 10 + "b" + "i" * 5})
    assert day.open == []


def test_an_outage_in_the_middle_is_a_page_and_then_a_ticket_again() -> None:
    day = played("bii" * 6 + "bbb")
    assert day.only().severity is Severity.PAGE
    day.play({LINE: "ii"})
    assert (day.only().severity, len(day.incidents)) == (Severity.TICKET, 1)


def test_a_control_that_gets_through_in_between_accuses_nobody() -> None:
    """Two of three of the sender's get through as well."""
    day = Day((path_at("acme"),))
    for _ in range(7):
        for letter in "bii":
            day.judge(letter)
            day.control("i")
            day.settle()
            day.now += QUARTER
    assert day.only().reason is Reason.NOT_COMPARED


def test_a_restart_forgets_nothing_of_it() -> None:
    day = played("bii" * 6 + "iiii")
    (before,) = day.open
    day.restart()
    day.settle()
    assert [(each.id, each.severity) for each in day.open] == [(before.id, Severity.TICKET)]
    day.play({LINE: "i" * 20})
    assert day.open == []


# ---- all of it, for a short time ------------------------------------------------------------------------------------


def lost(number: int, begin: float, end: float, letter: str = "b") -> Outage:
    return Outage(5, lambda n, minute: letter if n == number and begin <= minute < end else "i")


@pytest.mark.parametrize("minutes", [30, 45, 59])
def test_all_that_was_lost_in_less_than_an_hour_is_told_once_it_is_known(minutes: int) -> None:
    outage = lost(2, 55, 55 + minutes)
    outage.run(400)
    assert outage.news() == ["opened", "resolved"], list(turns(outage))
    (incident,) = outage.day.incidents.values()
    assert (incident.company, incident.severity) == ("c2", Severity.TICKET), "nobody is woken for what is over"
    first, last = (notice for _, to, notice in outage.told if to == "pager")
    assert "This became known only now; mail sent since 2026-11-23" in first.text
    assert last.title.startswith(("Resolved after 30 min", "Resolved after 45 min", "Resolved after 1 h:")), last.title


def test_one_alone_is_chance() -> None:
    outage = lost(2, 55, 70)
    outage.run(400)
    assert outage.told == []


def test_what_was_known_while_it_lasted_ends_as_ever() -> None:
    outage = lost(2, 60, 200)
    outage.run(215 + 15 + 5)
    assert outage.day.open == []
    outage.run(500)
    assert outage.news() == ["opened", "resolved"], list(turns(outage))


def test_of_many_nobody_is_woken_either() -> None:
    outage = Outage(12, lambda n, minute: "b" if 60 <= minute < 100 else "i")
    outage.run(400)
    assert "c7_it" in {to for _, to, _ in outage.told}
    assert {notice.labels["severity"] for _, _, notice in outage.told} == {"ticket"}
    assert outage.day.open == []


def test_a_restart_in_between_tells_it_no_second_time() -> None:
    outage = lost(2, 55, 100)
    for minute in range(100, 400, 7):
        outage.run(minute)
        outage.day.restart()
    assert outage.news() == ["opened", "resolved"], list(turns(outage))
    assert outage.day.now > outage.start + timedelta(hours=6)


def test_now_and_then_at_several_companies_is_no_word_against_the_sender() -> None:
    names = ("acme", "bolt", "cork")
    day = Day(tuple(path_at(name) for name in names))
    day.play({(name, "hq", CODE): "bii" * 7 for name in names})
    assert all(each.severity is Severity.TICKET for each in day.open)
    assert not [each for each in day.open if "affected at once, so" in text(notice_request(each, companies={}))]
