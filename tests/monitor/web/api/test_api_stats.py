"""GET /api/v1/stats over a real store: windows, groups, and what callers may see."""

from datetime import timedelta
from typing import Any

import pytest

from monitor.people.person import Rights
from probes.kinds import Kind
from probes.outcome import Cause, Grade, Outcome
from probes.verdict import Verdict
from tests.support.api_app import ApiApp

BLOCKED = Verdict(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.IMPERSONATED, "blocked")
UNKNOWN = Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, "could not look")


async def fill(api_app: ApiApp) -> None:
    for number in range(3):
        await api_app.probe(company="acme", ago=timedelta(days=number * 20))
    await api_app.probe(company="acme", verdict=BLOCKED)
    await api_app.probe(company="acme", verdict=UNKNOWN)
    await api_app.probe(company="acme", kind=Kind.INVITATION)
    await api_app.probe(company="bolt", verdict=BLOCKED)
    await api_app.probe(company="gone")


def rows(facts: Any) -> list[tuple[Any, ...]]:
    return [
        (each["company"] or each["mail_system"], each["code"], each["grade"], each["judged"], each["in_time"])
        for each in facts["stats"]
    ]


async def test_the_share_in_time_and_the_error_budget_of_30_days(api_app: ApiApp) -> None:
    await fill(api_app)
    facts = await (await api_app.program(Rights.VIEWER)).facts("/stats?by=company")
    assert rows(facts) == [
        ("acme", True, "real", 3, 2),
        ("acme", False, "real", 1, 1),
        ("bolt", True, "real", 1, 0),
    ]
    assert facts["stats"][0] == {
        **{"company": "acme", "mail_system": None, "code": True, "grade": "real", "judged": 3, "in_time": 2},
        **{"share": 0.666667, "budget": {"objective": 0.99, "allowed": 0.03, "failed": 1, "left": -32.3333}},
        "delivery": {"p50": 3.0, "p95": 4.8},
    }
    assert facts["stats"][2]["delivery"] == {"p50": None, "p95": None}, "nothing of it arrived"
    assert facts["by"] == "company"
    assert facts["since"] < facts["until"]
    assert ":00:00" in facts["since"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [(None, True, "real", 4, 2), (None, False, "real", 1, 1)]),
        ("?days=1", [(None, True, "real", 3, 1), (None, False, "real", 1, 1)]),
        ("?days=60&company=bolt", [(None, True, "real", 1, 0)]),
        ("?by=company&company=bolt", [("bolt", True, "real", 1, 0)]),
        ("?days=60", [(None, True, "real", 5, 3), (None, False, "real", 1, 1)]),
    ],
)
async def test_what_may_be_asked(api_app: ApiApp, query: str, expected: list[tuple[Any, ...]]) -> None:
    await fill(api_app)
    assert rows(await (await api_app.program()).facts(f"/stats{query}")) == expected


async def test_delivery_times_are_those_of_the_window_and_of_the_group(api_app: ApiApp) -> None:
    await fill(api_app)
    for _ in range(2):
        await api_app.probe(company="bolt", took=timedelta(seconds=200))
    facts = await (await api_app.program()).facts("/stats")
    assert facts["stats"][0]["delivery"] == {"p50": 5.0, "p95": 234.0}
    facts = await (await api_app.program(companies=("acme",))).facts("/stats")
    assert facts["stats"][0]["delivery"] == {"p50": 3.0, "p95": 4.8}


async def test_by_mail_system(api_app: ApiApp) -> None:
    await fill(api_app)
    paths = (await (await api_app.program()).facts("/paths"))["paths"]
    systems = {each["company"]: each["mail_system"] for each in paths}
    found = rows(await (await api_app.program(name="again")).facts("/stats?by=mail_system"))
    assert {row[0] for row in found} == set(systems.values())
    assert sum(row[3] for row in found if row[1]) == 4


async def test_whoever_is_bound_sees_only_theirs(api_app: ApiApp) -> None:
    await fill(api_app)
    bound = await api_app.program(Rights.ADMIN, ("bolt",))
    for query in ("", "?by=mail_system", "?by=company"):
        text = (await bound.get(f"/stats{query}")).text
        assert "acme" not in text
        assert [row[3:] for row in rows(await bound.facts(f"/stats{query}"))] == [(1, 0)]
    assert (await bound.get("/stats?company=acme")).wrong == "404"


@pytest.mark.parametrize("query", ["by=week", "days=0", "days=9999", "days=x", "company=A!", "weeks=2"])
async def test_what_cannot_be_asked(api_app: ApiApp, query: str) -> None:
    answer = await (await api_app.program()).get(f"/stats?{query}")
    assert answer.wrong == f"400 {query.partition('=')[0]}"
