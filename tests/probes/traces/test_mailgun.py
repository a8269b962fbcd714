"""Mailgun's log as a trace: what each row means, and what happens when it cannot be asked."""

import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from probes import http as http_client
from probes.accounts.mailgun import MailgunAccount, MailgunBudget
from probes.accounts.registry import Accounts
from probes.evidence import decode, encode
from probes.http import HttpSession
from probes.outcome import Cause
from probes.outside import Outside
from probes.traced import Side, Traced, TraceFate
from probes.traces import TraceError, TraceQuestion
from probes.traces.mailgun import MailgunTrace
from probes.traces.mailgun_rows import FATES, SUPPRESSED, read_rows, read_suppression
from tests.clouds.fake_mailgun import (
    DOMAIN,
    KEY,
    SENDING_IP,
    FakeMailgun,
    cut,
    failing,
    fake_mailgun,
    row,
    saying,
    silent,
)
from tests.support.outside_world import outside_world

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
TRACE = MailgunTrace(via="mailgun", account="identity")


def question(message_id: str = "a@account.trimble.com", recipient: str = "probe@acme.test") -> TraceQuestion:
    return TraceQuestion(message_id, recipient, datetime.now(UTC))


def read(*rows: Any, asked: TraceQuestion | None = None) -> list[Traced]:
    """What these rows say of the message that is asked about."""
    asked = asked or question()
    found = read_rows([*rows], [asked], NOW)
    for traced in found.get(asked.message_id, []):
        assert decode(encode(traced)) == traced
    return found.get(asked.message_id, [])


def failed(severity: str, reply: str = "", reason: str = "generic", **status: Any) -> dict[str, Any]:
    made = row("failed", "a@account.trimble.com", severity=severity, reason=reason, reply=reply)
    made["delivery-status"] |= status
    return made


# -- what a row means -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("belief", "made", "fate", "reply", "cause"),
    [
        ("taken by Mailgun", row("accepted", "a@account.trimble.com"), TraceFate.HANDED_OVER, "", None),
        ("handed to the company", row("delivered", "a@account.trimble.com", reply="250 2.0.0 Ok"), TraceFate.DELIVERED,
         "250 2.0.0 Ok", None),
        ("refused for good", failed("permanent", "550 5.7.1 blocked using bl.test"), TraceFate.REFUSED,
         "550 5.7.1 blocked using bl.test", None),
        ("refused for a while", failed("temporary", "451 4.7.1 Greylisted"), TraceFate.DEFERRED, "451 4.7.1 Greylisted",
         None),
        ("suppressed, by the reason",
         failed("permanent", reason="suppress-bounce", code=605, message="Not delivering to bounced address"),
         TraceFate.SUPPRESSED, "605 Not delivering to bounced address", Cause.SUPPRESSED),
        ("suppressed, by the code", failed("permanent", code=607, message="x"), TraceFate.SUPPRESSED, "607 x",
         Cause.SUPPRESSED),
        ("suppressed, for a while", failed("temporary", reason="suppress-complaint"), TraceFate.SUPPRESSED, "",
         Cause.SUPPRESSED),
        ("Mailgun itself refuses us", row("rejected", "a@account.trimble.com", reason="Domain is disabled"),
         TraceFate.REFUSED, "Domain is disabled", Cause.RELAY_DENIED),
        ("nobody to ask", failed("temporary", code=498, message="No MX for acme.test"), TraceFate.DEFERRED,
         "498 No MX for acme.test", Cause.NETWORK),
        ("the same for good", failed("permanent", code=498, message="No MX for acme.test"), TraceFate.REFUSED,
         "498 No MX for acme.test", Cause.NETWORK),
        ("given up, with the last answer",
         failed("permanent", "602 5.0.0 Too old", "old", **{"last-code": 451, "last-message": "4.7.1 try later"}),
         TraceFate.REFUSED, "451 4.7.1 try later", None),
        ("given up, without one", failed("temporary", reason="old", code=602, message="Too old"), TraceFate.REFUSED,
         "602 Too old", Cause.EXPIRED),
        ("a code in quotes", failed("permanent", code="550", message="no"), TraceFate.REFUSED, "550 no", None),
        ("no words", failed("permanent", code=550, message="", description="Refused"), TraceFate.REFUSED, "550 Refused",
         None),
    ],
)  # fmt: skip
def test_what_a_row_means(belief: str, made: dict[str, Any], fate: TraceFate, reply: str, cause: Cause | None) -> None:
    [traced] = read(made)
    assert (traced.fate, traced.reply, traced.cause) == (fate, reply, cause), belief
    assert (traced.side, traced.source, traced.from_ip, traced.to_host) == (
        Side.SENDER, "mailgun", SENDING_IP, "mx.acme.test",
    )  # fmt: skip
    assert traced.happened_at


