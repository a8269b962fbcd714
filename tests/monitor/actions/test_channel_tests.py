"""A test notice is ended where the receiver keeps it open, even if nobody knows whether it arrived."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitor.actions.channel_tests import ChannelTester
from monitor.channels.channel import TAKEN, Channel, DeliveryResult
from monitor.channels.webhook import WebhookChannel
from monitor.notices.notice import Notice
from monitor.store import Store

HOOK = WebhookChannel(url="http://127.0.0.1:9/", secret=SecretStr("long enough to be a secret"))
AT = datetime(2026, 11, 23, 8, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("results", "news", "fault"),
    [
        ([TAKEN, TAKEN], ["opened", "resolved"], ""),
        ([DeliveryResult("HTTP 503"), TAKEN], ["opened", "resolved"], "HTTP 503"),
        ([DeliveryResult("HTTP 400", refused=True)], ["opened"], "HTTP 400"),
        (
            [TAKEN, DeliveryResult("HTTP 503")],
            ["opened", "resolved"],
            "the test was delivered, but closing it failed: HTTP 503; close it at the receiver",
        ),
        (
            [DeliveryResult("no answer"), DeliveryResult("no answer")],
            ["opened", "resolved"],
            "no answer; if the receiver has the test all the same, close it there",
        ),
    ],
)
async def test_what_was_opened_is_ended(
    tmp_path: Path, results: list[DeliveryResult], news: list[str], fault: str
) -> None:
    left, sent = list(results), list[str]()

    async def deliver(_: Channel, notice: Notice) -> DeliveryResult:
        sent.append(str(notice.news))
        return left.pop(0)

    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        tester = ChannelTester(store, deliver, lambda: AT, "ann", "session")
        result = await tester.test("hook", {"hook": HOOK}, "https://mailpath.example")
    assert (sent, result.fault) == (news, fault)
