"""Where a neutral sender is stopped too: how much of a company's mail that is, and what may be said of it."""

from dataclasses import replace

import pytest

from monitor.incidents.incident import Nature, Reason, Scope, Severity
from monitor.notices.context import context_of
from monitor.notices.headline import headline
from probes.check import Check
from probes.sender import Role
from probes.verdict import Cause
from tests.support.notice_samples import notice_request, text
from tests.support.verdict_score import CODE, INVITATION, QUARTER, RESET, Day, path_at

HQ, NORTH, SOUTH = (Check("acme", path, CODE) for path in ("hq", "north", "south"))
PATHS = (path_at("acme", "north", mailbox="a"), path_at("acme", "south", mailbox="b"))


def said(day: Day) -> str:
    return headline(context_of(notice_request(day.only(), companies={})))


def both(day: Day, letter: str, *, on: tuple[Check, ...] = (NORTH,), times: int = 2, **others: str) -> None:
    """The sender and the control get this, again and again; other lines get theirs."""
    for _ in range(times):
        for line in on:
            day.judge(letter, line=line)
            day.control(letter, line)
        for path, other in others.items():
            day.judge(other, line=("acme", path, CODE))
        day.settle()
        day.now += QUARTER


# ---- another path, another kind -------------------------------------------------------------------------------------


def test_one_dead_path_of_two_is_named() -> None:
    day = Day(PATHS)
    both(day, "m", south="i")
    assert said(day) == "acme: path north accepts no mail at all (a neutral sender gets the same answer)"
    assert day.only().severity is Severity.TICKET


def test_several_dead_paths_are_named() -> None:
    day = Day((*PATHS, path_at("acme", "west")))
    both(day, "m", on=(NORTH, SOUTH), west="i")
    assert said(day).startswith("acme: paths north, south accept no mail at all (")


def test_all_paths_dead_is_the_mail_system() -> None:
    day = Day(PATHS)
    both(day, "m", on=(NORTH, SOUTH))
    assert said(day) == "acme: its mail system accepts no mail at all (a neutral sender gets the same answer)"


def test_a_control_that_got_through_on_another_path_is_mail_that_they_take() -> None:
    """The sender is stopped on both paths, by its own fault on one of them."""
    day = Day(PATHS)
    for _ in range(2):
        both(day, "m", times=1)
        day.judge("d", line=SOUTH)
        day.control("i", SOUTH)
    day.settle()
    theirs = next(each for each in day.open if each.nature is Nature.THEIR_SYSTEM)
    assert headline(context_of(notice_request(theirs, companies={}))).startswith(
        "acme: path north accepts no mail at all"
    )


def test_one_from_before_it_began_is_not() -> None:
    day = Day(PATHS)
    day.control("i", SOUTH)
    day.now += QUARTER
    both(day, "m")
    assert said(day).startswith("acme: its mail system accepts no mail at all")


def test_a_kind_that_gets_through_beside_it() -> None:
    day = Day((path_at("acme", kinds=(CODE, INVITATION)),))
    for _ in range(2):
        day.judge("m")
        day.judge("i", line=("acme", "hq", INVITATION))
        day.control("m")
    day.settle()
    assert said(day) == "acme: its mail system stops 2-step sign-in codes, also from a neutral sender (same answer)"
    assert "no mail at all" not in text(notice_request(day.only(), companies={}))


def test_a_control_that_got_through_on_the_same_path_since() -> None:
    """One host of a cluster is well."""
    day = Day((path_at("acme"),))
    for letter in "mim":
        day.judge("m")
        day.control(letter)
    day.settle()
    assert said(day) == "acme: its mail system stops some mail, also from a neutral sender (same answer)"


def test_it_is_the_whole_mail_system_once_the_other_path_fails_too() -> None:
    day = Day(PATHS)
    both(day, "m", south="i")
    both(day, "m", on=(NORTH, SOUTH))
    assert said(day).startswith("acme: its mail system accepts no mail at all")
    both(day, "m", on=(NORTH,), south="i")
    assert said(day).startswith("acme: path north accepts no mail at all"), "it is not said longer than it is so"


# ---- accepted, and lost on the way to the mailbox -------------------------------------------------------------------


