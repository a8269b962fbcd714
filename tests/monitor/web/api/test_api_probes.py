"""Probes by the API: sent, listed, shown, explained."""

import asyncio
import json
from datetime import datetime, timedelta

import pytest

from monitor.cli.recall import explain
from monitor.config import Config
from monitor.people.person import Rights
from probes.kinds import Kind
from probes.sender import Role
from tests.support.api_app import ApiApp
from tests.support.pages_app import BLOCKED


async def test_a_probe_that_is_sent_now_can_be_read_until_its_verdict(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.OPERATOR)
    reply = await program.post("/probes", {"company": "acme", "path": "hq"})
    assert reply.status == 202
    [sent] = reply.facts["probes"]
    assert reply.headers["Location"] == f"/api/v1/probes/{sent['probe']}"
    await api_app.heard.verdict()
    facts = await program.facts(f"/probes/{sent['probe']}")
    assert facts["verdict"]["outcome"] == "inbox"
    assert [seen["type"] for seen in facts["evidence"]] == ["attempt", "dialogue", "arrival"]
    entries = [entry for _, entry in await api_app.store.people.audit_log(None, 10) if entry.what == "probe sent"]
    assert [(entry.who, entry.way, entry.company) for entry in entries] == [("operator-0", "token operator-0", "acme")]


@pytest.mark.parametrize(
    ("wish", "sent"),
    [
        ({"company": "bolt"}, ["bolt/hq two_step_code"]),
        ({"company": "acme"}, ["acme/hq two_step_code", "acme/cloud two_step_code"]),
        ({"company": "acme", "path": "hq", "kind": "verification"}, ["acme/hq verification"]),
        (
            {"company": "acme", "path": "hq", "kinds": ["invitation", "verification"]},
            ["acme/hq invitation", "acme/hq verification"],
        ),
    ],
)
async def test_what_is_sent_is_what_was_asked_for(api_app: ApiApp, wish: dict[str, object], sent: list[str]) -> None:
    program = await api_app.program(Rights.OPERATOR)
    reply = await program.post("/probes", wish)
    assert [f"{each['company']}/{each['path']} {each['kind']}" for each in reply.facts["probes"]] == sent


async def test_the_control_can_be_sent_too(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.OPERATOR)
    reply = await program.post("/probes", {"company": "acme", "path": "hq", "as": "control"})
    assert reply.status == 202
    [sent] = reply.facts["probes"]
    assert (await program.facts(f"/probes/{sent['probe']}"))["as"] == "control"


@pytest.mark.parametrize(
    ("wish", "wrong", "remedy"),
    [
        ({"company": "acmee"}, "404 company", "did you mean acme?"),
        ({"company": "acme", "path": "hqq"}, "404 path", "did you mean hq?"),
        ({"company": "acme", "kind": "verificaton"}, "422 kind", "did you mean verification?"),
        ({"company": "acme", "pth": "hq"}, "422 pth", "did you mean path?"),
        ({"path": "hq"}, "422 company", 'give it a value such as "acme": the key of the company.'),
        ({"company": 1}, "422 company", 'send a value such as "acme": the key of the company.'),
        (["acme"], "422 body", 'send one JSON object like {"company": "acme"}'),
    ],
)
async def test_a_wish_that_cannot_be_says_what_to_do(api_app: ApiApp, wish: object, wrong: str, remedy: str) -> None:
    program = await api_app.program(Rights.OPERATOR)
    reply = await program.post("/probes", wish)
    assert reply.wrong == wrong
    assert reply.facts["errors"][0]["remedy"] == remedy


