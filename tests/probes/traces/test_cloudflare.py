"""Cloudflare Email Security as a trace: what each row means, and what happens when it cannot be asked."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from probes import http as http_client
from probes.accounts.cloudflare import CloudflareAccount
from probes.accounts.registry import Accounts
from probes.evidence import decode, encode
from probes.http import HttpSession
from probes.outcome import Cause
from probes.outside import Outside
from probes.traced import SOURCES, Side, Traced, TraceFate
from probes.traces import TraceError, TraceQuestion, cloudflare_asking
from probes.traces.cloudflare import CloudflareTrace
from probes.traces.cloudflare_rows import SUBMISSIONS, rows_of, statement
from tests.clouds.fake_cloudflare import (
    ACCOUNT_ID,
    LATER,
    PATH,
    TOKEN,
    FakeCloudflare,
    accepted,
    fake_cloudflare,
    refusing,
    row,
)
from tests.clouds.fake_mailgun import Mood, cut, failing, saying, silent
from tests.support.outside_world import outside_world

SENT = datetime(2026, 12, 1, 10, tzinfo=UTC)
SCANNED = SENT + timedelta(seconds=5)
NOW = SENT + timedelta(minutes=3)
MESSAGE_ID = "mpabc@account.trimble.com"
TRACE = CloudflareTrace(via="cloudflare", account="acme")
ASKED = TraceQuestion(MESSAGE_ID, "probe@acme.example", SENT)
FAILED = {"validation": {"spf": "fail", "dkim": "none", "dmarc": "fail"}}
BLOCKED = {"properties": {"blocklisted_message": True}}


class Gateway:
    """A fake, and the outside world in which it is asked."""

    def __init__(self, fake: FakeCloudflare, http: HttpSession) -> None:
        self.fake = fake
        self._accounts = Accounts(http, lambda: NOW)
        self.outside: Outside = outside_world(now=lambda: NOW, http=http, accounts=self._accounts)
        self.use()

    def use(self, **keys: Any) -> None:
        """Give its account these keys."""
        values = {"provider": "cloudflare", "account_id": ACCOUNT_ID, "token": SecretStr(TOKEN)}
        url = f"{self.fake.url}/client/v4"
        self._accounts.configure({"acme": CloudflareAccount.model_validate({**values, "url": url, **keys})})

    async def ask(self) -> list[Traced]:
        return [*(await TRACE.ask([ASKED], self.outside)).get(MESSAGE_ID, ())]

    async def failure(self) -> str:
        """What asking fails with, in one printable line without the token."""
        with pytest.raises(TraceError) as caught:
            await self.ask()
        assert str(caught.value).isprintable()
        assert TOKEN not in str(caught.value)
        return str(caught.value)


@pytest.fixture
async def gateway(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    monkeypatch.setattr(cloudflare_asking, "PAUSES", (0.01, 0.01))
    async with fake_cloudflare() as fake, HttpSession() as http:
        yield Gateway(fake, http)


# -- what a row means -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("belief", "status", "more", "fate", "cause"),
    [
        ("held as phishing", ["quarantined"], {"final_disposition": "MALICIOUS"}, TraceFate.QUARANTINED, Cause.CONTENT),
        ("held as spam", ["quarantined"], {"final_disposition": "SPAM"}, TraceFate.QUARANTINED, Cause.CONTENT),
        ("held, and authentication failed", ["quarantined"], {"final_disposition": "SPOOF", **FAILED},
         TraceFate.QUARANTINED, Cause.AUTHENTICATION),
        ("held for a mismatch of addresses", ["quarantined"], {"final_disposition": "SPOOF"}, TraceFate.QUARANTINED,
         None),
        ("held because the company blocks the sender", ["quarantined"], {"final_disposition": "SPAM", **BLOCKED},
         TraceFate.QUARANTINED, Cause.POLICY),
        ("held without a verdict", ["quarantined"], {}, TraceFate.QUARANTINED, None),
        ("held, in an answer of the older form", [], {"is_quarantined": True}, TraceFate.QUARANTINED, None),
        ("released", ["quarantined", "delivered"], {"is_quarantined": False}, TraceFate.HANDED_OVER, None),
        ("no longer held", ["quarantined"], {"is_quarantined": False}, TraceFate.HANDED_OVER, None),
        ("rejected", ["rejected"], {"final_disposition": "MALICIOUS-BEC"}, TraceFate.REFUSED, Cause.CONTENT),
        ("refused by the server behind", ["bounced"], {"final_disposition": "SPAM"}, TraceFate.REFUSED, None),
        ("tried again", ["deferred"], {"final_disposition": "SPAM"}, TraceFate.DEFERRED, None),
        ("tried again, then taken", ["deferred", "delivered"], {}, TraceFate.HANDED_OVER, None),
        ("waiting", ["queued"], {}, TraceFate.PENDING, None),
        ("passed on", ["delivered"], {"final_disposition": "SPAM"}, TraceFate.HANDED_OVER, None),
        ("not moved", ["move_failed"], {}, TraceFate.HANDED_OVER, None),
        ("moved, who knows where", ["delivered", "moved"], {}, TraceFate.HANDED_OVER, None),
        ("an unknown status", ["teleported"], {"final_disposition": "SPAM"}, TraceFate.HANDED_OVER, None),
        ("no status", [], {"delivery_status": None}, TraceFate.HANDED_OVER, None),
        ("an unknown verdict", ["quarantined"], {"final_disposition": "ODD"}, TraceFate.QUARANTINED, None),
    ],
)  # fmt: skip
async def test_what_a_row_says(
    gateway: Gateway, belief: str, status: list[str], more: dict[str, Any], fate: TraceFate, cause: Cause | None
) -> None:
    gateway.fake.rows.append(row(f"<{MESSAGE_ID}>", SCANNED, *status, **more))
    (said,) = await gateway.ask()
    assert (said.fate, said.cause) == (fate, cause), belief
    assert (said.side, said.source, said.at, said.happened_at) == (Side.RECEIVER, "cloudflare", NOW, SCANNED)
    assert (said.code, said.from_ip) == (None, "")
    assert decode(encode(said)) == said


@pytest.mark.parametrize(
    ("folder", "fate"),
    [
        ("JunkEmail", TraceFate.JUNK),
        ("DeletedItems", TraceFate.GONE),
        ("Inbox", TraceFate.DELIVERED),
        ("Elsewhere", TraceFate.HANDED_OVER),
    ],
)
async def test_the_last_move_says_where_it_is(gateway: Gateway, folder: str, fate: TraceFate) -> None:
    moves = [
        {"operation": "MOVE", "completed_at": f"2026-12-01T10:0{minute}:00Z", "properties": {"folder": name}}
        for minute, name in ((2, folder), (1, "RecoverableItemsPurges"))
    ]
    gateway.fake.rows.append(row(MESSAGE_ID, SCANNED, "moved", action_log=moves, final_disposition="SPAM"))
    (said,) = await gateway.ask()
    assert (said.fate, said.cause) == (fate, Cause.CONTENT)


async def test_the_verdict_and_its_reasons_are_named(gateway: Gateway) -> None:
    reasons = ["Malicious link", "new\r\ndomain"]
    more = {"final_disposition": "MALICIOUS", "detection_reasons": reasons}
    gateway.fake.rows.append(row(MESSAGE_ID, SCANNED, "bounced", **more))
    (said,) = await gateway.ask()
    assert said.rule == "bounced by the mail system behind it; MALICIOUS: Malicious link, new domain"
    assert said.reply == ""  # it is no server's reply


@pytest.mark.parametrize("mode", sorted(SUBMISSIONS))
async def test_what_was_sent_in_for_a_review_is_not_the_message(gateway: Gateway, mode: str) -> None:
    gateway.fake.rows.append(row(MESSAGE_ID, SCANNED, "quarantined", delivery_mode=mode))
    assert await gateway.ask() == []


async def test_other_messages_say_nothing(gateway: Gateway) -> None:
    gateway.fake.rows.append(row("other@account.trimble.com", SCANNED, "quarantined"))
    gateway.fake.loose = True
    assert await gateway.ask() == []


def test_the_source_has_a_name() -> None:
    assert SOURCES["cloudflare"] == "Cloudflare Email Security"


# -- what is asked ----------------------------------------------------------------------------------------------------


async def test_mail_that_is_no_detection_is_found_too(gateway: Gateway) -> None:
    gateway.fake.rows.append(row(MESSAGE_ID, SCANNED, "delivered"))
    assert await gateway.ask()
    (asked,) = gateway.fake.asked
    assert (asked["detections_only"], asked["start"]) == ("false", "2026-12-01T09:50:00Z")


@pytest.mark.parametrize(("bracketed", "requests"), [(False, 1), (True, 2)])
async def test_a_message_id_is_found_with_brackets_or_without(gateway: Gateway, bracketed: bool, requests: int) -> None:
    gateway.fake.bracketed = bracketed
    gateway.fake.rows.append(row(f"<{MESSAGE_ID}>", SCANNED, "quarantined"))
    assert [each.fate for each in await gateway.ask()] == [TraceFate.QUARANTINED]
    assert len(gateway.fake.asked) == requests


@pytest.mark.parametrize("location", [LATER, "{url}" + LATER])
async def test_the_result_of_a_long_search_is_fetched_later(gateway: Gateway, location: str) -> None:
    gateway.fake.rows.append(row(MESSAGE_ID, SCANNED, "quarantined"))
    again = accepted(Location=location.format(url=gateway.fake.url))
    gateway.fake.moods += [again, again]
    assert [each.fate for each in await gateway.ask()] == [TraceFate.QUARANTINED]
    assert gateway.fake.paths == [PATH, LATER, LATER]


@pytest.mark.parametrize(
    "location", ["https://evil.example/x", "//evil.example/x", "http://127.0.0.1:1/x", "http://[", "file:///etc/passwd"]
)
async def test_the_token_goes_to_no_other_server(gateway: Gateway, location: str) -> None:
    gateway.fake.moods.append(accepted(Location=location))
    assert "leads to another server" in await gateway.failure()
    assert gateway.fake.paths == [PATH]


async def test_a_search_that_never_ends_is_given_up(gateway: Gateway) -> None:
    gateway.fake.moods += [accepted(Location=LATER)] * 9
    assert "the search takes longer" in await gateway.failure()
    assert len(gateway.fake.paths) == 3


async def test_each_request_counts_in_the_budget_of_traces(gateway: Gateway) -> None:
    gateway.use(budget={"traces_per_5_minutes": 1})
    assert "budget.traces_per_5_minutes" in await gateway.failure()  # the second one, with brackets
    assert len(gateway.fake.asked) == 1


# -- what cannot be asked ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        (refusing(403, 10000, "Authentication error"), "the permission Cloud Email Security: Read"),
        (refusing(401, 10000, "Authentication error"), "the permission Cloud Email Security: Read"),
        (refusing(403, 9109, "Invalid access token"), "it was revoked or rolled"),
        (refusing(400, 6003, "Invalid request headers"), "the form of an API token"),
        (refusing(404, 7003, f"Could not route to {PATH}"), "check `account_id`"),
        (refusing(403, 1, f"no {TOKEN}"), "HTTP 403: no ***"),
        (refusing(429, 971, "Please wait and consider throttling your request speed"), "busy"),
        (refusing(429, 971, "slow down", **{"Retry-After": "60"}), "busy"),
        (failing(500), "busy"),
        (failing(302, Location="https://evil.example/"), "leads to another server"),
        (accepted(), "without a Location"),
        (saying(b'{"success": false, "errors": 7}'), "no list of messages"),
        (saying(b"[]"), "no list of messages"),
        (saying(b'{"result": {"a": 1}}'), "no list of messages"),
        (saying(b"<html>"), "no JSON"),
        (saying(b"x" * 5_000_000), "too long to be read"),
        (cut, "cannot be reached"),
        (silent, "cannot be reached"),
    ],
)
async def test_why_it_could_not_be_asked(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, mood: Mood, words: str
) -> None:
    monkeypatch.setattr(http_client, "TIMEOUT", 0.5)
    gateway.fake.moods.append(mood)
    said = await gateway.failure()
    assert words in said
    assert said.startswith("Cloudflare Email Security: account acme: ")


async def test_the_doctor_searches_for_one_message(gateway: Gateway) -> None:
    assert (
        await TRACE.examine("104.130.122.50", gateway.outside) == "reads what Cloudflare Email Security did with mail"
    )
    assert gateway.fake.asked[0]["per_page"] == "1"
    gateway.use(token=SecretStr("another"))
    with pytest.raises(TraceError, match="Cloud Email Security: Read"):
        await TRACE.examine("104.130.122.50", gateway.outside)


KEYS = ("result", "message_id", "delivery_status", "action_log", "properties", "folder", "operation", "completed_at")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from([MESSAGE_ID, "MOVE", "moved"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from((*KEYS, "validation", "scanned_at", "final_disposition")), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(JSON)
def test_odd_rows_never_raise(value: Any) -> None:
    odd = value if isinstance(value, dict) else {"delivery_status": value, "action_log": value, "properties": value}
    for each in (rows_of(value, MESSAGE_ID), rows_of({"result": [{**odd, "message_id": MESSAGE_ID}]}, MESSAGE_ID)):
        for found in each or ():
            if said := statement(found, 1, NOW):
                encode(said)
