"""Microsoft Teams, by a workflow that checks the documented format of adaptive cards."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from markdown_it import MarkdownIt
from pydantic import SecretStr, ValidationError

from monitor.channels.teams import TeamsChannel
from monitor.channels.teams_card import defused, envelope
from monitor.notices.notice import Notice, NoticeKind
from probes.outside import Outside
from tests.support.full_notices import HOSTILE, LINKS, bare_notice, full_notice, hostile_notice
from tests.support.vendor_receivers import (
    TEAMS_PATH,
    TEAMS_SIGNATURE,
    VendorAnswer,
    VendorReceiver,
    teams,
    vendor,
)


@pytest.fixture
async def workflow() -> AsyncIterator[VendorReceiver]:
    async with vendor(teams) as receiver:
        yield receiver


def channel(receiver: VendorReceiver, path: str = TEAMS_PATH, sig: str = TEAMS_SIGNATURE) -> TeamsChannel:
    return TeamsChannel(url=SecretStr(f"{receiver.url}{path}?api-version=1&sig={sig}"))


def card_of(message: Any) -> Any:
    return message["attachments"][0]["content"]


def texts(element: Any) -> list[str]:
    """Every text that Teams reads as Markdown."""
    match element:
        case {"type": "TextRun"}:
            return []
        case {"type": "TextBlock", "text": str(text)} | {"value": str(text)}:
            return [text]
        case dict():
            return [text for each in element.values() for text in texts(each)]
        case list():
            return [text for each in element for text in texts(each)]
    return []


def shown(markdown: str) -> tuple[str, set[str]]:
    """The text that a reader of Markdown sees, and its formats."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    inner = [child for token in tokens for child in token.children or ()]
    formats = {token.type for token in (*tokens, *inner)} - {"paragraph_open", "paragraph_close", "inline", "text"}
    return "\n".join(
        "".join(each.content for each in token.children or ()) for token in tokens if token.children
    ), formats


async def test_a_card_has_everything(workflow: VendorReceiver, around: Outside) -> None:
    result = await channel(workflow).deliver(full_notice(), around)
    assert (result.fault, result.answer) == ("", "HTTP 202")
    card = card_of(workflow.taken[0].json)
    title, impact, facts, quote = card["body"][:4]
    assert title["text"] == r"\[PAGE\] Granite Gate Steel: sign-in codes are rejected (IP address)"
    assert (title["color"], title["wrap"]) == ("Attention", True)
    assert impact["text"] == "Nobody at Granite Gate Steel can receive a sign-in code."
    assert {each["title"]: each["value"] for each in facts["facts"]} == {
        "Severity": "Page",
        "Since": "2026-11-23 08:00 UTC (31 min)",
        "Cause": "IP address",
        "Mail system": "Microsoft 365",
        "Company": "Granite Gate Steel",
        "Who acts": "the IT department of Granite Gate Steel",
        "Incident": "i1",
    }
    [run] = quote["items"][0]["inlines"]
    assert run["text"] == "550 5.7.1 Service unavailable, client host [104.130.122.50] blocked"
    assert [action.get("url") for action in card["actions"]] == [
        *(LINKS[key] for key in ("incident_url", "runbook_url", "ack_url", "mute_url", "company_url")),
        None,
    ]
    assert [action["title"] for action in card["actions"] if action.get("mode") != "secondary"] == [
        *("Open", "Runbook", "I have it", "Mute 2 h")
    ], "as many as a phone shows"
    [hidden] = [each for each in card["body"] if each.get("isVisible") is False]
    assert card["actions"][-1]["targetElements"] == [hidden["id"]]


async def test_the_end_is_good_news_without_buttons_for_work(workflow: VendorReceiver, around: Outside) -> None:
    await channel(workflow).deliver(full_notice(NoticeKind.RESOLVED, 2), around)
    card = card_of(workflow.taken[0].json)
    assert card["body"][0]["color"] == "Good"
    assert not {"I have it", "Mute 2 h", "All details"} & {each["title"] for each in card["actions"]}