@pytest.mark.parametrize("event", ["opened", "clicked", "unsubscribed", "complained", "stored", "", "Quarantined"])
def test_what_says_nothing_of_the_delivery(event: str) -> None:
    assert read(row(event, "a@account.trimble.com")) == []


def test_every_list_of_suppressions_has_a_row() -> None:
    assert set(SUPPRESSED.values()) == {"bounces", "complaints", "unsubscribes"}
    assert all(fate in TraceFate for fate in FATES.values())


def test_rows_of_others_are_left_out() -> None:
    assert read(row("delivered", "b@account.trimble.com")) == []
    assert read(row("delivered", "a@account.trimble.com", "copy@acme.test")) == []
    assert read(row("delivered", "<a@account.trimble.com>", "Probe@Acme.test")) != []


def test_rows_are_in_order_and_counted_once() -> None:
    rows = [
        row("delivered", "a@account.trimble.com", id="2", **{"@timestamp": "2026-12-01T10:00:09Z"}),
        row("accepted", "a@account.trimble.com", id="1", **{"@timestamp": "2026-12-01T10:00:00Z"}),
        row("accepted", "a@account.trimble.com", id="1", **{"@timestamp": "2026-12-01T10:00:00Z"}),
    ]
    assert [traced.fate for traced in read(*rows)] == [TraceFate.HANDED_OVER, TraceFate.DELIVERED]
    many = [row("accepted", "a@account.trimble.com", id=str(number)) for number in range(1000)]
    assert len(read(*many)) == 20


def test_when_it_happened() -> None:
    at = datetime(2026, 12, 1, 9, 59, 59, 500_000, tzinfo=UTC)
    of_log = row("accepted", "a@account.trimble.com", **{"@timestamp": "2026-12-01T09:59:59.500Z"})
    of_events = row("accepted", "a@account.trimble.com") | {"@timestamp": None, "timestamp": at.timestamp()}
    never = row("accepted", "a@account.trimble.com") | {"@timestamp": "yesterday", "timestamp": 1e300}
    assert [read(each)[0].happened_at for each in (of_log, of_events, never)] == [at, at, None]


ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    1e308,
    10**400,
    "",
    "x" * 5000,
    "\x00\ud800\u202e",
    [],
    [[]],
    {},
    {"a": {}},
    [None] * 3,
]


def test_odd_rows_never_raise() -> None:
    chance = random.Random(16)
    good = failed("permanent", "550 5.7.1 no", "suppress-bounce")
    for number in range(6000):
        made = json.loads(json.dumps(good))
        for _ in range(chance.randint(1, 3)):
            table = chance.choice([made, *(each for each in made.values() if isinstance(each, dict))])
            if table:
                table[chance.choice([*table])] = chance.choice(ODD)
        for traced in read(made, chance.choice(ODD)):
            assert len(traced.text) <= 1000
            assert traced.text.isprintable()
            assert number >= 0
    for odd in ODD:
        assert read_rows(odd, [question()], NOW) == {}
        assert isinstance(read_suppression(odd), str)


# -- asking -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def fake() -> AsyncIterator[FakeMailgun]:
    async with fake_mailgun() as running:
        yield running


Make = Callable[..., Outside]


