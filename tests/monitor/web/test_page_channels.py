"""The channels among the settings, and their test by page and API, with a receiver that checks the vendor's format."""

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from monitor.actions import channel_tests
from monitor.actions.channel_tests import MAX_TESTS_PER_HOUR
from monitor.people.person import AuditAction, Rights
from monitor.web.errors import REQUEST_TIMEOUT_SECONDS
from tests.support.channel_samples import mark_delivered
from tests.support.incident_samples import incident, notice
from tests.support.pages_app import PagesApp, open_pages_app, post
from tests.support.vendor_receivers import ROUTING_KEY, VendorAnswer, VendorReceiver, pagerduty, vendor

PAGE = "/settings/channels"


@pytest.fixture
async def pager() -> AsyncIterator[VendorReceiver]:
    async with vendor(pagerduty) as receiver:
        yield receiver


@pytest.fixture
async def pages_app(pager: VendorReceiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PagesApp]:
    monkeypatch.setenv("PD", ROUTING_KEY)
    channel = {"via": "pagerduty", "routing_key": {"env": "PD"}, "url": pager.url}
    async with open_pages_app(tmp_path, channels={"oncall": channel}) as pages_app:
        yield pages_app


def shown(page: str) -> str:
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", main)).split())


async def noted_tests(pages_app: PagesApp) -> list[tuple[str, str, str]]:
    entries = [entry for _, entry in await pages_app.store.people.audit_log(None, 100)]
    return [(each.who, each.way, each.about) for each in entries if each.what == AuditAction.CHANNEL_TESTED]


async def test_the_button_sends_a_test_notice(pages_app: PagesApp, pager: VendorReceiver) -> None:
    admin = await pages_app.admin()
    page = await admin.get(PAGE)
    assert "oncall pagerduty none yet none Send a test notice through oncall" in shown(page.text)
    answer = await post(admin, f"{PAGE}/test", PAGE, channel="oncall")
    assert answer.status == 200
    assert "The test notice through oncall was delivered. The receiver answered: HTTP 202." in shown(answer.text)
    assert [request.json["event_action"] for request in pager.taken] == ["trigger", "resolve"]
    assert "root sent this to test" in pager.taken[0].json["payload"]["custom_details"]["Text"]
    assert await noted_tests(pages_app) == [("root", "session", "channel oncall")]
    assert ROUTING_KEY not in page.text + answer.text


async def test_a_failure_is_shown_as_the_receiver_says_it(pages_app: PagesApp, pager: VendorReceiver) -> None:
    pager.next_answers.append(VendorAnswer(400, {"message": "<script>alert(1)</script>"}))
    answer = await post(await pages_app.admin(), f"{PAGE}/test", PAGE, channel="oncall")
    assert "The test through oncall failed: HTTP 400: <script>alert(1)</script>." in shown(answer.text)
    assert "<script>alert" not in answer.text


async def test_there_are_not_too_many(pages_app: PagesApp, pager: VendorReceiver) -> None:
    admin = await pages_app.admin()
    for _ in range(MAX_TESTS_PER_HOUR):
        assert (await post(admin, f"{PAGE}/test", PAGE, channel="oncall")).status == 200
    refused = await post(admin, f"{PAGE}/test", PAGE, channel="oncall")
    assert refused.status == 429
    assert "channel oncall: at most 10 test notices are sent in an hour; try again in" in shown(refused.text)
    token = await pages_app.token("ci", Rights.ADMIN)
    by_api = await token_asks(pages_app, token, "POST", "/api/v1/channels/oncall/test")
    assert (by_api.status, int(by_api.headers["Retry-After"]) > 3000) == (429, True)
    assert len(pager.taken) == 2 * MAX_TESTS_PER_HOUR
    pages_app.clock.pass_(hours=1)
    assert (await post(admin, f"{PAGE}/test", PAGE, channel="oncall")).status == 200


async def token_asks(pages_app: PagesApp, token: str, method: str, path: str) -> Any:
    return await pages_app.browser(Authorization=f"Bearer {token}").ask(method, path)


