"""PagerDuty, by a receiver that checks the documented format of its Events API v2."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from monitor.channels.pagerduty import PagerDutyChannel, events
from monitor.notices.notice import Notice, NoticeKind
from probes.outside import Outside
from tests.support.channel_samples import labels
from tests.support.full_notices import LINKS, bare_notice, full_notice, hostile_notice
from tests.support.vendor_receivers import ROUTING_KEY, VendorAnswer, VendorReceiver, pagerduty, vendor


@pytest.fixture
async def pager() -> AsyncIterator[VendorReceiver]:
    async with vendor(pagerduty) as receiver:
        yield receiver


def channel(receiver: VendorReceiver, key: str = ROUTING_KEY) -> PagerDutyChannel:
    return PagerDutyChannel(routing_key=SecretStr(key), url=receiver.url)


async def test_an_alert_has_fields_instead_of_one_long_text(pager: VendorReceiver, around: Outside) -> None:
    result = await channel(pager).deliver(full_notice(), around)
    assert (result.fault, result.handle, result.answer) == ("", "i1", "HTTP 202")
    [event] = [request.json for request in pager.taken]
    assert (event["event_action"], event["dedup_key"], event["client"]) == ("trigger", "i1", "Mailpath")
    assert event["client_url"] == LINKS["incident_url"]
    payload = event["payload"]
    assert payload["summary"] == "[PAGE] Granite Gate Steel: sign-in codes are rejected (IP address)"
    assert (payload["source"], payload["severity"]) == ("Granite Gate Steel", "critical")
    assert (payload["component"], payload["group"], payload["class"]) == ("granite/hq", "Microsoft 365", "IP address")
    found = payload["custom_details"]
    assert found["Impact"] == "Nobody at Granite Gate Steel can receive a sign-in code."
    assert found["Since"] == "2026-11-23 08:00 UTC (31 min)"
    assert found["What to do"] == "1. Open the connection filter policy.\n2. Allow 104.130.122.50.\n3. Save."
    assert all(isinstance(value, str) and value for value in found.values())
    assert {link["text"]: link["href"] for link in event["links"]} == {
        "Open": LINKS["incident_url"],
        "Runbook": LINKS["runbook_url"],
        "I have it": LINKS["ack_url"],
        "Mute 2 h": LINKS["mute_url"],
        "Company": LINKS["company_url"],
        "Probe": LINKS["probe_url"],
        "Dashboard": LINKS["dashboard_url"],
    }


async def test_a_life_of_an_incident_is_one_alert(pager: VendorReceiver, around: Outside) -> None:
    pd = channel(pager)
    states = []
    for news, number, more in (
        (NoticeKind.OPENED, 1, {}),
        (NoticeKind.WIDENED, 2, {}),
        (NoticeKind.REMINDER, 3, {"acknowledged_by": "Ada"}),
        (NoticeKind.RESOLVED, 4, {}),
        (NoticeKind.OPENED, 5, {}),
        (NoticeKind.MERGED, 6, {}),
    ):
        told = full_notice(news, number, handle="i1" if number > 1 else "", **more)
        assert not (await pd.deliver(told, around)).fault
        states.append(pager.items["i1"])
    assert states == ["triggered", "triggered", "acknowledged", "resolved", "triggered", "resolved"]
    assert [*pager.items] == ["i1"]


def test_an_incident_that_pagerduty_does_not_know_is_triggered_even_if_somebody_has_it() -> None:
    actions = [event["event_action"] for event in events(full_notice(acknowledged_by="Ada"), ROUTING_KEY)]
    assert actions == ["trigger"]


@pytest.mark.parametrize(
    ("severity", "theirs"), [("page", "critical"), ("ticket", "warning"), ("note", "info"), ("?", "critical")]
)
def test_severities(severity: str, theirs: str) -> None:
    [event] = events(_of(severity), ROUTING_KEY)
    assert event["payload"]["severity"] == theirs


def _of(severity: str) -> Notice:
    return replace(full_notice(), labels=labels(severity=severity))


@pytest.mark.parametrize("told", [bare_notice(), hostile_notice()], ids=["bare", "hostile"])
async def test_whatever_is_in_a_notice_it_is_a_valid_event(pager: VendorReceiver, around: Outside, told: Any) -> None:
    assert not (await channel(pager).deliver(told, around)).fault
    [event] = [request.json for request in pager.taken]
    assert len(event["payload"]["summary"]) <= 120
    assert len(json.dumps(event)) < 512 * 1024, "PagerDuty's limit"
    assert "\x1b" not in json.dumps(event, ensure_ascii=False)
    assert event["links"] == [], "a hostile notice has no address that may be followed"


async def test_the_title_and_text_are_enough(pager: VendorReceiver, around: Outside) -> None:
    await channel(pager).deliver(bare_notice(), around)
    payload = pager.taken[0].json["payload"]
    assert (payload["summary"], payload["source"]) == ("Acme Steel: mail is blocked", "Mailpath")
    assert "550 5.7.1 blocked" in payload["custom_details"]["Text"]


@pytest.mark.parametrize(
    ("answer", "fault", "refused", "wait"),
    [
        (
            VendorAnswer(429, None, {"Retry-After": "Mon, 01 Jan 2024 00:00:00 +99999999999999999"}),
            "HTTP 429",
            False,
            None,
        ),
        (VendorAnswer(429, None, {"Retry-After": "7"}), "HTTP 429", False, timedelta(seconds=7)),
        (VendorAnswer(429), "HTTP 429", False, None),
        (VendorAnswer(500, "oops"), "HTTP 500", False, None),
        (VendorAnswer(503), "HTTP 503", False, None),
        (
            VendorAnswer(
                400, {"status": "invalid event", "message": "Event object is invalid", "errors": ["too long"]}
            ),
            "HTTP 400: Event object is invalid; too long",
            True,
            None,
        ),
        (
            VendorAnswer(400, {"message": "Event object is invalid", "errors": ["'routing_key' is incorrect"]}),
            "HTTP 400: Event object is invalid; 'routing_key' is incorrect",
            False,
            None,
        ),
        (VendorAnswer(400, [1]), "HTTP 400", True, None),
        (VendorAnswer(400, {"message": f"no {ROUTING_KEY}"}), "HTTP 400: no [secret]", True, None),
    ],
)
async def test_error_answers(
    pager: VendorReceiver, around: Outside, answer: VendorAnswer, fault: str, refused: bool, wait: Any
) -> None:
    pager.next_answers.append(answer)
    result = await channel(pager).deliver(full_notice(), around)
    assert (result.fault, result.refused, result.wait, result.handle) == (fault, refused, wait, "")


async def test_a_wrong_key_is_for_people_to_correct(pager: VendorReceiver, around: Outside) -> None:
    result = await channel(pager, "b" * 32).deliver(full_notice(), around)
    assert (result.fault, result.refused) == ("HTTP 400: Invalid routing key; Invalid routing key", False)


@pytest.mark.parametrize("key", ["short", "a" * 31 + "-", "a" * 33])
def test_a_key_that_cannot_be_one(key: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        PagerDutyChannel(routing_key=SecretStr(key))
    [error] = wrong.value.errors(include_input=False)
    assert "must be an integration key of 32 letters and digits" in error["msg"]
    assert key not in error["msg"]


def test_the_preview_is_what_is_sent_without_the_key() -> None:
    shown = PagerDutyChannel(routing_key=SecretStr(ROUTING_KEY)).preview(full_notice())
    [event] = events(full_notice(), "(routing key)")
    assert json.loads(shown) == event


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "https://events.pagerduty.com/v2/enqueue"),
        ({"eu": True}, "https://events.eu.pagerduty.com/v2/enqueue"),
        ({"url": "https://proxy.example/pd/"}, "https://proxy.example/pd/v2/enqueue"),
    ],
)
def test_regions(settings: dict[str, Any], address: str) -> None:
    assert PagerDutyChannel(routing_key=SecretStr(ROUTING_KEY), **settings).address == address