@pytest.fixture
async def make(fake: FakeMailgun) -> AsyncIterator[Make]:
    """Makes an outside world with the account."""
    async with HttpSession() as http:

        def make(url: str = "", **more: Any) -> Outside:
            now = lambda: datetime.now(UTC)  # noqa: E731
            accounts = Accounts(http, now)
            keys = {"provider": "mailgun", "domain": DOMAIN, "key": SecretStr(KEY), "url": url or fake.url} | more
            accounts.configure({"identity": MailgunAccount.model_validate(keys)})
            return outside_world(now=now, http=http, accounts=accounts)

        yield make


async def test_several_messages_are_one_request(fake: FakeMailgun, make: Make) -> None:
    fake.say("delivered", "a@account.trimble.com", reply="250 2.0.0 Ok")
    fake.say("failed", "b@account.trimble.com", severity="permanent", reply="550 5.7.1 no")
    fake.say("accepted", "other@account.trimble.com")
    answers = await TRACE.ask([question(), question("b@account.trimble.com"), question("c@x")], make())
    assert {key: [each.fate for each in said] for key, said in answers.items()} == {
        "a@account.trimble.com": [TraceFate.DELIVERED],
        "b@account.trimble.com": [TraceFate.REFUSED],
    }
    assert fake.paths == ["POST /v1/analytics/logs"]


async def test_a_filter_that_takes_one_value_only(fake: FakeMailgun, make: Make) -> None:
    fake.one_value = True
    fake.say("delivered", "b@account.trimble.com", reply="250 2.0.0 Ok")
    answers = await TRACE.ask([question(), question("b@account.trimble.com")], make())
    assert [*answers] == ["b@account.trimble.com"]
    assert len(fake.asked) == 3


async def test_all_pages_are_read_and_no_row_counts_twice(fake: FakeMailgun, make: Make) -> None:
    for number in range(250):
        fake.say("failed", "a@account.trimble.com", severity="temporary", reply=f"450 4.2.0 try {number}")
    fake.say("delivered", "a@account.trimble.com", reply="250 2.0.0 Ok")
    fake.twice = True
    answers = await TRACE.ask([question()], make())
    said = answers["a@account.trimble.com"]
    assert len(said) == 20
    assert said[-1].fate is TraceFate.DELIVERED
    assert len(fake.asked) == 5


@pytest.mark.parametrize("token", ["https://evil.example/v1?page=2", "https://127.0.0.1:1/", 7, {"a": 1}, "0"])
async def test_what_the_next_page_is_called_leads_nowhere_else(fake: FakeMailgun, make: Make, token: object) -> None:
    """It is a value in the body of the next request to the same server, and never an address."""
    for _ in range(100):
        fake.say("accepted", "a@account.trimble.com")
    fake.next_token = token
    with suppress(TraceError):
        await TRACE.ask([question()], make())
    assert set(fake.paths) == {"POST /v1/analytics/logs"}
    assert len(fake.asked) <= 5


async def test_a_suppression_says_since_when_and_why(fake: FakeMailgun, make: Make) -> None:
    reply = "605 - Not delivering to previously bounced address"
    fake.say("failed", "a@account.trimble.com", severity="permanent", reason="suppress-bounce", reply=reply)
    fake.lists["bounces"] = {
        "probe@acme.test": {
            "code": "550",
            "error": "5.7.1 blocked by\r\npolicy",
            "created_at": "Fri, 20 Nov 2026 08:00:00 UTC",
        }
    }
    [traced] = (await TRACE.ask([question()], make()))["a@account.trimble.com"]
    assert traced.fate is TraceFate.SUPPRESSED
    assert traced.rule == "bounces: 550 5.7.1 blocked by policy, since Fri, 20 Nov 2026 08:00:00 UTC"
    assert fake.paths[1] == f"GET /v3/{DOMAIN}/bounces/probe@acme.test"