async def test_the_api_lists_and_tests(pages_app: PagesApp, pager: VendorReceiver) -> None:
    token = await pages_app.token("ci", Rights.ADMIN)
    listed = await token_asks(pages_app, token, "GET", "/api/v1/channels")
    oncall = {"channel": "oncall", "via": "pagerduty", "waiting": 0, "oldest_seconds": 0.0}
    assert json.loads(listed.text) == {"channels": [oncall], "next": None}
    pager.next_answers.append(VendorAnswer(503))
    results = [await token_asks(pages_app, token, "POST", "/api/v1/channels/oncall/test") for _ in range(2)]
    assert [json.loads(each.text) for each in results] == [
        {"channel": "oncall", "via": "pagerduty", "delivered": False, "answer": "", "fault": "HTTP 503"},
        {"channel": "oncall", "via": "pagerduty", "delivered": True, "answer": "HTTP 202", "fault": ""},
    ]
    assert (await token_asks(pages_app, token, "POST", "/api/v1/channels/oncal/test")).status == 404


async def test_a_form_of_another_site_sends_nothing(pages_app: PagesApp, pager: VendorReceiver) -> None:
    admin = await pages_app.admin()
    assert (await admin.post(f"{PAGE}/test", {"channel": "oncall"})).status == 403
    assert (pager.taken, await noted_tests(pages_app)) == ([], [])


async def test_an_unknown_channel(pages_app: PagesApp) -> None:
    answer = await post(await pages_app.admin(), f"{PAGE}/test", PAGE, channel="<b>oncal")
    assert answer.status == 422
    assert "No test was sent: no channel '<b>oncal'; did you mean oncall?." in shown(answer.text)


async def test_an_admin_of_one_company_has_no_channels(pages_app: PagesApp, pager: VendorReceiver) -> None:
    admin = await pages_app.admin(("acme",))
    page = await admin.get(PAGE)
    assert "Channels are not shown to you." in shown(page.text)
    assert "oncall" not in page.text
    other = await admin.get("/settings/people")  # the page has no form of its own
    secret = re.search('name="form" value="([^"]+)"', other.text)
    assert secret
    answer = await admin.post(f"{PAGE}/test", {"form": secret[1], "channel": "oncall"})
    assert answer.status == 422
    token = await pages_app.token("ci", Rights.ADMIN, ("acme",))
    assert (await token_asks(pages_app, token, "POST", "/api/v1/channels/oncall/test")).status == 404
    assert (await token_asks(pages_app, token, "GET", "/api/v1/channels")).text == '{"channels": [], "next": null}'
    assert pager.taken == []


@pytest.mark.parametrize("rights", [Rights.VIEWER, Rights.OPERATOR])
async def test_only_admins(pages_app: PagesApp, rights: Rights) -> None:
    token = await pages_app.token("ci", rights)
    for method, path in (("GET", PAGE), ("POST", f"{PAGE}/test"), ("POST", "/api/v1/channels/oncall/test")):
        assert (await token_asks(pages_app, token, method, path)).status == 403


async def test_a_channel_that_hangs_does_not_hold_the_request(
    pages_app: PagesApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(channel_tests, "TIMEOUT", 0.2)
    tester = channel_tests.ChannelTester(pages_app.store, hang, pages_app.clock, "Ada", "command")
    result = await tester.test("oncall", pages_app.backend.config().channels, "https://mailpath.example")
    assert result.fault == "no answer within 0.2 seconds; if the receiver has the test all the same, close it there"


def test_a_test_ends_before_its_request_does() -> None:
    assert channel_tests.TIMEOUT < REQUEST_TIMEOUT_SECONDS


async def test_the_last_delivery_a_fault_and_who_is_notified_are_shown(pages_app: PagesApp) -> None:
    incidents, now = pages_app.store.incidents, pages_app.clock()
    first, second = notice(1, channel="oncall"), notice(2, channel="oncall")
    await incidents.advance(1, [incident("i1")], [], [first, second])
    await mark_delivered(pages_app.store, first.id, now)
    await incidents.put_off(second.id, now, now, "HTTP 500 <b>busy</b>")
    text = shown((await (await pages_app.admin()).get(PAGE)).text)
    assert first.title in text
    assert "HTTP 500 <b>busy</b>" in text
    assert "Who is notified" in text
    assert "each company" in text.partition("Who is notified")[2]