@pytest.mark.parametrize("told", [bare_notice(), hostile_notice()], ids=["bare", "hostile"])
async def test_whatever_is_in_a_notice_it_is_a_valid_card(
    workflow: VendorReceiver, around: Outside, told: Notice
) -> None:
    assert not (await channel(workflow).deliver(told, around)).fault
    card = card_of(workflow.taken[0].json)
    for text in texts(card["body"]):
        assert shown(text)[1] == set(), text
        assert "{{" not in text
    assert not [each for each in card["actions"] if "url" in each]


async def test_the_largest_notice_fits(workflow: VendorReceiver, around: Outside) -> None:
    long = "\N{SNOWMAN}&*" * 3000
    facts: dict[str, Any] = dict.fromkeys(("impact", "quote", "who_acts", "do_not", "verify"), long)
    facts |= dict.fromkeys(LINKS, f"https://mailpath.example/{'x' * 1900}")
    told = full_notice(**facts, steps=[long] * 20)
    assert not (await channel(workflow).deliver(told, around)).fault, workflow.refused


@pytest.mark.parametrize(
    "text",
    [
        *("**bold** _it_ `code` ~~gone~~", "[Open](https://evil.example)", "![x](https://evil.example/x.png)"),
        *("<https://evil.example>", "<b>550</b>", "&lt;script&gt; &amp;", "# heading", "> quote", "- item", "1. item"),
        *("1) item", "+ item", "***", "---", "a\n===", "    code", "\\*", "| a | b |", "[a]: https://evil.example"),
        HOSTILE,
    ],
)
def test_hostile_markdown_is_shown_as_it_is(text: str) -> None:
    seen, formats = shown(defused(text))
    assert formats == set()
    plain = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    assert seen.replace("\N{WORD JOINER}", "") == plain


@pytest.mark.parametrize(
    ("answer", "fault", "refused", "wait"),
    [
        (VendorAnswer(429, None, {"Retry-After": "12"}), "HTTP 429", False, timedelta(seconds=12)),
        (VendorAnswer(502, "bad gateway"), "HTTP 502", False, None),
        (
            VendorAnswer(400, {"error": {"code": "TriggerInputSchemaMismatch", "message": "no"}}),
            "HTTP 400: TriggerInputSchemaMismatch; no",
            True,
            None,
        ),
        (
            VendorAnswer(400, {"error": {"code": "WorkflowTriggerIsNotEnabled", "message": "off"}}),
            "HTTP 400: WorkflowTriggerIsNotEnabled; off",
            False,
            None,
        ),
        (VendorAnswer(413), "HTTP 413", True, None),
        (VendorAnswer(400, {"error": "x"}), "HTTP 400", True, None),
    ],
)
async def test_error_answers(
    workflow: VendorReceiver, around: Outside, answer: VendorAnswer, fault: str, refused: bool, wait: Any
) -> None:
    workflow.next_answers.append(answer)
    result = await channel(workflow).deliver(full_notice(), around)
    assert (result.fault, result.refused, result.wait) == (fault, refused, wait)


async def test_a_wrong_address_is_for_people_to_correct(workflow: VendorReceiver, around: Outside) -> None:
    for wrong, status in ((channel(workflow, path="/gone"), 404), (channel(workflow, sig="old"), 401)):
        result = await wrong.deliver(full_notice(), around)
        assert result.fault.startswith(f"HTTP {status}: ")
        assert not result.refused
        assert "sig=" not in result.fault


@pytest.mark.parametrize("url", ["s3cret", "ftp://s3cret.example", "https://u:s3cret@x.example/", "https://x/#s3cret"])
def test_an_address_that_cannot_be_one_is_not_shown(url: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        TeamsChannel(url=SecretStr(url))
    [error] = wrong.value.errors(include_input=False)
    assert "must be the https address that the workflow shows" in error["msg"]
    assert "s3cret" not in error["msg"]


def test_the_preview_is_what_is_sent(workflow: VendorReceiver) -> None:
    assert json.loads(channel(workflow).preview(full_notice())) == envelope(full_notice())
    assert not channel(workflow).keeps_open
