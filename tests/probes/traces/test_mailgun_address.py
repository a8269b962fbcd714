"""What Mailgun knows of one address: its mail of the last day, and whether it is suppressed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from probes.accounts.mailgun import MailgunAccount
from probes.accounts.registry import Accounts
from probes.http import HttpSession
from probes.outside import Outside
from probes.traced import Suppression, SuppressionReason, TraceFate
from probes.traces import TraceError
from probes.traces.mailgun import MailgunTrace
from tests.clouds.fake_mailgun import DOMAIN, KEY, FakeMailgun, failing, fake_mailgun, saying
from tests.support.outside_world import outside_world

JANE = "jane.doe-4711@acme.test"
BARE = Suppression(SuppressionReason.BOUNCED)
TRACE = MailgunTrace(via="mailgun", account="identity")


@pytest.fixture
async def fake() -> AsyncIterator[FakeMailgun]:
    async with fake_mailgun() as running:
        yield running


@pytest.fixture
async def outside(fake: FakeMailgun) -> AsyncIterator[Outside]:
    async with HttpSession() as http:
        accounts = Accounts(http, lambda: datetime.now(UTC))
        keys = {"provider": "mailgun", "domain": DOMAIN, "key": SecretStr(KEY), "url": fake.url}
        accounts.configure({"identity": MailgunAccount.model_validate(keys)})
        yield outside_world(now=lambda: datetime.now(UTC), http=http, accounts=accounts)


def yesterday() -> datetime:
    return datetime.now(UTC) - timedelta(days=1)


async def test_its_mail_in_order_and_nobody_elses(fake: FakeMailgun, outside: Outside) -> None:
    fake.say("delivered", "a@x", "bob@acme.test", reply="250 2.0.0 Ok")
    fake.say("delivered", "b@x", JANE, reply="250 2.0.0 Ok")
    fake.say("failed", "c@x", JANE, severity="permanent", reason="bounce", reply="550 5.1.1 No such user")
    found = await TRACE.about(JANE.upper(), yesterday(), outside)
    assert [each.fate for each in found.rows] == [TraceFate.DELIVERED, TraceFate.REFUSED]
    assert found.rows[-1].reply == "550 5.1.1 No such user"
    assert found.suppressed is None
    assert fake.objections == []


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        ("bounces", SuppressionReason.BOUNCED),
        ("complaints", SuppressionReason.COMPLAINED),
        ("unsubscribes", SuppressionReason.UNSUBSCRIBED),
    ],
)
async def test_why_and_since_when_it_is_suppressed(
    fake: FakeMailgun, outside: Outside, listed: str, reason: SuppressionReason
) -> None:
    entry = {"code": "550", "error": "5.1.1 No such user", "created_at": "Mon, 30 Nov 2026 10:00:00 UTC"}
    fake.lists[listed] = {JANE: entry}
    found = await TRACE.about(JANE, yesterday(), outside)
    said = "550 5.1.1 No such user, since Mon, 30 Nov 2026 10:00:00 UTC"
    assert found.suppressed == Suppression(reason, said)


async def test_an_address_is_on_a_list_also_where_the_entry_says_nothing(fake: FakeMailgun, outside: Outside) -> None:
    fake.lists["bounces"] = {JANE: {}}
    assert (await TRACE.about(JANE, yesterday(), outside)).suppressed == BARE


@pytest.mark.parametrize("before", [0, 1])
async def test_what_cannot_be_asked_is_an_error_without_the_address(
    fake: FakeMailgun, outside: Outside, before: int
) -> None:
    fake.moods.extend([saying(b'{"items": []}')] * before)
    fake.moods.extend([failing(500)] * 9)
    with pytest.raises(TraceError) as error:
        await TRACE.about(JANE, yesterday(), outside)
    assert "jane" not in str(error.value).lower()


async def test_an_odd_address_leads_to_no_other_place(fake: FakeMailgun, outside: Outside) -> None:
    odd = "a/../../b?c=d@acme.test"
    await TRACE.about(odd, yesterday(), outside)
    lists = [f"GET /v3/{DOMAIN}/{each}/{odd}" for each in ("bounces", "complaints", "unsubscribes")]
    assert fake.paths == ["POST /v1/analytics/logs", *lists]
    assert fake.objections == []