@pytest.mark.parametrize("mood", [failing(404), failing(500), failing(403), saying(b"[]"), saying(b"{"), cut])
async def test_a_list_that_cannot_be_read_takes_nothing_away(fake: FakeMailgun, make: Make, mood: Any) -> None:
    fake.say("failed", "a@account.trimble.com", severity="permanent", reason="suppress-complaint")
    outside = make()

    async def first(request: Any) -> Any:
        fake.moods.append(mood)
        return await fake.logs(request)

    fake.moods.append(first)
    [traced] = (await TRACE.ask([question()], outside))["a@account.trimble.com"]
    assert (traced.fate, traced.rule) == (TraceFate.SUPPRESSED, "complaints")


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        (failing(401, "Invalid private key"), "an API key of the account, with the role analyst or above"),
        (failing(403, "Forbidden"), "give the API key the role analyst or above"),
        (failing(429, "slow down"), "is busy"),
        (failing(429, "slow down", **{"Retry-After": "60"}), "is busy"),
        (failing(500), "is busy"),
        (failing(302, Location="https://evil.example/"), "leads to another server"),
        (failing(400, f"bad filter {KEY}"), "HTTP 400: bad filter ***"),
        (saying(b"<html>"), "no JSON"),
        (saying(b'{"items": [{"event": "deli'), "no JSON"),
        (saying(b"x" * 5_000_000), "too long to be read"),
        (cut, "cannot be reached"),
        (silent, "cannot be reached"),
    ],
)
async def test_why_it_could_not_be_asked(
    fake: FakeMailgun, make: Make, monkeypatch: pytest.MonkeyPatch, mood: Any, words: str
) -> None:
    monkeypatch.setattr(http_client, "TIMEOUT", 0.5)
    fake.moods.append(mood)
    with pytest.raises(TraceError) as caught:
        await TRACE.ask([question()], make())
    assert words in str(caught.value)
    assert str(caught.value).startswith("account identity: ")
    assert KEY not in str(caught.value)


async def test_after_a_fault_it_is_asked_again(fake: FakeMailgun, make: Make) -> None:
    fake.say("delivered", "a@account.trimble.com", reply="250 2.0.0 Ok")
    for mood in (failing(500), failing(429)):
        outside = make()
        fake.moods.append(mood)
        with pytest.raises(TraceError):
            await TRACE.ask([question()], outside)
        answers = await TRACE.ask([question()], make())
        assert answers["a@account.trimble.com"]


@pytest.mark.parametrize(
    "body", [b"null", b"7", b"[]", b'"x"', b"{}", b'{"items": 7}', b'{"items": [[], null, 7, {}]}']
)
async def test_odd_answers_hold_nothing(fake: FakeMailgun, make: Make, body: bytes) -> None:
    fake.moods.append(saying(body))
    with suppress(TraceError):
        assert await TRACE.ask([question()], make()) == {}


async def test_it_keeps_to_its_budget(fake: FakeMailgun, make: Make) -> None:
    outside = make(budget=MailgunBudget(traces_per_5_minutes=2))
    for _ in range(2):
        await TRACE.ask([question()], outside)
    with pytest.raises(TraceError, match="traces_per_5_minutes"):
        await TRACE.ask([question()], outside)
    assert len(fake.asked) == 2


async def test_the_wrong_key(fake: FakeMailgun, make: Make) -> None:
    with pytest.raises(TraceError, match="the sending key of a domain can read nothing"):
        await TRACE.ask([question()], make(key=SecretStr("another")))


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"ip": SENDING_IP, "dedicated": True, "rdns": "mail50.static.mailgun.info"},
         f"{SENDING_IP} is used by this account alone, its reverse name is mail50.static.mailgun.info"),
        ({"ip": SENDING_IP, "dedicated": False, "rdns": ""}, f"{SENDING_IP} is shared with other customers of Mailgun"),
        ({"dedicated": "yes"}, "is not among the account's addresses"),
        (None, "is not among the account's addresses"),
    ],
)  # fmt: skip
async def test_what_the_doctor_is_said(fake: FakeMailgun, make: Make, known: Any, words: str) -> None:
    if known:
        fake.ips[SENDING_IP] = known
    found = await TRACE.examine(SENDING_IP, make())
    assert words in found
    assert found.startswith("reads the log; ")
    assert "filter" not in fake.asked[0]


async def test_the_window_begins_before_the_first_message(fake: FakeMailgun, make: Make) -> None:
    fake.say("accepted", "a@account.trimble.com")
    early = TraceQuestion("a@account.trimble.com", "probe@acme.test", datetime.now(UTC) + timedelta(minutes=1))
    assert await TRACE.ask([early], make())
