"""Figures of standing: what is not known has none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.output.service_metrics import SERVICE_FAMILIES
from monitor.standing.measured import (
    StandingFigures,
    age_by_question,
    listed_by_zone,
    ok_by_question,
    spf_terms,
    zones,
)
from monitor.standing.record import FactRecord
from probes.standing.fact import Branch, Fact, Question, State, Why

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
ZEN = "zen.spamhaus.org"
NAMES = {
    "mailpath_standing_ok",
    "mailpath_standing_age_seconds",
    "mailpath_spf_terms",
    "mailpath_blocklist_listed",
    "mailpath_blocklist_answers_total",
    "mailpath_profile_changes_total",
}


def record(state: State, why: Why, question: Question = Question.SPF, age: float = 0, zone: str = "") -> FactRecord:
    fact = Fact(question, "x", state, why, NOW - timedelta(seconds=age), named=("a", "7"))
    return FactRecord(fact, fact.at, state, zone=zone)


GOOD = record(State.GOOD, Why.SPF_PASSES)
BAD = record(State.BAD, Why.SPF_FAILS)
UNKNOWN = record(State.UNKNOWN, Why.LOOKUP_FAILED)
LIST_GOOD = record(State.GOOD, Why.NOT_LISTED, Question.BLOCKLIST, zone=ZEN)
LIST_REFUSES = record(State.REFUSED, Why.LIST_REFUSES, Question.BLOCKLIST, zone=ZEN)
LISTED = record(State.BAD, Why.LISTED, Question.BLOCKLIST, zone=ZEN)


def figures(*records: FactRecord) -> StandingFigures:
    return StandingFigures(records)


@pytest.mark.parametrize(
    ("records", "ok"),
    [
        ((GOOD,), True),
        ((record(State.WEAK, Why.SPF_NEAR_LIMIT),), True),
        ((record(State.NONE, Why.NOT_PUBLISHED),), True),
        ((BAD,), False),
        ((UNKNOWN,), None),
        ((GOOD, UNKNOWN), None),
        ((BAD, UNKNOWN), False),
        ((replace(BAD, state=State.UNKNOWN, suspected=True),), None),
        ((replace(GOOD, reading=replace(GOOD.reading, at=NOW - timedelta(hours=7))),), None),
        ((LIST_GOOD, LIST_REFUSES), True),
        ((LIST_REFUSES,), None),
        ((LISTED, LIST_GOOD), False),
    ],
)
def test_whether_a_check_is_well(records: tuple[FactRecord, ...], ok: bool | None) -> None:
    assert [*ok_by_question(figures(*records), NOW).values()] == ([] if ok is None else [ok])


@pytest.mark.parametrize(
    ("records", "listed"),
    [
        ((LIST_GOOD,), {ZEN: False}),
        ((LIST_GOOD, LISTED), {ZEN: True}),
        ((LIST_REFUSES,), {}),
        ((LIST_GOOD, LIST_REFUSES), {ZEN: False}),
        ((replace(LISTED, state=State.UNKNOWN, suspected=True),), {}),
        ((record(State.UNKNOWN, Why.LIST_BROKEN, Question.BLOCKLIST, zone=ZEN),), {}),
        ((record(State.WEAK, Why.LISTED_MINOR, Question.BLOCKLIST, zone=ZEN),), {ZEN: True}),
        ((GOOD,), {}),
    ],
)
def test_whether_a_list_has_the_sender(records: tuple[FactRecord, ...], listed: dict[str, bool]) -> None:
    assert listed_by_zone(figures(*records), NOW) == listed


def test_the_age_is_that_of_what_was_read_longest_ago() -> None:
    old, new = record(State.GOOD, Why.SPF_PASSES, age=90), record(State.GOOD, Why.SPF_PASSES, age=30)
    assert age_by_question(figures(old, new), NOW) == {Question.SPF: 90.0}


def test_lookups_of_spf_are_known_while_it_passes() -> None:
    tree = (Branch(0, "a.example", "v=spf1 include:b.example -all", 7), Branch(1, "include:b.example", "", 7))
    counted = {each.state: replace(each, reading=replace(each.reading, tree=tree)) for each in (GOOD, BAD)}
    suspected = replace(counted[State.BAD], state=State.UNKNOWN, suspected=True)
    for record in (*counted.values(), suspected):  # a record that needs twelve is what somebody has to see
        assert spf_terms(figures(record), NOW) == 7
        assert spf_terms(figures(record), NOW + timedelta(hours=7)) is None
    assert spf_terms(figures(GOOD, BAD, UNKNOWN), NOW) is None


def test_the_lists_that_are_asked() -> None:
    assert zones((LIST_GOOD, LIST_REFUSES, GOOD)) == [ZEN]


def test_the_metrics_are_among_those_of_the_service() -> None:
    assert {family.name for family in SERVICE_FAMILIES} >= NAMES
