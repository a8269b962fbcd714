"""Who has an incident, by tables: acknowledging holds as long as the incident is no more than it was."""

from dataclasses import replace
from typing import Any

import pytest

from monitor.incidents.incident import IncidentEvent, Scope, Severity
from monitor.incidents.work import NO_WORK, IncidentAction, without_names, work_of
from tests.support.incident_samples import incident
from tests.support.store_samples import at

ACK, RELEASE, OWNER = IncidentEvent.ACKNOWLEDGED, IncidentEvent.RELEASED, IncidentEvent.OWNER_SET
COMMENT, TICKET = IncidentEvent.COMMENTED, IncidentEvent.TICKET_LINKED


def action(event: IncidentEvent, who: str = "ada", text: str = "", seconds: float = 0, **other: Any) -> IncidentAction:
    state: dict[str, Any] = {"severity": Severity.PAGE, "scope": Scope.COMPANY, "relapses": 0} | other
    return IncidentAction("i1", at(seconds), event, who, "session", text, **state)


@pytest.mark.parametrize(
    ("actions", "held_by", "owner"),
    [
        ([], "", ""),
        ([action(ACK)], "ada", "ada"),
        ([action(ACK), action(ACK, "bob")], "bob", "bob"),  # taken over
        ([action(ACK), action(RELEASE, "bob")], "", ""),
        ([action(ACK), action(RELEASE), action(ACK, "bob")], "bob", "bob"),
        ([action(OWNER, "ada", "bob")], "", "bob"),  # bob may not know
        ([action(ACK), action(OWNER, "ada", "bob")], "bob", "bob"),  # handed over by who had it
        ([action(OWNER, "ada", "bob"), action(ACK, "eve")], "eve", "eve"),
        ([action(COMMENT, text="looking"), action(TICKET, text="T-1")], "", ""),
    ],
)
def test_who_has_it(actions: list[IncidentAction], held_by: str, owner: str) -> None:
    work = work_of(incident(), actions)
    assert (work.held_by, work.owner) == (held_by, owner)


@pytest.mark.parametrize(
    ("then", "now", "holds"),
    [
        ({}, {}, True),
        ({}, {"relapses": 1}, False),  # it was over, and came back
        ({"relapses": 1}, {"relapses": 1}, True),
        ({"severity": Severity.TICKET}, {}, False),  # now it pages
        ({}, {"severity": Severity.TICKET}, True),
        ({"scope": Scope.KIND}, {}, False),  # wider
        ({"scope": Scope.COMPANY}, {"scope": Scope.EVERYBODY}, False),
        ({"scope": Scope.EVERYBODY}, {"scope": Scope.MAIL_SYSTEM}, True),
    ],
)
def test_acknowledging_holds_as_long_as_it_is_no_more_than_it_was(
    then: dict[str, Any], now: dict[str, Any], holds: bool
) -> None:
    held = action(ACK, **then)
    work = work_of(incident(**now), [held])
    assert (work.acknowledged, work.lapsed) == ((held, None) if holds else (None, held))
    assert work.held_by == ("ada" if holds else "")
    assert work.owner == "ada"  # still theirs, but they may not know of it
    assert work_of(incident(**now), [held, action(ACK, "bob", **now)]).held_by == "bob"


def test_comments_are_in_order_and_a_ticket_is_listed_once() -> None:
    first, second = action(COMMENT, text="one"), action(COMMENT, text="two")
    tickets = [action(TICKET, text="T-1"), action(TICKET, "bob", "T-2"), action(TICKET, "eve", "T-1")]
    work = work_of(incident(), [first, *tickets, second])
    assert work.comments == (first, second)
    assert work.tickets == tuple(tickets[:2])


def test_whoever_sees_a_part_sees_that_somebody_has_it_and_not_who() -> None:
    held = action(ACK, text="calling Zenith", seconds=5)
    whole = work_of(incident(), [held, action(COMMENT, text="of Zenith"), action(TICKET, text="ZENITH-1")])
    shown = without_names(whole)
    assert shown.acknowledged == replace(held, who="", way="", text="")
    assert (shown.owner, shown.comments, shown.tickets) == ("", (), ())
    assert without_names(NO_WORK) == NO_WORK
