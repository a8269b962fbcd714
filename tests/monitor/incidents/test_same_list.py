"""One blocklist that refuses the sender and the control at several companies: one incident, and no company's."""

import pytest

from monitor.incidents.advice import incident_advice
from monitor.incidents.incident import Nature, Reason, Resolution, Scope, Severity
from monitor.notices.context import context_of
from monitor.notices.headline import headline
from probes.answer import Answer, Stage, list_named
from probes.mailsystems.advice import Actor
from tests.support.notice_samples import notice_request, text, town
from tests.support.verdict_score import CODE, QUARTER, Day, path_at

NAMES = ("acme", "bolt", "cork")
WELL = tuple(f"c{number}" for number in range(9))


def line(company: str):
    return company, "hq", CODE


def watched(**systems: str) -> Day:
    return Day(tuple(path_at(name, mail_system=systems.get(name, "postfix")) for name in (*NAMES, *WELL)))


def play(day: Day, letters: dict[str, str], times: int = 2, well: tuple[str, ...] = WELL) -> Day:
    for _ in range(times):
        for company, letter in letters.items():
            day.judge(letter, line=line(company))
            if letter != "i":
                day.control(letter, line(company))
        for company in well:
            day.judge("i", line=line(company))
        day.settle()
        day.now += QUARTER
    return day


def test_three_companies_that_ask_one_list_are_one_incident() -> None:
    day = play(watched(), dict.fromkeys(NAMES, "z"))
    incident = day.only()
    assert (incident.nature, incident.reason, incident.scope, incident.severity) == (
        *(Nature.THEIR_SYSTEM, Reason.SAME_LIST),
        *(Scope.EVERYBODY, Severity.PAGE),
    )
    assert incident.touches == NAMES
    assert not incident.recovering
    told = notice_request(incident, companies=town(12))
    assert headline(context_of(told)).endswith(
        "3 of 15 companies: one blocklist rejects the sender and a neutral sender: it lists both, or everybody"
    )
    advice = incident_advice(incident, "")
    assert advice.actor is Actor.SENDER
    assert "127.0.0.1" in " ".join(advice.steps)
    assert "Who acts: Trimble and its mail service." in text(told)
    assert "is not known" in text(told)


@pytest.mark.parametrize(
    ("what", "letters", "incidents"),
    [
        ("two are not several", {"acme": "z", "bolt": "z"}, 2),
        ("another list", {"acme": "z", "bolt": "z", "cork": "y"}, 3),
        ("the company's own list, which has no name", {"acme": "d", "bolt": "d", "cork": "d"}, 3),
        ("something else", {"acme": "z", "bolt": "z", "cork": "m"}, 3),
    ],
)
def test_what_is_not_one_list(what: str, letters: dict[str, str], incidents: int) -> None:
    day = play(watched(), letters)
    assert len(day.open) == incidents, what
    assert all(each.company for each in day.open)


def test_another_trouble_at_another_company_does_not_join_it() -> None:
    day = play(watched(), dict.fromkeys(NAMES, "z"))
    play(day, {**dict.fromkeys(NAMES, "z"), "c1": "m"}, well=WELL[2:])
    assert {(each.subject, len(each.touches)) for each in day.open} == {("*", 3), ("c1", 1)}


def test_a_fourth_company_with_the_list_does() -> None:
    day = play(watched(), dict.fromkeys(NAMES, "z"))
    play(day, {**dict.fromkeys(NAMES, "z"), "c1": "z"}, well=WELL[2:])
    assert day.only().touches == (*NAMES, "c1")


def test_it_ends_as_one() -> None:
    day = play(watched(), dict.fromkeys(NAMES, "z"))
    play(day, dict.fromkeys(NAMES, "i"), times=3)
    assert day.open == []
    assert [each.ending for each in day.incidents.values() if each.scope is Scope.EVERYBODY] == [Resolution.RECOVERED]


def test_of_one_vendors_companies_it_is_the_vendors_list() -> None:
    day = watched(**dict.fromkeys(NAMES, "m365"))
    play(day, dict.fromkeys(NAMES, "z"))
    assert (day.only().scope, day.only().mail_system) == (Scope.MAIL_SYSTEM, "m365")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "zen.spamhaus.org"),
        ("Blocked - see https://www.spamcop.net/bl.shtml?192.0.2.1", "spamcop.net"),
        ("Listed at Zen.Spamhaus.Org; see https://check.spamhaus.org/query/ip/192.0.2.1", "zen.spamhaus.org"),
        ("[192.0.2.1] is on our list", ""),
        ("", ""),
    ],
)
def test_which_list_an_answer_names(text: str, name: str) -> None:
    assert list_named(Answer(Stage.RCPT, 554, "5.7.1", text)) == name