async def test_one_person_sends_only_so_many_in_an_hour(api_app: ApiApp) -> None:
    program, other = await api_app.program(Rights.OPERATOR), await api_app.program(Rights.OPERATOR, name="other")
    most = 20  # on one path
    kinds = [str(kind) for kind in Kind]
    for _ in range(most // len(kinds)):
        assert (await program.post("/probes", {"company": "acme", "path": "hq", "kinds": kinds})).status == 202
    for each in (program, other):
        refused = await each.post("/probes", {"company": "acme", "path": "hq"})
        assert refused.wrong == "429"
        assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert (await program.post("/probes", {"company": "bolt"})).status == 202
    api_app.pipeline_app.clock.pass_(hours=1)
    assert (await program.post("/probes", {"company": "acme", "path": "hq"})).status == 202


async def test_a_path_that_admits_no_more_says_when_to_come_again(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.OPERATOR)
    api_app.full.add("acme/hq")
    refused = await program.post("/probes", {"company": "acme", "path": "hq"})
    assert refused.wrong == "429"
    assert refused.headers["Retry-After"] == "60"


# ---- Once -----------------------------------------------------------------------------------------------------------


async def test_the_same_request_with_its_key_is_done_once(api_app: ApiApp) -> None:
    program, wish = await api_app.program(Rights.OPERATOR), {"company": "acme", "path": "hq"}
    first = await program.post("/probes", wish, Idempotency_Key="a")
    again = await program.post("/probes", wish, Idempotency_Key="a")
    assert (again.status, again.text, again.headers["Location"]) == (202, first.text, first.headers["Location"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(api_app.admitted) == 1


async def test_two_at_the_same_moment_are_one(api_app: ApiApp) -> None:
    program, wish = await api_app.program(Rights.OPERATOR), {"company": "acme", "path": "hq"}
    replies = await asyncio.gather(*(program.post("/probes", wish, Idempotency_Key="a") for _ in range(10)))
    assert len({reply.text for reply in replies}) == 1
    assert len(api_app.admitted) == 1


async def test_a_key_that_came_with_another_request_is_refused(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.OPERATOR)
    await program.post("/probes", {"company": "acme", "path": "hq"}, Idempotency_Key="a")
    other = await program.post("/probes", {"company": "bolt"}, Idempotency_Key="a")
    assert other.wrong == "422 Idempotency-Key"
    assert (await program.post("/mutes", {"company": "bolt"}, Idempotency_Key="a")).wrong == "422 Idempotency-Key"


async def test_a_key_is_its_callers_own(api_app: ApiApp) -> None:
    one, other = await api_app.program(Rights.OPERATOR), await api_app.program(Rights.OPERATOR, name="other")
    first = await one.post("/probes", {"company": "acme", "path": "hq"}, Idempotency_Key="a")
    second = await other.post("/probes", {"company": "acme", "path": "hq"}, Idempotency_Key="a")
    assert first.facts["probes"][0]["probe"] != second.facts["probes"][0]["probe"]


async def test_what_failed_may_be_tried_again_with_its_key(api_app: ApiApp) -> None:
    program, wish = await api_app.program(Rights.OPERATOR), {"company": "acme", "path": "hq"}
    api_app.full.add("acme/hq")
    assert (await program.post("/probes", wish, Idempotency_Key="a")).status == 429
    api_app.full.clear()
    assert (await program.post("/probes", wish, Idempotency_Key="a")).status == 202


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "é"])
async def test_a_key_that_is_none_is_an_error(api_app: ApiApp, key: str) -> None:
    program = await api_app.program(Rights.OPERATOR)
    reply = await program.post("/probes", {"company": "acme"}, Idempotency_Key=key)
    assert reply.wrong == "400 Idempotency-Key"
    assert api_app.admitted == []


# ---- The list -------------------------------------------------------------------------------------------------------


async def test_the_list_is_read_page_by_page(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.VIEWER)
    made = [await api_app.probe(ago=timedelta(minutes=number)) for number in range(1, 8)]
    found, query = [], "?most=3"
    while True:
        page = await program.facts(f"/probes{query}")
        found += [probe["probe"] for probe in page["probes"]]
        if page["next"] is None:
            break
        query = f"?most=3&cursor={page['next']}"
    assert found == made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "abcd"),
        ("?company=acme", "abc"),
        ("?company=acme&path=cloud", "c"),
        ("?kind=invitation", "b"),
        ("?as=control", "d"),
        ("?outcome=blocked", "c"),
        ("?since=2026-11-25T11:00:00Z", "bcd"),
        ("?until=2026-11-25T13:00:00%2B01:00", "ab"),
        ("?until=2026-11-25T13:00:00+01:00", "ab"),  # a "+" that nobody encoded
    ],
)
async def test_the_list_is_filtered(api_app: ApiApp, query: str, found: str) -> None:
    program = await api_app.program(Rights.VIEWER)
    at = {"a": "10:30", "b": "11:30", "c": "12:30", "d": "13:30"}
    facts: dict[str, dict[str, object]] = {
        "a": {},
        "b": {"kind": Kind.INVITATION},
        "c": {"path": "cloud", "verdict": BLOCKED},
        "d": {"company": "bolt", "role": Role.CONTROL},
    }
    names = {}
    for name, more in facts.items():
        launched = datetime.fromisoformat(f"2026-11-25T{at[name]}Z")
        names[await api_app.probe(ago=api_app.pipeline_app.clock() - launched, **more)] = name  # type: ignore[arg-type]
    page = await program.facts(f"/probes{query}")
    assert {names[probe["probe"]] for probe in page["probes"]} == set(found)


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("?compny=acme", "400 compny"),
        ("?company=acme&company=bolt", "400 company"),
        ("?company=Acme!", "400 company"),
        ("?company=nobody", "404"),
        ("?path=hq", "400 path"),
        ("?company=acme&path=nowhere", "404"),
        ("?most=0", "400 most"),
        ("?most=501", "400 most"),
        ("?most=many", "400 most"),
        ("?since=yesterday", "400 since"),
        ("?since=2026-11-25T11:00:00", "400 since"),
        ("?kind=news", "400 kind"),
        ("?outcome=good&as=me", "400 as outcome"),
        ("?cursor=x", "400 cursor"),
    ],
)
async def test_a_query_that_cannot_be_says_which_field_is_wrong(api_app: ApiApp, query: str, wrong: str) -> None:
    program = await api_app.program(Rights.VIEWER)
    reply = await program.get(f"/probes{query}")
    assert " ".join(sorted(reply.wrong.split())) == " ".join(sorted(wrong.split()))


