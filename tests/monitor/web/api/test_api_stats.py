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
        "outcomes": {"inbox": 2, "blocked": 1, "unknown": 1},
        **dict.fromkeys(("begin", "path", "kind")),
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


async def test_counts_by_hour_add_up_to_those_of_the_window(api_app: ApiApp) -> None:
    await fill(api_app)
    program = await api_app.program()
    whole = (await program.facts("/stats?by=company&days=1"))["stats"]
    hourly = await program.facts("/stats?by=company&days=2&bucket=hour")
    today = [each for each in hourly["stats"] if each["begin"] >= hourly["stats"][-1]["begin"]]
    assert (hourly["bucket"], {each["company"] for each in hourly["stats"]}) == ("hour", {"acme", "bolt"})
    for row in whole:
        same = [
            each
            for each in hourly["stats"]
            if (each["company"], each["code"], each["grade"]) == (row["company"], row["code"], row["grade"])
        ]
        assert sum(each["judged"] for each in same) == row["judged"]
        assert sum(each["in_time"] for each in same) == row["in_time"]
    assert today[0]["begin"].endswith(":00:00Z")


async def test_rows_of_a_path_or_a_kind_have_outcomes_of_all_probes(api_app: ApiApp) -> None:
    await fill(api_app)
    program = await api_app.program()
    first, *_ = (await program.facts("/stats?by=path&company=acme"))["stats"]
    assert (first["company"], first["path"], first["kind"]) == ("acme", "hq", None)
    assert first["outcomes"] == {"inbox": 2, "blocked": 1, "unknown": 1}
    kinds = (await program.facts("/stats?by=kind"))["stats"]
    assert {(each["kind"], each["code"]) for each in kinds} == {("verification", True), ("invitation", False)}
    only = (await program.facts("/stats?kind=invitation&mail_system=postfix"))["stats"]
    assert [each["judged"] for each in only] == [1]
    assert (await program.facts("/stats?mail_system=google"))["stats"] == []


async def test_too_many_buckets_are_refused_with_what_to_do(api_app: ApiApp) -> None:
    program = await api_app.program()
    reply = await program.get("/stats?bucket=hour&days=60")
    assert reply.wrong == "422 days"
    assert reply.facts["errors"][0]["remedy"] == "give days=31 or fewer"
    assert (await program.get("/stats?path=hq")).wrong == "400 path"
    assert (await program.get("/stats?company=acme&path=nowhere")).wrong == "404"
