"""The companies of an incident, and the codes that they missed: by tables."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.config import Config
from monitor.incidents.incident import Incident, Nature, Resolution, Scope
from monitor.store import ProbeRow, ResultCount
from monitor.web.pages.incident_companies import (
    MAX_ROWS,
    affected_companies,
    affected_kinds,
    concerns,
    frame_of,
    further_companies,
    has_codes,
    missed_in,
    without,
)
from monitor.web.pages.incident_view import MAX_TESTED, wishes_of
from monitor.web.pages.incidents_view import PageContext
from monitor.web.strips import Frame
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.pages_app import BLOCKED, CONFIG, INBOX, START, incident

NOW = START + timedelta(minutes=30)
OVER: dict[str, Any] = {"closed_at": NOW - timedelta(minutes=5), "ending": Resolution.RECOVERED}
LOST = Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, "could not look")


def around(folder: Path) -> PageContext:
    return PageContext(Config.model_validate(CONFIG, context={"folder": folder}).paths(), (), NOW)


def row(minutes: float, verdict: Verdict | None = BLOCKED, **facts: Any) -> ProbeRow:
    at = START + timedelta(minutes=minutes)
    said: dict[str, Any] = {
        "probe_id": f"p{minutes}",
        "company": "acme",
        "path": "hq",
        "kind": Kind.VERIFICATION,
        "role": Role.SENDER,
        "via": "xclient",
        "launched_at": at,
        "closed_at": at,
        "verdict": verdict,
        "judged_at": at,
        "delivery": None,
    }
    return ProbeRow(**(said | facts))


@pytest.mark.parametrize(
    ("found", "history", "fails", "arrives"),
    [
        (incident(), [row(1), row(2)], True, False),
        (incident(), [row(1), row(2, INBOX)], True, True),
        (incident(), [row(1, path="cloud"), row(2, INBOX)], True, False),
        (incident(), [row(1), row(2, None)], True, False),  # in flight proves nothing
        (incident(), [row(1), row(2, LOST)], True, False),
        (incident(touches=()), [row(1), row(2, INBOX)], False, True),
        (incident(**OVER), [row(1), row(2, INBOX)], False, True),
        (incident(**OVER), [], False, False),
    ],
)
def test_a_company_has_recovered_only_if_its_newest_mail_arrived(
    found: Incident, history: list[ProbeRow], fails: bool, arrives: bool, tmp_path: Path
) -> None:
    (company,) = affected_companies(found, around(tmp_path), {"acme": history}, frame_of(found, NOW))
    assert (company.fails, company.arrives) == (fails, arrives)
    assert company.where == "hq: verification code"


def test_those_that_fail_come_first_and_of_many_there_are_only_names(tmp_path: Path) -> None:
    many = [f"c{number}" for number in range(MAX_ROWS + 3)]
    wide = replace(incident("a1", *many), touches=(many[5],))
    found = affected_companies(wide, around(tmp_path), {}, frame_of(wide, NOW))
    assert [company.key for company in found][:3] == ["c5", "c0", "c1"]
    assert len(found) == MAX_ROWS
    assert not found[0].link, "it is not in the configuration"
    assert [key for key, _ in further_companies(wide, around(tmp_path))] == many[-3:]


def test_strips_show_the_last_day_or_the_day_around_the_end() -> None:
    day = timedelta(hours=24)
    assert frame_of(incident(), NOW) == Frame(NOW - day, NOW)
    ended = NOW - timedelta(days=9)
    old = incident(closed_at=ended, ending=Resolution.RECOVERED)
    assert frame_of(old, NOW) == Frame(ended + timedelta(hours=2) - day, ended + timedelta(hours=2))


@pytest.mark.parametrize(
    ("scope", "facts", "yes"),
    [
        (Scope.COMPANY, {"path": "cloud"}, True),
        (Scope.COMPANY, {"company": "bolt"}, False),
        (Scope.MAILBOX, {"path": "cloud"}, False),
        (Scope.MAILBOX, {"kind": Kind.INVITATION}, True),
        (Scope.KIND, {"path": "cloud"}, True),
        (Scope.KIND, {"kind": Kind.INVITATION}, False),
    ],
)
def test_only_mail_that_the_incident_is_about_counts(scope: Scope, facts: dict[str, Any], yes: bool) -> None:
    assert concerns(incident(scope=scope), row(1, **facts)) is yes


@pytest.mark.parametrize(
    ("rows", "missed", "judged"),
    [
        ([row(1), row(2), row(3, INBOX)], 2, 3),
        ([row(-1, INBOX), row(1)], 1, 1),  # before it began
        ([row(1), row(2, None), row(3, LOST)], 1, 1),
        ([row(1), row(2, kind=Kind.INVITATION)], 1, 1),  # it has no code
        ([row(1, path="cloud"), row(1, company="bolt")], 1, 1),
    ],
)
def test_codes_are_counted_since_it_began(rows: list[ProbeRow], missed: int, judged: int, tmp_path: Path) -> None:
    codes = missed_in(rows, incident(), around(tmp_path).paths, NOW)
    assert [(each.levels[0].missed, each.levels[0].judged) for each in codes.levels if each.levels[0]] == [
        (missed, judged)
    ]


def test_codes_that_arrived_before_a_company_failed_do_not_count(tmp_path: Path) -> None:
    """A wide incident began somewhere else."""
    wide = incident("a1", "acme", "bolt")
    acme, bolt = wide.failures
    later = replace(wide, failures=(acme, replace(bolt, since=START + timedelta(minutes=9))))
    rows = [row(1), row(2, INBOX, company="bolt"), row(10, company="bolt")]
    codes = missed_in(rows, later, around(tmp_path).paths, NOW)
    assert [(each.levels[0].missed, each.levels[0].judged) for each in codes.levels if each.levels[0]] == [(2, 2)]


def test_codes_after_the_end_do_not_count(tmp_path: Path) -> None:
    rows = [row(1), row(2), row(28, INBOX), row(29, INBOX)]
    codes = missed_in(rows, incident(**OVER), around(tmp_path).paths, NOW)
    assert [(each.levels[0].missed, each.levels[0].judged) for each in codes.levels if each.levels[0]] == [(2, 2)]


def test_what_came_later_is_taken_away() -> None:
    def count(number: int, outcome: Outcome) -> ResultCount:
        return ResultCount("acme", "hq", Kind.VERIFICATION, Grade.REAL, outcome, None, number)

    all_of_it = [count(9, Outcome.BLOCKED), count(7, Outcome.INBOX), count(2, Outcome.SPAM)]
    later = [count(7, Outcome.INBOX), count(1, Outcome.SPAM)]
    assert without(all_of_it, later) == [count(9, Outcome.BLOCKED), count(1, Outcome.SPAM)]


@pytest.mark.parametrize(
    ("nature", "yes"), [(Nature.MAIL, True), (Nature.THEIR_SYSTEM, True), (Nature.OURS, False), (Nature.MAILBOX, False)]
)
def test_codes_are_counted_only_where_mail_of_people_may_be_stopped(nature: Nature, yes: bool) -> None:
    assert has_codes(incident(nature=nature)) is yes
    assert not has_codes(replace(incident(), companies=()))


def test_the_kinds_that_fail_are_named_once() -> None:
    found = incident("a1", "acme", "bolt")
    other = replace(found.failures[0], kind=Kind.INVITATION, cause=Cause.CONTENT)
    assert affected_kinds(replace(found, failures=(*found.failures, other))) == "verification code, company invitation"


def test_what_is_probed_again_is_one_check_of_each_company_first(tmp_path: Path) -> None:
    found = incident("a1", "acme", "bolt", "gone")
    more = [replace(found.failures[0], kind=kind) for kind in list(Kind)[1:]]
    failing = replace(found, failures=(found.failures[0], *more, *found.failures[1:]))
    wishes = wishes_of(failing, around(tmp_path).paths)
    assert [(path.company, kind) for path, kind in wishes][:2] == [
        ("acme", Kind.VERIFICATION),
        ("bolt", Kind.VERIFICATION),
    ]
    assert len(wishes) == MAX_TESTED
    assert wishes_of(incident("a1", "gone"), around(tmp_path).paths) == []
