"""Which incidents start a diagnosis."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.config import WatchedPath
from monitor.diagnosing.starting import MOST_AT_ONCE, to_diagnose
from monitor.incidents.incident import Failure, Incident, Nature, Reason
from probes.diagnosis.within import Within
from probes.verdict import Cause, Outcome
from tests.support.incident_samples import failure, incident
from tests.support.pipeline_app import ScriptedRoute, watched
from tests.support.store_samples import T0

UNCLEAR = failure(cause=Cause.UNCLEAR, outcome=Outcome.BLOCKED, reason=Reason.CONTROL_THROUGH)
PATHS = {
    (company, "hq"): watched(ScriptedRoute(via="xclient"), None, company=company, kinds=(UNCLEAR.kind,))
    for company in ("acme", "birch", "cedar", "delta", "oak")
}


def started(
    one: Failure, *, paths: Mapping[tuple[str, str], WatchedPath] = PATHS, ago: timedelta | None = None
) -> list[str]:
    began = {(one.company, one.path): T0 - ago} if ago is not None else {}
    found = to_diagnose([incident(failures=(one,))], paths, began, (), T0)
    return [wanted.path.key for wanted in found]


def test_an_unclear_cause_starts_one_within_a_day() -> None:
    assert started(UNCLEAR) == ["acme/hq"]
    assert started(UNCLEAR, ago=timedelta(hours=23)) == []
    assert started(UNCLEAR, ago=timedelta(hours=25)) == ["acme/hq"]


@pytest.mark.parametrize(
    "facts",
    [
        {"cause": Cause.IP_BLOCKED},
        {"outcome": Outcome.DEFERRED},
        {"nature": Nature.THEIR_SYSTEM},
        {"reason": Reason.DIAGNOSED},
    ],
)
def test_anything_else_starts_none(facts: dict[str, Any]) -> None:
    assert started(replace(UNCLEAR, **facts)) == []


def test_a_company_may_forbid_it() -> None:
    off = {("acme", "hq"): replace(PATHS["acme", "hq"], diagnosis=Within.SCAN)}
    assert started(UNCLEAR, paths=off) == []


def test_of_one_problem_at_many_companies_a_few_are_diagnosed() -> None:
    failures = tuple(replace(UNCLEAR, company=company) for company, _ in PATHS)
    wide: Incident = incident(failures=failures)
    assert len(list(to_diagnose([wide], PATHS, {}, (), T0))) == MOST_AT_ONCE
    running = [("acme", "hq"), ("birch", "hq")]
    assert [each.path.company for each in to_diagnose([wide], PATHS, {}, running, T0)] == ["cedar"]
    assert list(to_diagnose([replace(wide, muted_by=("m",))], PATHS, {}, (), T0)) == []