async def test_what_was_watched_once_is_found_still(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.VIEWER)
    made = await api_app.probe(company="gone")
    assert [probe["probe"] for probe in (await program.facts("/probes?company=gone"))["probes"]] == [made]


# ---- One ------------------------------------------------------------------------------------------------------------


async def test_explain_says_what_the_command_line_says(api_app: ApiApp, capsys: pytest.CaptureFixture[str]) -> None:
    program = await api_app.program(Rights.OPERATOR)
    sent = (await program.post("/probes", {"company": "acme", "path": "cloud"})).facts["probes"][0]["probe"]
    await api_app.heard.verdict()
    reply = await program.get(f"/probes/{sent}/explain")
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    config = Config.model_validate(
        {"store": {"url": api_app.pipeline_app.url}}, context={"folder": api_app.pipeline_app.folder}
    )
    await explain(config, sent, as_json=False)
    assert reply.text == capsys.readouterr().out
    assert "Client host rejected" in reply.text


async def test_one_probe_is_the_json_of_the_command_line(api_app: ApiApp, capsys: pytest.CaptureFixture[str]) -> None:
    program, made = await api_app.program(Rights.VIEWER), await api_app.probe()
    config = Config.model_validate(
        {"store": {"url": api_app.pipeline_app.url}}, context={"folder": api_app.pipeline_app.folder}
    )
    await explain(config, made, as_json=True)
    assert await program.facts(f"/probes/{made}") == json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("path", ["/probes/none", "/probes/none/explain", "/probes/none/events"])
async def test_a_probe_that_never_was_is_not_there(api_app: ApiApp, path: str) -> None:
    program = await api_app.program(Rights.VIEWER)
    reply = await program.get(path)
    assert reply.wrong == "404"
    assert reply.facts["detail"] == "There is no probe none."
