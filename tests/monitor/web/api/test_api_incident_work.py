"""Work on incidents by the API: acknowledge, release, hand over, comment, link a ticket."""

from typing import Any

import pytest

from monitor.people.person import Rights
from tests.support.api_app import ApiApp, Program
from tests.support.pages_app import incident, opened


@pytest.fixture
async def operator(api_app: ApiApp) -> Program:
    """Somebody on call, with an open incident `a1` at acme, one at both companies, and one that is over."""
    over = api_app.pipeline_app.clock()
    await api_app.open(
        incident("a1"), incident("e1", "acme", "bolt"), incident("b2", "bolt", closed_at=over), entries=[opened()]
    )
    return await api_app.program(Rights.OPERATOR, name="olga")


async def test_an_incident_is_acknowledged_handed_over_and_released(api_app: ApiApp, operator: Program) -> None:
    done = await operator.post("/incidents/a1/ack", {"note": "calling them"})
    assert done.status == 200, done.text
    at = done.facts["acknowledged_at"]
    assert done.facts == {
        "incident": "a1",
        "acknowledged": True,
        "acknowledged_by": "olga",
        "acknowledged_at": at,
        "owner": "olga",
        "tickets": [],
        "comments": [],
    }
    facts = await operator.facts("/incidents/a1")
    assert (facts["acknowledged_by"], facts["owner"]) == ("olga", "olga")
    assert facts["history"][-1] == {"at": at, "turn": "acknowledged", "said": "olga: calling them"}
    handed = await operator.ask("PUT", "/incidents/a1/owner", {"owner": "Acme's IT"})
    assert (handed.facts["acknowledged_by"], handed.facts["owner"]) == ("olga", "Acme's IT")
    assert (await operator.ask("DELETE", "/incidents/a1/ack")).status == 204
    assert (await operator.ask("DELETE", "/incidents/a1/ack")).wrong == "409"
    [listed] = [each for each in (await operator.facts("/incidents"))["incidents"] if each["incident"] == "a1"]
    assert (listed["acknowledged"], listed["acknowledged_by"], listed["owner"]) == (False, None, None)
    assert [(entry.who, entry.way, entry.what, entry.about, entry.company) for _, entry in
            (await api_app.store.people.audit_log(None, 3))[::-1]] == [
        ("olga", "token olga", "incident acknowledged", "incident a1: calling them", "acme"),
        ("olga", "token olga", "owner set", "incident a1: Acme's IT", "acme"),
        ("olga", "token olga", "incident released", "incident a1", "acme"),
    ]  # fmt: skip


async def test_who_has_it_already_is_not_noted_again(api_app: ApiApp, operator: Program) -> None:
    for _ in range(2):
        assert (await operator.post("/incidents/a1/ack", {})).status == 200
    other = await api_app.program(Rights.OPERATOR, name="bob")
    assert (await other.post("/incidents/a1/ack", {})).facts["acknowledged_by"] == "bob"
    assert [each.who for each in await api_app.store.incidents.actions("a1")] == ["olga", "bob"]


async def test_comments_and_tickets_are_listed_in_order_also_of_what_is_over(operator: Program) -> None:
    for text in ("first\r\nline", "  second  "):
        assert (await operator.post("/incidents/b2/comments", {"text": text})).status == 201
    for ticket in ("https://tickets.example/INC-1", "INC-2", "INC-2"):
        assert (await operator.post("/incidents/b2/tickets", {"ticket": ticket})).status == 201
    facts = await operator.facts("/incidents/b2")
    assert [(each["who"], each["text"]) for each in facts["comments"]] == [
        ("olga", "first\nline"),
        ("olga", "second"),
    ]
    assert facts["tickets"] == ["https://tickets.example/INC-1", "INC-2"]
    assert [each["said"] for each in facts["history"][:1]] == ["olga: first line"]


async def test_what_is_over_cannot_be_acknowledged(operator: Program) -> None:
    for method, path, body in (("POST", "ack", {}), ("DELETE", "ack", None), ("PUT", "owner", {"owner": "x"})):
        reply = await operator.ask(method, f"/incidents/b2/{path}", body)
        assert reply.wrong == "409"
        assert "it has been closed since" in reply.facts["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body", "wrong"),
    [
        ("POST", "ack", {"note": "two\nlines"}, "422 note"),
        ("POST", "ack", {"note": "x" * 201}, "422 note"),
        ("POST", "ack", {"who": "somebody else"}, "422 who"),
        ("PUT", "owner", {"owner": " "}, "422 owner"),
        ("PUT", "owner", {}, "422 owner"),
        ("POST", "comments", {"text": "\n"}, "422 text"),
        ("POST", "comments", {"text": "x" * 2001}, "422 text"),
        ("POST", "tickets", {"ticket": ""}, "422 ticket"),
    ],
)
async def test_what_is_wrong_is_said(operator: Program, method: str, path: str, body: Any, wrong: str) -> None:
    assert (await operator.ask(method, f"/incidents/a1/{path}", body)).wrong == wrong


async def test_a_bound_operator_works_on_incidents_of_their_companies_alone(api_app: ApiApp, operator: Program) -> None:
    bound = await api_app.program(Rights.OPERATOR, ("acme",), name="acmes-it")
    assert (await bound.post("/incidents/a1/ack", {})).status == 200
    assert (await bound.post("/incidents/b2/ack", {})).wrong == "404"
    for method, path, body in (
        ("POST", "ack", {}),
        ("DELETE", "ack", None),
        ("PUT", "owner", {"owner": "x"}),
        ("POST", "comments", {"text": "x"}),
        ("POST", "tickets", {"ticket": "x"}),
    ):
        reply = await bound.ask(method, f"/incidents/e1/{path}", body)
        assert reply.wrong == "409"
        assert "companies that are not yours" in reply.facts["detail"]
    assert await api_app.store.incidents.actions("e1") == []
    # that somebody else has it is seen, and not who, nor what they wrote of others
    await operator.post("/incidents/e1/ack", {"note": "calling Bolt"})
    await operator.post("/incidents/e1/comments", {"text": "Bolt again"})
    await operator.post("/incidents/e1/tickets", {"ticket": "BOLT-1"})
    facts = await bound.facts("/incidents/e1")
    assert (facts["acknowledged"], facts["acknowledged_by"], facts["owner"]) == (True, None, None)
    assert (facts["tickets"], facts["comments"]) == ([], [])
    for path in ("/incidents/e1", "/incidents"):
        text = (await bound.get(path)).text
        assert "Bolt" not in text
        assert "BOLT" not in text
        assert "olga" not in text


async def test_a_follower_is_sent_the_incident_when_somebody_takes_it(api_app: ApiApp, operator: Program) -> None:
    async with operator.follow("/events?only=incident") as reader:
        await reader.until("begin")
        await operator.post("/incidents/a1/ack", {})
        [event] = await reader.until("incident")
        assert (event["incident"], event["acknowledged_by"]) == ("a1", "olga")


async def test_an_incident_takes_a_limited_number_of_entries(
    api_app: ApiApp, operator: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.actions.incident_work.MAX_ACTIONS", 2)
    statuses = [(await operator.post("/incidents/a1/comments", {"text": "x"})).status for _ in range(3)]
    assert statuses == [201, 201, 409]
