"""The forms of an incident's page by which people work on it."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.incidents.incident import Resolution
from tests.support.pages_app import START, PagesApp, incident, open_pages_app, opened, post
from tests.support.rules_of_backend import engine_of

OVER = {"closed_at": START + timedelta(hours=2), "ending": Resolution.RECOVERED}


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        await pages_app.store.incidents.advance(
            1, [incident(), incident("e1", "acme", "bolt"), incident("b2", **OVER)], [opened(), opened("b2")], []
        )
        await engine_of(pages_app.backend).recall(())
        yield pages_app


def has_it(page: str) -> str:
    """What the page says of who has it."""
    found = re.search("<dt>Has it</dt><dd>(.*?)</dd>", page, re.S)
    assert found, page
    return " ".join(re.sub("<.*?>", "", found[1]).split())


async def test_an_incident_is_acknowledged_taken_over_and_released(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    page = (await operator.get("/incidents/a1")).text
    assert has_it(page) == "Nobody"
    answer = await post(operator, "/incidents/a1/work", "/incidents/a1", do="ack", note="calling them")
    assert (answer.status, answer.way) == (303, "/incidents/a1#work")
    page = (await operator.get("/incidents/a1")).text
    assert re.fullmatch(r"op, since .* UTC: calling them", has_it(page))
    assert "op: calling them" in page  # in its history
    assert "op has it" in (await operator.get("/incidents")).text
    other = await pages_app.admin()
    assert ">Take it over</button>" in (await other.get("/incidents/a1")).text
    await post(other, "/incidents/a1/work", "/incidents/a1", do="ack")
    assert has_it((await operator.get("/incidents/a1")).text).startswith("root, since")
    await post(operator, "/incidents/a1/work", "/incidents/a1", do="release")
    assert has_it((await operator.get("/incidents/a1")).text) == "Nobody"
    assert [
        entry.what for _, entry in (await pages_app.store.people.audit_log(None, 9)) if "incident" in entry.what
    ] == [
        "incident released",
        "incident acknowledged",
        "incident acknowledged",
    ]


async def test_it_is_handed_over_commented_and_linked(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    for said in (
        {"do": "owner", "owner": "Acme's <b>IT"},
        {"do": "comment", "text": "one\n<script>two"},
        {"do": "ticket", "ticket": "https://tickets.example/INC-1?a=1&b"},
        {"do": "ticket", "ticket": "javascript:alert(1)"},
    ):
        assert (await post(operator, "/incidents/a1/work", "/incidents/a1", **said)).status == 303
    page = (await operator.get("/incidents/a1")).text
    assert "Acme&#39;s &lt;b&gt;IT, who has not acknowledged it" in page
    assert "one\n&lt;script&gt;two" in page
    assert 'href="https://tickets.example/INC-1?a=1&amp;b"' in page
    assert 'href="javascript' not in page
    assert "javascript:alert(1)" in page


async def test_what_is_over_can_be_commented_and_not_taken(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    page = (await operator.get("/incidents/b2")).text
    assert 'value="ack"' not in page
    assert 'value="owner"' not in page
    assert (await post(operator, "/incidents/b2/work", "/incidents/b2", do="comment", text="x")).status == 303
    answer = await post(operator, "/incidents/b2/work", "/incidents/b2", do="ack")
    assert answer.status == 409
    assert "It has been closed since" in answer.text


@pytest.mark.parametrize(
    ("said", "status", "wrong"),
    [
        ({"do": "owner", "owner": ""}, 422, "Owner: must be one line of text, at most 200 characters."),
        ({"do": "comment", "text": "x" * 2001}, 422, "Text: must be a text of 1 to 2,000 characters."),
        ({"do": "release"}, 409, "Nobody has acknowledged it"),
        ({"do": "dance"}, 409, "Press one of the buttons."),
        ({}, 409, "Press one of the buttons."),
    ],
)
async def test_what_is_wrong_is_said(pages_app: PagesApp, said: dict[str, str], status: int, wrong: str) -> None:
    operator = await pages_app.operator()
    answer = await post(operator, "/incidents/a1/work", "/incidents/a1", **said)
    assert answer.status == status
    assert wrong in answer.text
    assert await pages_app.store.incidents.actions("a1") == []


async def test_a_viewer_sees_who_has_it_and_has_no_form(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    await post(operator, "/incidents/a1/work", "/incidents/a1", do="ack")
    viewer = await pages_app.viewer()
    page = (await viewer.get("/incidents/a1")).text
    assert has_it(page).startswith("op, since")
    assert "/work" not in page


async def test_a_bound_operator_sees_that_a_wide_one_is_taken_and_cannot_take_it(pages_app: PagesApp) -> None:
    root = await pages_app.admin()
    await post(root, "/incidents/e1/work", "/incidents/e1", do="ack", note="calling Bolt")
    await post(root, "/incidents/e1/work", "/incidents/e1", do="comment", text="of Bolt")
    bound = await pages_app.operator("acme")
    page = (await bound.get("/incidents/e1")).text
    assert has_it(page).startswith("Somebody, since")
    assert "Bolt" not in page
    assert "/work" not in page
    answer = await post(bound, "/incidents/e1/work", "/incidents/a1", do="ack")
    assert answer.status == 409
    assert "Bolt" not in answer.text


async def test_a_form_of_another_site_does_nothing(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    page = (await operator.get("/incidents/a1")).text
    secret = re.search('name="form" value="([^"]+)"', page)
    assert secret
    for data, headers in (({"do": "ack"}, {}), ({"do": "ack", "form": secret[1]}, {"Sec-Fetch-Site": "cross-site"})):
        answer = await operator.ask("POST", "/incidents/a1/work", headers, data=data)
        assert answer.status == 403
    assert await pages_app.store.incidents.actions("a1") == []


async def test_the_page_says_whom_it_is_escalated_to_and_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "hooksecret0123456789")
    hook = {"via": "webhook", "url": "https://hooks.example/x", "secret": {"env": "HOOK"}}
    routing = [{"to": ["boss"], "after": "2h"}, {"to": ["manager", "boss"], "severities": ["page"], "after": "30d"}]
    async with open_pages_app(tmp_path, channels={"boss": hook, "manager": hook}, routing=routing) as pages_app:
        now = pages_app.clock()
        waits = incident(unacknowledged_since=now, opened_at=now)
        await pages_app.store.incidents.advance(1, [waits], [opened()], [])
        viewer = await pages_app.viewer()
        page = (await viewer.get("/incidents/a1")).text
        found = re.findall(r"<dt>Escalation</dt><dd>(\w+) is notified .*?(20[0-9: -]+) UTC", page)
        assert found == [
            ("boss", f"{now + timedelta(hours=2):%Y-%m-%d %H:%M:%S}"),
            ("manager", f"{now + timedelta(days=30):%Y-%m-%d %H:%M:%S}"),
        ]
        assert f"boss is notified {now + timedelta(hours=2):%Y-%m-%d %H:%M} UTC if nobody acknowledges it" in page
        await pages_app.store.incidents.advance(2, [incident()], [], [])
        assert "Escalation" not in (await viewer.get("/incidents/a1")).text
