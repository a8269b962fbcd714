"""A test notice is ended where the receiver keeps it open, even if nobody knows whether it arrived."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitor.actions.channel_tests import MAX_TESTS_PER_HOUR, ChannelTester
from monitor.actions.rate_limit import TooManyError
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


async def test_tests_at_the_same_moment_keep_the_limit_together(tmp_path: Path) -> None:
    """Two processes with one store, each with more tests than are allowed in an hour."""
    url, sent, now = f"sqlite:///{tmp_path / 'mailpath.db'}", list[str](), [AT]

    async def deliver(_: Channel, notice: Notice) -> DeliveryResult:
        sent.append(notice.incident)
        return TAKEN

    async with Store.open(url) as one, Store.open(url) as other:
        testers = [ChannelTester(store, deliver, lambda: now[0], "ann", "command") for store in (one, other)]
        channels = {"hook": HOOK, "chat": HOOK}

        async def refused(name: str) -> list[BaseException]:
            tests = (each.test(name, channels, "https://mailpath.example") for each in testers * MAX_TESTS_PER_HOUR)
            results = await asyncio.gather(*tests, return_exceptions=True)
            return [each for each in results if isinstance(each, BaseException)]

        first = await refused("hook")
        assert {type(each) for each in first} == {TooManyError}
        assert len(first) == len(set(sent)) == MAX_TESTS_PER_HOUR
        assert len(await refused("chat")) == MAX_TESTS_PER_HOUR, "each channel has its own limit"
        now[0] += timedelta(hours=1)
        assert len(await refused("hook")) == MAX_TESTS_PER_HOUR
