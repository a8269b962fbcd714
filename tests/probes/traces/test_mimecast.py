"""Mimecast's tracking as a trace: what each row means, and what happens when it cannot be asked."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from probes import http as http_client
from probes.accounts.mimecast import MimecastAccount
from probes.accounts.registry import Accounts
from probes.evidence import decode, encode
from probes.http import HttpSession
from probes.outcome import Cause
from probes.outside import Outside
from probes.traced import SOURCES, Side, Traced, TraceFate
from probes.traces import TraceError, TraceQuestion
from probes.traces.mimecast import MimecastTrace
from probes.traces.mimecast_rows import failure_of, rows_of, statement
from tests.clouds.fake_mailgun import Mood, cut, failing, saying, silent
from tests.clouds.fake_mimecast import (
    CLIENT,
    SECRET,
    SENDER_IP,
    FakeMimecast,
    failing_inside,
    fake_mimecast,
    tracked,
)
from tests.support.outside_world import outside_world

SENT = datetime(2026, 12, 1, 10, tzinfo=UTC)
RECEIVED = SENT + timedelta(seconds=5)
NOW = SENT + timedelta(minutes=3)
MESSAGE_ID = "mpabc@account.trimble.com"
TRACE = MimecastTrace(via="mimecast", account="acme")
ASKED = TraceQuestion(MESSAGE_ID, "probe@acme.example", SENT)


class Tenant:
    """A fake, and the outside world in which it is asked."""

    def __init__(self, fake: FakeMimecast, http: HttpSession) -> None:
        self.fake = fake
        self._accounts = Accounts(http, lambda: NOW)
        self.outside: Outside = outside_world(now=lambda: NOW, http=http, accounts=self._accounts)
        self.use()

    def use(self, **keys: Any) -> None:
        """Give its account these keys."""
        values = {"provider": "mimecast", "client": CLIENT, "secret": SecretStr(SECRET), "url": self.fake.url}
        self._accounts.configure({"acme": MimecastAccount.model_validate({**values, **keys})})

    def has(self, *rows: dict[str, Any]) -> None:
        self.fake.rows[MESSAGE_ID] = [*rows]

    async def ask(self) -> list[Traced]:
        return [*(await TRACE.ask([ASKED], self.outside)).get(MESSAGE_ID, ())]

    async def failure(self) -> str:
        """What asking fails with, in one printable line without a secret."""
        with pytest.raises(TraceError) as caught:
            await self.ask()
        text = str(caught.value)
        assert text.isprintable()
        assert not any(each in text for each in (SECRET, *self.fake.tokens))
        return text


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with fake_mimecast() as fake, HttpSession() as http:
        yield Tenant(fake, http)


@pytest.mark.parametrize(
    ("status", "info", "fate", "rule", "cause"),
    [
        ("archived", "Indexed and archived", TraceFate.HANDED_OVER, "", None),
        ("accepted", "", TraceFate.HANDED_OVER, "", None),  # it may be held, or on retry
        ("Held", "Message Hold Applied - Spam Signature policy", TraceFate.HELD,
         "Message Hold Applied - Spam Signature policy", Cause.CONTENT),
        ("held", "Message Hold Applied - Attachment\r\nPolicy", TraceFate.HELD,
         "Message Hold Applied - Attachment Policy", Cause.POLICY),
        ("held", "", TraceFate.HELD, "", None),
        ("rejected", "Anti-Spoofing policy", TraceFate.REFUSED, "Anti-Spoofing policy", None),
        ("bounced", "", TraceFate.REFUSED, "", None),
        ("deferred", "Greylisting", TraceFate.DEFERRED, "Greylisting", None),
    ],
)  # fmt: skip
async def test_what_a_row_says(
    tenant: Tenant, status: str, info: str, fate: TraceFate, rule: str, cause: Cause | None
) -> None:
    tenant.has(tracked(status, RECEIVED, info))
    (said,) = await tenant.ask()
    assert (said.fate, said.rule, said.cause) == (fate, rule, cause)
    assert (said.side, said.source, said.at, said.happened_at) == (Side.RECEIVER, "mimecast", NOW, RECEIVED)
    assert (said.from_ip, said.reply) == (SENDER_IP, "")
    assert decode(encode(said)) == said


@pytest.mark.parametrize(
    "row",
    [
        tracked("teleported", RECEIVED),
        tracked("held", RECEIVED, route="outbound"),
        tracked("held", RECEIVED, to=[{"emailAddress": "somebody@acme.example"}]),
    ],
)
async def test_what_says_nothing_of_the_message(tenant: Tenant, row: dict[str, Any]) -> None:
    tenant.has(row)
    assert await tenant.ask() == []


def test_the_source_has_a_name() -> None:
    assert SOURCES["mimecast"] == "Mimecast"


@pytest.mark.parametrize(("bracketed", "requests"), [(False, 1), (True, 2)])
async def test_a_message_id_is_found_with_brackets_or_without(tenant: Tenant, bracketed: bool, requests: int) -> None:
    tenant.fake.bracketed = bracketed
    tenant.has(tracked("held", RECEIVED))
    assert [each.fate for each in await tenant.ask()] == [TraceFate.HELD]
    assert len(tenant.fake.asked) == requests
    assert len(tenant.fake.tokens) == 1
    assert tenant.fake.asked[0]["start"] == "2026-12-01T09:50:00+0000"
    assert tenant.fake.asked[0]["end"] == "2026-12-01T10:03:00+0000"


async def test_rows_are_in_the_order_of_time(tenant: Tenant) -> None:
    tenant.has(tracked("archived", RECEIVED + timedelta(seconds=9)), tracked("deferred", RECEIVED))
    assert [each.fate for each in await tenant.ask()] == [TraceFate.DEFERRED, TraceFate.HANDED_OVER]


async def test_searches_count_in_the_budget_of_traces(tenant: Tenant) -> None:
    tenant.use(budget={"traces_per_5_minutes": 1})
    assert "budget.traces_per_5_minutes" in await tenant.failure()  # the second one, with brackets
    assert len(tenant.fake.asked) == 1


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        (failing(401), "the API 2.0 application of `client` is enabled"),
        (failing(403), "the right Gateway, Tracking, Read"),
        (failing(429), "busy"),
        (failing(429, "slow down", **{"Retry-After": "60"}), "busy"),
        (failing(500), "busy"),
        (failing(302, Location="https://evil.example/"), "leads to another server"),
        (failing_inside("err_track_and_trace_invalid_start_date"), "err_track_and_trace_invalid_start_date"),
        (failing_inside("a\r\nb"), "an error without a code"),
        (saying(b"[]"), "no list of messages"),
        (saying(b'{"data": 7}'), "no list of messages"),
        (saying(b'{"data": [{"tracked'), "no JSON"),
        (saying(b"x" * 5_000_000), "too long to be read"),
        (cut, "cannot be reached"),
        (silent, "cannot be reached"),
    ],
)
async def test_why_it_could_not_be_asked(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, mood: Mood, words: str
) -> None:
    monkeypatch.setattr(http_client, "TIMEOUT", 0.5)
    tenant.fake.moods += [mood, mood]
    said = await tenant.failure()
    assert words in said
    assert said.startswith("Mimecast: account acme: ")


async def test_the_doctor_searches_for_a_message_that_there_is_not(tenant: Tenant) -> None:
    assert await TRACE.examine("104.130.122.50", tenant.outside) == "reads Mimecast's tracking"
    tenant.use(secret=SecretStr("another"))
    with pytest.raises(TraceError, match="the client or its secret is not accepted"):
        await TRACE.examine("104.130.122.50", tenant.outside)


KEYS = ("data", "trackedEmails", "fail", "errors", "code", "status", "info", "to", "emailAddress", "received", "route")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(["held", "inbound"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(JSON)
def test_odd_rows_never_raise(value: Any) -> None:
    failure_of(value)
    failure_of({"fail": value})
    odd = {"status": "held", **(value if isinstance(value, dict) else {"to": value, "info": value, "received": value})}
    for row in [*(rows_of(value) or ()), *(rows_of({"data": [{"trackedEmails": [odd]}]}) or ())]:
        if said := statement(row, "probe@acme.example", 1, NOW):
            encode(said)
