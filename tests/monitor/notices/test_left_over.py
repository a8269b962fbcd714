"""What still fails at one company when a wide incident ends is another thing: nobody is told that all had it."""

from dataclasses import replace

import pytest

from monitor.incidents.incident import Nature, Scope
from monitor.incidents.scope import Problem
from monitor.notices.context import context_of
from monitor.notices.headline import headline
from probes.verdict import Cause
from tests.monitor.incidents.test_holding import A, IncidentRun, opens, problem, wide
from tests.support.notice_samples import failure, incident, notice_request, town
from tests.support.outage_simulation import Outage, turns

BEGINS, ENDS = 60, 180  # minutes
MAILBOX, MAIL, OURS, THEIRS = Nature.MAILBOX, Nature.MAIL, Nature.OURS, Nature.THEIR_SYSTEM


def outage(letter: str, left: str, at: int = 3, **facts) -> Outage:
    """All are stopped and mended at once; at one company something else is wrong from then on."""

    def of(number: int, minute: float) -> str:
        if minute < BEGINS:
            return "i"
        return letter if minute < ENDS else left if number == at and minute < ENDS + 240 else "i"

    return Outage(12, of, **facts)


@pytest.mark.parametrize("letter", ["d", "w", "?", "b"])
def test_a_full_mailbox_that_is_left_over_has_an_incident_of_its_own(letter: str) -> None:
    day = outage(letter, "f")
    day.run(ENDS + 180)
    (left,) = day.day.open
    assert (left.nature, left.companies) == (MAILBOX, ("c3",)), list(turns(day))
    day.run(ENDS + 400)
    ends = [notice for _, to, notice in day.told if to == "pager" and notice.news == "resolved"]
    assert len(ends) == 2
    wide_end, own_end = ends
    assert "12 companies" in wide_end.title
    assert "mailbox" not in wide_end.title + wide_end.text
    assert own_end.title.endswith("Company 3, path hq: probe mailbox problem (mailbox full)")
    assert not [turn for turn in turns(day) if "companies: the probe's own mailbox" in turn]


def test_where_most_have_a_full_mailbox_that_is_what_the_wide_one_is_about() -> None:
    """The opposite: one provider closes all mailboxes, and the first answers did not say so."""
    day = Outage(12, lambda n, minute: "i" if minute < BEGINS else "b" if minute < 150 else "f")
    day.run(330)
    assert {each.nature for each in day.day.open} == {MAILBOX}
    assert sum(len(each.touches) for each in day.day.open) == 12


def test_what_is_left_of_another_nature_is_no_longer_the_wide_one() -> None:
    day = outage("w", "d", systems=12)
    day.run(ENDS + 180)
    (left,) = day.day.open
    assert (left.nature, left.companies) == (MAIL, ("c3",)), list(turns(day))
    assert not [turn for turn in turns(day) if "12 companies: sign-in codes" in turn], list(turns(day))


def test_one_companys_own_incident_goes_on_as_the_mailboxs() -> None:
    """The opposite: there was no wide one, and nobody else is named by it."""
    run = IncidentRun()
    run.step(problem(MAIL, A))
    run.step(problem(MAILBOX, replace(A, cause=Cause.MAILBOX_FULL)))
    assert run.open == opens(("i1", MAILBOX, "a"))


# ---- whom a wide incident names -------------------------------------------------------------------------------------


def line_down(companies: int) -> IncidentRun:
    run = IncidentRun()
    run.step(*(replace(each, nature=OURS, scope=Scope.OURSELVES) for each in ours(companies)))
    assert {each.nature for each in run.incidents.values()} == {OURS}
    return run


def ours(companies: int) -> list[Problem]:
    return [problem(OURS, failure(company=f"c{n}")) for n in range(companies)]


