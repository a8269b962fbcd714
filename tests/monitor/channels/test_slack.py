"""Slack, by a receiver that checks the documented formats of its Web API."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from monitor.channels import slack as slack_channel
from monitor.channels.slack import SlackChannel
from monitor.channels.slack_message import escaped, message, reply
from monitor.notices.notice import Notice, NoticeKind
from probes.outside import Outside
from tests.support.full_notices import LINKS, bare_notice, full_notice, hostile_notice
from tests.support.vendor_receivers import SLACK_ROOM, SLACK_TOKEN, VendorAnswer, VendorReceiver, slack, vendor


@pytest.fixture
async def workspace() -> AsyncIterator[VendorReceiver]:
    async with vendor(slack) as receiver:
        yield receiver


def channel(receiver: VendorReceiver, **other: Any) -> SlackChannel:
    fields = {"token": SecretStr(SLACK_TOKEN), "channel": SLACK_ROOM, "url": f"{receiver.url}/api"}
    return SlackChannel(**{**fields, **other})


def roots(receiver: VendorReceiver) -> dict[str, Any]:
    """The messages that are no replies, by their timestamp."""
    return {ts: said for ts, said in receiver.items.items() if "thread_ts" not in said}


def replies(receiver: VendorReceiver) -> list[Any]:
    return [said for said in receiver.items.values() if "thread_ts" in said]


def markup(value: Any) -> list[str]:
    """Every text that Slack reads as its markup."""
    match value:
        case {"type": "mrkdwn", "text": str(text)}:
            return [text]
        case {"type": "plain_text"}:
            return []
        case dict():
            own = [value["text"]] if isinstance(value.get("text"), str) else []
            return own + [text for each in value.values() for text in markup(each)]
        case list():
            return [text for each in value for text in markup(each)]
    return []


async def test_one_message_has_everything(workspace: VendorReceiver, around: Outside) -> None:
    result = await channel(workspace).deliver(full_notice(), around)
    assert (result.fault, result.answer) == ("", "ok")
    [(ts, said)] = roots(workspace).items()
    assert result.handle == f"{SLACK_ROOM}:{ts}"
    header, impact, fields, quote, fix, compared, caution, verify, actions, context = said["blocks"]
    assert header["text"]["text"] == "🔴 [PAGE] Granite Gate Steel: sign-in codes are rejected (IP address)"
    assert impact["text"]["text"] == "*Nobody at Granite Gate Steel can receive a sign-in code.*"
    assert [each["text"].split("\n")[0] for each in fields["fields"]] == [
        *("*Since*", "*Who acts*", "*Cause*", "*Mail system*", "*Company*")
    ]
    assert quote["text"]["type"] == "plain_text", "the server's words are no markup"
    assert "client host [104.130.122.50] blocked" in quote["text"]["text"]
    assert fix["text"]["text"].startswith("*What to do*\n1. Open the connection filter policy.\n2. ")
    assert compared["text"]["text"] == (
        "*Comparison*\nA control from a neutral sender got through at 2026-11-23 08:00 UTC."
    )
    assert caution["text"]["text"].startswith("*Caution*\n")
    assert verify["text"]["text"].startswith("*How to verify*\n")
    assert {each["text"]["text"]: each["url"] for each in actions["elements"]} == {
        "Open": LINKS["incident_url"],
        "Runbook": LINKS["runbook_url"],
        "I have it": LINKS["ack_url"],
        "Mute 2 h": LINKS["mute_url"],
        "Company": LINKS["company_url"],
        "Probe": LINKS["probe_url"],
        "Dashboard": LINKS["dashboard_url"],
    }
    assert "incident i1" in context["elements"][0]["text"]
    [history] = replies(workspace)
    assert (history["thread_ts"], history["reply_broadcast"]) == (ts, False)


async def test_later_notices_edit_the_message_and_go_into_its_thread(
    workspace: VendorReceiver, around: Outside
) -> None:
    room, handle = channel(workspace), ""
    news = (NoticeKind.OPENED, NoticeKind.WIDENED, NoticeKind.CAUSE_CHANGED, NoticeKind.REMINDER, NoticeKind.RESOLVED)
    for number, each in enumerate(news, 1):
        result = await room.deliver(full_notice(each, number, handle), around)
        assert not result.fault
        handle = result.handle or handle
    [(ts, last)] = roots(workspace).items()
    assert handle == f"{SLACK_ROOM}:{ts}"
    assert last["blocks"][0]["text"]["text"].startswith("✅ ")
    buttons = next(block for block in last["blocks"] if block["type"] == "actions")["elements"]
    assert not {"I have it", "Mute 2 h"} & {each["text"]["text"] for each in buttons}, "of no use when it is over"
    assert [said["reply_broadcast"] for said in replies(workspace)] == [False, True, False, True, False]
    assert {said["thread_ts"] for said in replies(workspace)} == {ts}


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed"])
async def test_a_message_that_cannot_be_edited_is_posted_anew(
    workspace: VendorReceiver, around: Outside, error: str
) -> None:
    workspace.next_answers.append(VendorAnswer(200, {"ok": False, "error": error}))
    result = await channel(workspace).deliver(
        full_notice(NoticeKind.REMINDER, 2, f"{SLACK_ROOM}:1699999999.000001"), around
    )
    [ts] = roots(workspace)
    assert (result.fault, result.handle) == ("", f"{SLACK_ROOM}:{ts}")


async def test_a_thread_that_is_gone_is_begun_anew(workspace: VendorReceiver, around: Outside) -> None:
    room = channel(workspace)
    handle = (await room.deliver(full_notice(), around)).handle
    workspace.next_answers.extend([None, VendorAnswer(200, {"ok": False, "error": "thread_not_found"})])
    assert (await room.deliver(full_notice(NoticeKind.REMINDER, 2, handle), around)).handle not in ("", handle)
    assert len(roots(workspace)) == 2


@pytest.mark.parametrize("handle", ["C9999999999:1700000000.000000", "nonsense", "C0123456789:../x", "i1"])
async def test_the_message_of_another_channel_is_not_edited(
    workspace: VendorReceiver, around: Outside, handle: str
) -> None:
    assert not (await channel(workspace).deliver(full_notice(NoticeKind.REMINDER, 2, handle), around)).fault
    assert {request.path for request in workspace.taken} == {"/api/chat.postMessage"}


async def test_a_failed_first_reply_does_not_post_the_message_twice(workspace: VendorReceiver, around: Outside) -> None:
    workspace.next_answers.extend([None, VendorAnswer(503)])
    result = await channel(workspace).deliver(full_notice(), around)
    assert not result.fault
    assert result.handle


async def test_a_first_reply_that_hangs_does_not_post_the_message_twice(
    workspace: VendorReceiver, around: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_channel, "FIRST_REPLY_TIMEOUT", 0.2)
    workspace.next_answers.extend([None, VendorAnswer(200, {"ok": True}, after=5)])
    async with asyncio.timeout(3):
        result = await channel(workspace).deliver(full_notice(), around)
    assert not result.fault
    assert result.handle


async def test_a_failed_later_reply_is_tried_again(workspace: VendorReceiver, around: Outside) -> None:
    room = channel(workspace)
    handle = (await room.deliver(full_notice(), around)).handle
    workspace.next_answers.extend([None, VendorAnswer(503)])
    told = full_notice(NoticeKind.REMINDER, 2, handle)
    assert (await room.deliver(told, around)).fault == "HTTP 503"
    assert not (await room.deliver(told, around)).fault
    assert len(roots(workspace)) == 1
    assert len(replies(workspace)) == 2


@pytest.mark.parametrize("told", [bare_notice(), hostile_notice()], ids=["bare", "hostile"])
@pytest.mark.parametrize("edits", [False, True])
async def test_whatever_is_in_a_notice_it_is_a_valid_message(
    workspace: VendorReceiver, around: Outside, told: Notice, edits: bool
) -> None:
    workspace.items["1700000000.999999"] = {}
    handle = f"{SLACK_ROOM}:1700000000.999999" if edits else ""
    result = await channel(workspace).deliver(told_with(told, handle), around)
    assert not result.fault, workspace.refused
    assert not workspace.refused, "nor is the reply refused"
    for request in workspace.taken:
        for text in markup(request.json):
            assert "<" not in text, "neither mentions nor links nor commands"
            assert ">" not in text
        assert "\x1b" not in json.dumps(request.json, ensure_ascii=False)
        assert not [each for block in request.json["blocks"] for each in block.get("elements", []) if "url" in each]


def told_with(told: Notice, handle: str) -> Notice:
    return replace(told, handle=handle)


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("a < b & c > d", 100, "a &lt; b &amp; c &gt; d"),
        ("<!channel>", 100, "&lt;!channel&gt;"),
        ("&&&&", 12, "&amp;&amp;…"),
        ("abcdef", 6, "abcde…"),
        ("abcde", 6, "abcde"),
        ("", 6, ""),
    ],
)
def test_escapes_are_never_cut(text: str, most: int, shown: str) -> None:
    assert escaped(text, most) == shown
    assert len(shown) <= most


@pytest.mark.parametrize(
    ("answer", "fault", "refused", "wait"),
    [
        (
            VendorAnswer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"}),
            "HTTP 429: ratelimited",
            False,
            timedelta(seconds=30),
        ),
        (VendorAnswer(200, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"}),
         "refused: ratelimited", False, timedelta(seconds=30)),
        (VendorAnswer(500, "oops"), "HTTP 500", False, None),
        (VendorAnswer(200, {"ok": False, "error": "internal_error"}), "refused: internal_error", False, None),
        (VendorAnswer(200, {"ok": False, "error": "msg_too_long"}), "refused: msg_too_long", True, None),
        (VendorAnswer(200, {"ok": False, "error": "invalid_blocks"}), "refused: invalid_blocks", True, None),
        (VendorAnswer(200, {"ok": False, "error": "never heard"}), "refused: never heard", False, None),
        (
            VendorAnswer(200, {"ok": False, "error": "not_in_channel"}),
            "refused: not_in_channel; invite the app to the channel: /invite @APP",
            False,
            None,
        ),
        (VendorAnswer(200, {"ok": False, "error": SLACK_TOKEN}), "refused: [secret]", False, None),
        (VendorAnswer(200, "ok"), "the answer is not one of Slack's Web API; check url", False, None),
        (VendorAnswer(302, None, {"Location": "/x"}),
         "HTTP 302: it leads elsewhere, and we do not follow; put the final address into url", False, None),
    ],
)  # fmt: skip
async def test_error_answers(
    workspace: VendorReceiver, around: Outside, answer: VendorAnswer, fault: str, refused: bool, wait: Any
) -> None:
    workspace.next_answers.append(answer)
    result = await channel(workspace).deliver(full_notice(), around)
    assert (result.fault, result.refused, result.wait, result.handle) == (fault, refused, wait, "")


async def test_a_wrong_token_or_channel_is_for_people_to_correct(workspace: VendorReceiver, around: Outside) -> None:
    for other, fault in (
        ({"token": SecretStr("xoxb-1-other")}, "refused: invalid_auth; correct the token"),
        (
            {"channel": "C9999999999"},
            "refused: channel_not_found; correct the id, or invite the app to the private channel",
        ),
    ):
        result = await channel(workspace, **other).deliver(full_notice(), around)
        assert (result.fault, result.refused) == (fault, False)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("token", SecretStr("s3cret"), 'must be the bot token of a Slack app, like "xoxb-..."'),
        ("token", SecretStr("xoxb-1\nX-Header: y"), "must be the bot token"),
        ("channel", "#ops", 'must be the id of a channel, like "C0123456789", not "#ops"'),
    ],
)
def test_settings_that_cannot_work(field: str, value: Any, problem: str) -> None:
    fields = {"token": SecretStr(SLACK_TOKEN), "channel": SLACK_ROOM, field: value}
    with pytest.raises(ValidationError) as wrong:
        SlackChannel(**fields)
    [error] = wrong.value.errors(include_input=False)
    assert problem in error["msg"]
    assert "s3cret" not in error["msg"]


def test_the_preview_is_what_is_sent(workspace: VendorReceiver) -> None:
    shown = channel(workspace).preview(full_notice())
    assert json.loads(shown) == {
        "chat.postMessage": message(full_notice()),
        "reply in its thread": reply(full_notice()),
    }
    edits = channel(workspace).preview(full_notice(NoticeKind.REMINDER, 2, f"{SLACK_ROOM}:1700000000.000000"))
    assert "chat.update" in json.loads(edits)
    assert SLACK_TOKEN not in shown
