"""The service level: what is added up, and what never is."""

import pytest

from monitor.output.service_level import ServiceLevel, service_levels
from monitor.store import ResultCount
from probes.kinds import Kind
from probes.outcome import Cause, Grade, Outcome
from tests.support.pipeline_app import ScriptedRoute, watched

CODE, OTHER = Kind.VERIFICATION, Kind.INVITATION


def count(company: str, outcome: Outcome, number: int, cause: Cause | None = None, **facts: object) -> ResultCount:
    said = {"path": "hq", "kind": CODE, "grade": Grade.REAL} | facts
    return ResultCount(company, outcome=outcome, cause=cause, count=number, **said)  # type: ignore[arg-type]


RESULTS = [
    count("acme", Outcome.INBOX, 990),
    count("acme", Outcome.INBOX, 5, kind=Kind.TWO_STEP_CODE),
    count("acme", Outcome.BLOCKED, 3, Cause.IP_BLOCKED),
    count("acme", Outcome.LATE, 2, Cause.GREYLISTED),
    count("acme", Outcome.UNKNOWN, 500),
    count("acme", Outcome.BLOCKED, 500, Cause.MAILBOX_FULL),
    count("acme", Outcome.MISSING, 500, Cause.NETWORK),
    count("acme", Outcome.INBOX, 7, grade=Grade.UNPROVEN),
    count("acme", Outcome.SPAM, 4, kind=OTHER),
    count("bolt", Outcome.INBOX, 100),
    count("gone", Outcome.INBOX, 100),
]
OF_ACME = [
    ServiceLevel("acme", True, Grade.REAL, 1000, 995),
    ServiceLevel("acme", True, Grade.UNPROVEN, 7, 7),
    ServiceLevel("acme", False, Grade.REAL, 4, 0),
]


def test_by_company() -> None:
    found = service_levels(RESULTS, {"acme": "acme", "bolt": "bolt"}.get, ())
    assert found == [*OF_ACME, ServiceLevel("bolt", True, Grade.REAL, 100, 100)]


def test_companies_of_a_group_are_added_up_but_not_grades_nor_kinds() -> None:
    found = service_levels(RESULTS, {"acme": "m365", "bolt": "m365"}.get, ())
    assert [(each.of, each.needs_code, each.grade, each.judged, each.in_time) for each in found] == [
        ("m365", True, Grade.REAL, 1100, 1095),
        ("m365", True, Grade.UNPROVEN, 7, 7),
        ("m365", False, Grade.REAL, 4, 0),
    ]


def test_a_grade_is_what_the_route_can_prove_and_not_what_the_verdict_does() -> None:
    """A mail that a relay accepted and that never came proves little; it was missed all the same."""
    relayed = watched(ScriptedRoute(via="relay"), None)
    results = [count("acme", Outcome.INBOX, 90), count("acme", Outcome.MISSING, 10, grade=Grade.UNPROVEN)]
    assert service_levels(results, {"acme": ""}.get, [relayed]) == [ServiceLevel("", True, Grade.REAL, 100, 90)]


def test_paths_of_one_company_by_different_routes_are_not_added_up() -> None:
    paths = [watched(ScriptedRoute(via="relay"), None), watched(ScriptedRoute(via="xclient"), None, path="lab")]
    results = [count("acme", Outcome.INBOX, 9), count("acme", Outcome.BLOCKED, 3, grade=Grade.UNPROVEN, path="lab")]
    assert service_levels(results, {"acme": ""}.get, paths) == [
        ServiceLevel("", True, Grade.REAL, 9, 9),
        ServiceLevel("", True, Grade.IMPERSONATED, 3, 0),
    ]


@pytest.mark.parametrize(
    ("judged", "good", "tenths", "allowed"),
    [
        (2880, 2857, 992, 28),
        (2880, 2880, 1000, 28),
        (100_000, 99_999, 999, 1000),
        (1000, 989, 989, 10),
        (100, 99, 990, 1),
        (99, 99, 1000, 0),
        (200, 198, 990, 2),
        (700, 693, 990, 7),
    ],
)
def test_a_share_is_never_rounded_up_and_a_whole_probe_may_miss(
    judged: int, good: int, tenths: int, allowed: int
) -> None:
    level = ServiceLevel("", True, Grade.REAL, judged, good)
    assert (level.tenths, level.allowed, level.enough) == (tenths, allowed, allowed > 0)


@pytest.mark.parametrize(
    ("judged", "missed", "clear"),
    [
        (1, 0, False),
        (1, 1, False),  # one of a hundred is by chance
        (2, 2, True),
        (20, 1, False),
        (20, 2, False),  # 1.7 %
        (20, 3, True),
        (99, 3, False),  # 7.7 %
        (99, 5, True),
        (99, 99, True),
        (100, 50, False),  # there the percentage tells
    ],
)
def test_few_probes_may_tell_that_the_objective_is_missed(judged: int, missed: int, clear: bool) -> None:
    assert ServiceLevel("", True, Grade.REAL, judged, judged - missed).clearly_missed is clear


def test_what_does_not_tell_makes_no_level() -> None:
    assert service_levels([count("acme", Outcome.UNKNOWN, 9)], {"acme": ""}.get, ()) == []


@pytest.mark.parametrize(("judged", "good", "left"), [(1000, 1000, 1), (1000, 995, 0.5), (1000, 990, 0), (100, 97, -2)])
def test_the_error_budget(judged: int, good: int, left: float) -> None:
    assert ServiceLevel("", True, Grade.REAL, judged, good).budget_left == pytest.approx(left)