def test_our_own_cut_stays_ours_until_each_company_was_tried_again() -> None:
    run = line_down(12)
    run.awaited = True
    for known in range(12):
        run.step(*wide(*(f"c{n}" for n in range(known))), *ours(12)[known:])
        (one,) = (each for each in run.incidents.values() if each.open)
        assert one.nature is OURS, known
        title = headline(context_of(notice_request(one, companies=town(12))))
        left = f"{12 - known} of 12 companies" if 0 < known < 11 else "Company 11" if known else "12 companies"
        assert title.startswith(f"Mailpath cannot test {left}"), title
        assert "recovered_in" not in {entry.turn for entry in run.entries}, "those that are blocked are not well"
    run.step(*wide(*(f"c{n}" for n in range(12))))
    (one,) = (each for each in run.incidents.values() if each.open)
    assert (one.nature, len(one.touches)) == (MAIL, 12)


def test_one_that_is_never_tried_again_is_not_counted_among_the_blocked() -> None:
    """Nor does it keep the others' page back for ever."""
    run = line_down(12)
    run.step(*wide(*(f"c{n}" for n in range(11))), *ours(12)[11:])
    found = {each.nature: set(each.touches) for each in run.incidents.values() if each.open}
    assert found == {MAIL: {f"c{n}" for n in range(11)}, OURS: {"c11"}}


def test_a_wide_one_names_those_that_have_what_it_says() -> None:
    run, names = IncidentRun(), ("elm", "fir", "ash", "oak")
    run.step(*wide(*names))
    run.step(problem(THEIRS, failure(company="elm")), *wide(*names[1:]))
    (one,) = (each for each in run.incidents.values() if each.open)
    scene = context_of(notice_request(one, companies={}))
    assert (one.nature, scene.companies) == (MAIL, ("ash", "fir", "oak"))
    assert set(one.touches) == set(names), "it holds the checks of all"
    own = context_of(notice_request(one, companies={}, visible=frozenset({"elm"})))
    assert "no mail at all" in headline(own), "the company's own people hear of what it has"


def test_what_all_of_them_have_names_them_all() -> None:
    both = incident(failure(company="elm"), failure(company="fir"))
    assert context_of(notice_request(both, companies={})).companies == ("elm", "fir")


@pytest.mark.parametrize("nature", [MAIL, THEIRS, OURS])
def test_whatever_the_wide_one_was_it_ends_under_its_own_title(nature: Nature) -> None:
    names = ("elm", "fir", "ash", "oak")
    run = IncidentRun()
    run.step(*wide(*names))
    run.step(*(problem(nature, failure(company=name)) for name in names))
    (one,) = run.incidents.values()
    assert (one.nature, one.wide) == (nature, True)
    run.step(problem(MAILBOX, failure(company="elm", cause=Cause.MAILBOX_FULL)))
    ended, own = run.incidents.values()
    assert (ended.nature, ended.ending, own.nature, own.companies) == (nature, "recovered", MAILBOX, ("elm",))


def test_a_company_that_is_probed_no_longer_keeps_back_no_page() -> None:
    """Our line was cut for an hour; then all block the sender, and of one nothing is heard any more."""
    day = Outage(12, lambda n, minute: "i" if minute < 60 else "w" if minute < 120 else "d")
    day.run(119)
    day.stopped = frozenset({5})
    day.run(160)
    found = {each.nature: each.touches for each in day.day.open}
    assert len(found[MAIL]) == 11, list(turns(day))
    assert found[OURS] == ("c5",)


def test_one_that_is_on_the_mend_is_waited_for_and_not_told_anew() -> None:
    """The line is mended at all; three turn out to block the sender, and the others need a second good probe."""
    day = Outage(12, lambda n, minute: "i" if minute < 60 else "w" if minute < 120 else "d" if n < 3 else "i")
    day.run(260)
    opened = [turn for turn in turns(day) if "pager opened" in turn and "Mailpath cannot test" in turn]
    assert len(opened) == 1, list(turns(day))
    assert not [turn for turn in turns(day) if "12 companies: mail" in turn]