def test_mail_that_is_accepted_and_lost_is_a_ticket_the_probes_mailbox_may_be_the_reason() -> None:
    day = Day((path_at("acme", mailbox="a"),))
    both(day, "b", on=(HQ,))
    incident = day.only()
    assert (incident.nature, incident.reason, incident.severity) == (
        *(Nature.THEIR_SYSTEM, Reason.BOTH_LOST),
        Severity.TICKET,
    )
    assert said(day) == "acme: mail is accepted but does not reach the probe's mailbox (nor does a neutral sender's)"


@pytest.mark.parametrize(("mailbox", "severity"), [("b", Severity.PAGE), ("a", Severity.TICKET)])
def test_a_second_mailbox_that_loses_it_makes_it_a_page(mailbox: str, severity: Severity) -> None:
    day = Day((PATHS[0], path_at("acme", "south", mailbox=mailbox)))
    both(day, "b", on=(NORTH, SOUTH))
    assert day.only().severity is severity


def test_a_control_that_arrives_makes_it_the_senders() -> None:
    day = Day((path_at("acme"),))
    for _ in range(2):
        day.control("i")
        day.judge("b")
    day.control("i")
    day.judge("b")
    day.settle()
    assert (day.only().nature, day.only().severity) == (Nature.MAIL, Severity.PAGE)


def test_a_control_that_is_refused_is_another_matter() -> None:
    day = Day((path_at("acme"),))
    for _ in range(2):
        day.judge("b")
        day.control("t")
    day.settle()
    assert day.only().reason is Reason.CONTROL_FAILS


def test_companies_of_one_vendor_that_lose_it_at_once_confirm_each_other() -> None:
    names = ("acme", "bolt", "cork")
    others = tuple(path_at(f"c{number}", mail_system="google") for number in range(4))
    day = Day((*(path_at(name, mail_system="m365") for name in names), *others))
    for _ in range(3):
        for other in others:
            day.judge("i", line=(other.company, "hq", CODE))
        both(day, "b", on=tuple(Check(name, "hq", CODE) for name in names), times=1)
        assert all(each.severity is Severity.PAGE for each in day.open if each.wide)
    assert day.only().mail_system == "m365"


# ---- the text -------------------------------------------------------------------------------------------------------


def test_the_same_refusal_of_the_content_is_about_the_text() -> None:
    day = Day((path_at("acme"),))
    both(day, "c", on=(HQ,))
    incident = day.only()
    assert (incident.nature, incident.reason, incident.cause) == (
        *(Nature.THEIR_SYSTEM, Reason.SAME_TEXT),
        Cause.CONTENT,
    )
    assert said(day) == "acme: its filter rejects the content of the mail (also from a neutral sender)"
    assert "no mail at all" not in text(notice_request(incident, companies={}))


def test_that_another_kind_got_through_before_counts_for_a_text_and_not_for_a_server() -> None:
    """A server that is down stops all; a filter that looks at the text stops one kind."""
    for letter, severity in (("c", Severity.TICKET), ("m", Severity.PAGE)):
        day = Day((path_at("acme", kinds=(RESET, INVITATION)),))
        day.play({("acme", "hq", INVITATION): "i", ("acme", "hq", RESET): "i"})
        for _ in range(2):
            day.judge(letter, line=("acme", "hq", RESET))
            day.judge(letter, line=("acme", "hq", RESET), role=Role.CONTROL, probe_id=f"control-{len(day.shown)}")
        day.settle()
        assert day.only().severity is severity, letter


def test_a_path_that_only_the_sender_is_stopped_on_is_not_named() -> None:
    """One incident holds both: it was the sender's on both paths, until the control told."""
    day = Day((*PATHS, path_at("acme", "west")))
    day.play({NORTH: "mm", SOUTH: "mm", ("acme", "west", CODE): "ii"})
    both(day, "m", on=(NORTH,), south="c", west="i")
    (incident,) = day.open
    theirs = replace(incident, nature=Nature.THEIR_SYSTEM, scope=Scope.THEIR_SYSTEM, part=Scope.MAILBOX)
    assert {each.nature for each in incident.failures} == {Nature.MAIL, Nature.THEIR_SYSTEM}
    assert headline(context_of(notice_request(theirs, companies={}))).startswith(
        "acme: path north accepts no mail at all"
    )
