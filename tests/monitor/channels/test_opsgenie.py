"""Opsgenie, by a receiver that checks the documented format of its Alert API."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from monitor.channels.opsgenie import OpsgenieChannel, alert
from monitor.notices.notice import Notice, NoticeKind
from probes.outside import Outside
from tests.support.channel_samples import labels
from tests.support.full_notices import LINKS, bare_notice, full_notice, hostile_notice
from tests.support.vendor_receivers import OPSGENIE_KEY, VendorAnswer, VendorReceiver, opsgenie, vendor


@pytest.fixture
async def genie() -> AsyncIterator[VendorReceiver]:
    async with vendor(opsgenie) as receiver:
        yield receiver


def channel(receiver: VendorReceiver, key: str = OPSGENIE_KEY) -> OpsgenieChannel:
    return OpsgenieChannel(api_key=SecretStr(key), url=receiver.url)


async def test_an_alert_has_everything(genie: VendorReceiver, around: Outside) -> None:
    result = await channel(genie).deliver(full_notice(), around)
    assert (result.fault, result.handle, result.answer) == ("", "i1", "HTTP 202")
    made = genie.items["i1"]
    assert made["message"] == "[PAGE] Granite Gate Steel: sign-in codes are rejected (IP address)"
    assert made["description"] == full_notice().text
    assert (made["priority"], made["entity"], made["source"]) == ("P1", "Granite Gate Steel", "Mailpath")
    assert made["tags"] == ["mailpath", "page", "Microsoft 365", "IP address"]
    assert made["details"]["Open"] == LINKS["incident_url"]
    assert made["details"]["Impact"] == "Nobody at Granite Gate Steel can receive a sign-in code."


async def test_a_life_of_an_incident_is_one_alert(genie: VendorReceiver, around: Outside) -> None:
    og = channel(genie)
    await og.deliver(full_notice(), around)
    worse = replace(full_notice(NoticeKind.WIDENED, 2, "i1"), title="Worse", labels=labels(severity="ticket"))
    await og.deliver(worse, around)
    made = genie.items["i1"]
    assert (made["message"], made["priority"], made["count"], len(made["notes"])) == ("Worse", "P3", 2, 1)
    assert made["notes"][0].startswith("Worse\n\nSince 08:00 UTC.")
    assert "acknowledged" not in made
    await og.deliver(full_notice(NoticeKind.REMINDER, 3, "i1", acknowledged_by="Ada"), around)
    assert made["acknowledged"]
    assert not (await og.deliver(full_notice(NoticeKind.RESOLVED, 4, "i1"), around)).fault
    assert made["status"] == "closed"
    assert not (await og.deliver(full_notice(NoticeKind.OPENED, 5, "i1"), around)).fault
    assert genie.items["i1"]["status"] == "open"


async def test_an_alert_that_a_person_closed_is_closed(genie: VendorReceiver, around: Outside) -> None:
    result = await channel(genie).deliver(full_notice(NoticeKind.MERGED, 2, "i1"), around)
    assert (result.fault, genie.items) == ("", {})


@pytest.mark.parametrize(("severity", "priority"), [("page", "P1"), ("ticket", "P3"), ("note", "P5"), ("?", "P1")])
def test_priorities(severity: str, priority: str) -> None:
    assert alert(replace(full_notice(), labels=labels(severity=severity)))["priority"] == priority


@pytest.mark.parametrize("told", [bare_notice(), hostile_notice()], ids=["bare", "hostile"])
@pytest.mark.parametrize("news", [NoticeKind.OPENED, NoticeKind.REMINDER, NoticeKind.RESOLVED])
async def test_whatever_is_in_a_notice_it_is_a_valid_request(
    genie: VendorReceiver, around: Outside, told: Notice, news: NoticeKind
) -> None:
    assert not (await channel(genie).deliver(replace(told, news=news, handle="i1"), around)).fault
    assert not [answer for answer in genie.refused if answer.status != 404]


async def test_an_incident_id_cannot_leave_its_place(genie: VendorReceiver, around: Outside) -> None:
    told = replace(full_notice(NoticeKind.RESOLVED, 2, "x"), incident="../alerts?x=#")
    assert not (await channel(genie).deliver(told, around)).fault


@pytest.mark.parametrize(
    ("answer", "fault", "refused", "wait"),
    [
        (
            VendorAnswer(429, {"message": "You are making too many requests!"}, {"Retry-After": "5"}),
            "HTTP 429: You are making too many requests!",
            False,
            timedelta(seconds=5),
        ),
        (VendorAnswer(503), "HTTP 503", False, None),
        (
            VendorAnswer(422, {"message": "Not processable.", "errors": {"message": "must not be empty"}}),
            "HTTP 422: Not processable.; message: must not be empty",
            True,
            None,
        ),
        (VendorAnswer(403, {"message": "You are not authorized"}), "HTTP 403: You are not authorized", False, None),
        (VendorAnswer(404, "x"), "HTTP 404", False, None),
        (VendorAnswer(401, {"message": f"Key {OPSGENIE_KEY}"}), "HTTP 401: Key [secret]", False, None),
    ],
)
async def test_error_answers(
    genie: VendorReceiver, around: Outside, answer: VendorAnswer, fault: str, refused: bool, wait: Any
) -> None:
    genie.next_answers.append(answer)
    result = await channel(genie).deliver(full_notice(), around)
    assert (result.fault, result.refused, result.wait, result.handle) == (fault, refused, wait, "")


async def test_a_later_request_that_fails_is_tried_again(genie: VendorReceiver, around: Outside) -> None:
    og, told = channel(genie), full_notice(NoticeKind.REMINDER, 2, "i1")
    await og.deliver(full_notice(), around)
    genie.next_answers.extend([None, None, VendorAnswer(503)])
    assert (await og.deliver(told, around)).fault == "HTTP 503"
    assert not (await og.deliver(told, around)).fault
    assert len(genie.items["i1"]["notes"]) == 1


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "https://api.opsgenie.com/v2/alerts"),
        ({"eu": True}, "https://api.eu.opsgenie.com/v2/alerts"),
        (
            {"url": "https://api.atlassian.com/jsm/ops/integration"},
            "https://api.atlassian.com/jsm/ops/integration/v2/alerts",
        ),
    ],
)
def test_regions(settings: dict[str, Any], address: str) -> None:
    assert OpsgenieChannel(api_key=SecretStr(OPSGENIE_KEY), **settings).address == address


@pytest.mark.parametrize("key", ["two words", "line\nX-Header: y", "größe"])
def test_a_key_that_cannot_be_one(key: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        OpsgenieChannel(api_key=SecretStr(key))
    assert key not in str(wrong.value)


def test_the_preview_is_what_is_sent(genie: VendorReceiver) -> None:
    shown = channel(genie).preview(full_notice())
    assert json.loads(shown) == [{"request": "POST /v2/alerts", **alert(full_notice())}]
    assert OPSGENIE_KEY not in shown
    last = json.loads(channel(genie).preview(full_notice(NoticeKind.RESOLVED, 2, "i1")))
    assert last[0]["request"] == "POST /v2/alerts/i1/close?identifierType=alias"
