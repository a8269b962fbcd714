"""The message tracking of Cisco Secure Email as a trace: what each row means, and what happens when it cannot be
asked."""

from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from probes import http as http_client
from probes.accounts.cisco import CiscoAccount
from probes.accounts.registry import Accounts
from probes.evidence import decode, encode
from probes.http import HttpSession
from probes.outcome import Cause
from probes.outside import Outside
from probes.traced import SOURCES, Side, Traced, TraceFate
from probes.traces import TraceError, TraceQuestion
from probes.traces.cisco import CiscoTrace
from probes.traces.cisco_rows import is_about, rows_of, statements
from tests.clouds.fake_cisco import PASSWORD, SENDER_IP, USER, FakeCisco, fake_cisco, refusing, tracked
from tests.clouds.fake_mailgun import Mood, cut, failing, saying, silent
from tests.support.certificates import new_authority
from tests.support.outside_world import outside_world

SENT = datetime(2026, 12, 1, 10, 0, 30, tzinfo=UTC)
RECEIVED = SENT + timedelta(seconds=5)
NOW = SENT + timedelta(minutes=3)
MESSAGE_ID = "mpabc@account.trimble.com"
RECIPIENT = "probe@acme.example"
TRACE = CiscoTrace(via="cisco", account="acme")
SENT_PASSWORD = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
ASKED = TraceQuestion(MESSAGE_ID, RECIPIENT, SENT)


class Appliance:
    """A fake, and the outside world in which it is asked."""

    def __init__(self, fake: FakeCisco, http: HttpSession) -> None:
        self.fake = fake
        self._accounts = Accounts(http, lambda: NOW)
        self.outside: Outside = outside_world(now=lambda: NOW, http=http, accounts=self._accounts)
        self.use()

    def use(self, **keys: Any) -> None:
        """Give its account these keys."""
        values = {
            "provider": "cisco", "url": self.fake.url, "appliance": "esa", "user": USER,
            "password": SecretStr(PASSWORD),
        }  # fmt: skip
        self._accounts.configure({"acme": CiscoAccount.model_validate({**values, **keys})})

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
        assert not any(each in text for each in (PASSWORD, SENT_PASSWORD))
        return text


@pytest.fixture
async def appliance() -> AsyncIterator[Appliance]:
    async with fake_cisco() as fake, HttpSession() as http:
        yield Appliance(fake, http)


def row(status: str | dict[str, str], at: datetime = RECEIVED, **more: Any) -> dict[str, Any]:
    return tracked(MESSAGE_ID, status, at, **more)


@pytest.mark.parametrize(
    ("status", "fate", "rule", "cause"),
    [
        ("Delivered", TraceFate.HANDED_OVER, "", None),  # to the server behind it, and no more is known
        ("Quarantined by Anti-Spam/Graymail", TraceFate.QUARANTINED, "Anti-Spam/Graymail", Cause.CONTENT),
        ("Quarantined by Content Filter\r\nx", TraceFate.QUARANTINED, "Content Filter x", Cause.POLICY),
        ("Quarantined by the moon", TraceFate.QUARANTINED, "the moon", None),
        ("Quarantined", TraceFate.QUARANTINED, "", None),
        ("Dropped by Anti-Virus", TraceFate.GONE, "Anti-Virus", None),
        ("Bounced", TraceFate.REFUSED, "", None),
        ("Hard bounced", TraceFate.REFUSED, "", None),
        ("Soft Bounced", TraceFate.DEFERRED, "", None),
    ],
)
async def test_what_a_row_says(
    appliance: Appliance, status: str, fate: TraceFate, rule: str, cause: Cause | None
) -> None:
    appliance.has(row(status))
    (said,) = await appliance.ask()
    assert (said.fate, said.rule, said.cause) == (fate, rule, cause)
    assert (said.side, said.source, said.at, said.happened_at) == (Side.RECEIVER, "cisco", NOW, RECEIVED)
    assert (said.from_ip, said.reply) == (SENDER_IP, "")
    assert decode(encode(said)) == said


@pytest.mark.parametrize(
    "answer",
    [
        row("teleported"),
        row("Deliveredness"),
        row("Aborted"),  # another attempt: ours was taken
        row("Dropped", direction="outgoing"),
        row("Dropped", recipientMap={"315": ["somebody@acme.example"]}),
        row("Dropped", recipientMap={}, recipient=["somebody@acme.example"]),
        row({}),
    ],
)
async def test_what_says_nothing_of_the_message(appliance: Appliance, answer: dict[str, Any]) -> None:
    appliance.has(answer)
    assert await appliance.ask() == []


@pytest.mark.parametrize(
    ("status", "recipients", "fates"),
    [
        # It was rewritten: what became of it is said of its second MID
        ({"1756": "Dropped by Content Filter", "1757": "Delivered"}, {}, [TraceFate.HANDED_OVER]),
        # A copy is kept in a quarantine
        ({"1756": "Delivered", "1757": "Quarantined by Content Filter"}, {}, [TraceFate.HANDED_OVER]),
        # Split by policy: another recipient's was delivered
        ({"1756": "Delivered", "1757": "Quarantined by Content Filter"}, {"1756": ["other@acme.example"]},
         [TraceFate.QUARANTINED]),
    ],
)  # fmt: skip
async def test_a_message_with_several_numbers(
    appliance: Appliance, status: dict[str, str], recipients: dict[str, list[str]], fates: list[TraceFate]
) -> None:
    appliance.has(row(status, recipientMap={mid: [RECIPIENT] for mid in status} | recipients))
    assert [each.fate for each in await appliance.ask()] == fates


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("07 Sep 2022 08:10:33 (GMT)", datetime(2022, 9, 7, 8, 10, 33, tzinfo=UTC)),
        ("29 Aug 2023 10:00:48 (GMT +00:00)", datetime(2023, 8, 29, 10, 0, 48, tzinfo=UTC)),
        ("29 Aug 2023 10:00:48 (GMT -05:30)", datetime(2023, 8, 29, 15, 30, 48, tzinfo=UTC)),
        ("29 Aug 2023 10:00:48 (GMT +99:00)", None),
        ("31 Feb 2023 10:00:48 (GMT)", None),
        ("01 Jan 0001 00:00:00 (GMT +01:00)", None),
        ("29 Mai 2023 10:00:48 (GMT)", None),
        (1661847048, None),
    ],
)
def test_when_it_happened(text: Any, at: datetime | None) -> None:
    (said,) = statements(row("Delivered", timestamp=text)["attributes"], RECIPIENT, 1, NOW)
    assert said.happened_at == at


def test_the_source_has_a_name() -> None:
    assert SOURCES["cisco"] == "Cisco Secure Email"


@pytest.mark.parametrize(("bracketed", "requests"), [(False, 1), (True, 2)])
async def test_a_message_id_is_found_with_brackets_or_without(
    appliance: Appliance, bracketed: bool, requests: int
) -> None:
    appliance.fake.bracketed = bracketed
    appliance.has(row("Dropped"))
    assert [each.fate for each in await appliance.ask()] == [TraceFate.GONE]
    assert len(appliance.fake.asked) == requests
    assert appliance.fake.asked[0]["startDate"] == "2026-12-01T09:50:00.000Z"  # whole minutes
    assert appliance.fake.asked[0]["endDate"] == "2026-12-01T10:03:00.000Z"


async def test_other_peoples_mail_says_nothing(appliance: Appliance) -> None:
    appliance.fake.deaf = True
    appliance.fake.rows["other@acme.example"] = [tracked("other@acme.example", "Dropped", RECEIVED)]
    assert "other messages than the one" in await appliance.failure()
    with pytest.raises(TraceError, match="other messages than the one"):
        await TRACE.examine(SENDER_IP, appliance.outside)
    appliance.has(row("Delivered"))
    assert [each.fate for each in await appliance.ask()] == [TraceFate.HANDED_OVER]


async def test_rows_are_in_the_order_of_time(appliance: Appliance) -> None:
    appliance.has(row("Delivered", RECEIVED + timedelta(seconds=9)), row("Soft bounced"))
    assert [each.fate for each in await appliance.ask()] == [TraceFate.DEFERRED, TraceFate.HANDED_OVER]


async def test_searches_count_in_the_budget_of_traces(appliance: Appliance) -> None:
    appliance.use(budget={"traces_per_5_minutes": 1})
    assert "budget.traces_per_5_minutes" in await appliance.failure()  # the second one, with brackets
    assert len(appliance.fake.asked) == 1


@pytest.mark.parametrize("kind", ["esa", "sma"])
async def test_each_kind_of_appliance_has_its_path(appliance: Appliance, kind: str) -> None:
    appliance.use(appliance=kind, url=appliance.fake.url + "/")
    appliance.has(row("Delivered"))
    assert len(await appliance.ask()) == 1
    assert appliance.fake.paths == [f"/{kind}/api/v2.0/message-tracking/messages"]


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_certificate_of_the_companys_own(tmp_path: Path, trusted: bool) -> None:
    authority = new_authority(tmp_path)
    async with fake_cisco(authority.serve("127.0.0.1")) as fake, HttpSession() as http:
        appliance = Appliance(fake, http)
        appliance.has(row("Delivered"))
        if trusted:
            appliance.use(ca_file=authority.file)
            assert [each.fate for each in await appliance.ask()] == [TraceFate.HANDED_OVER]
        else:
            assert "set `ca_file`" in await appliance.failure()
            assert fake.paths == []


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        (refusing(401, "Unauthorized."), "check `user` and `password`"),
        (refusing(403, "Forbidden."), "a role that may read message tracking"),
        (refusing(404, "Not Found."), "404: Not Found.); check `appliance` and the port of `url`"),
        (refusing(400, f"no such user {PASSWORD}"), "HTTP 400"),
        (refusing(400, f"no such header: Basic {SENT_PASSWORD}"), "HTTP 400"),
        (failing(429, "slow down", **{"Retry-After": "60"}), "busy"),
        (failing(500), "busy"),
        (failing(302, Location="https://evil.example/"), "leads to another server"),
        (saying(b"[]"), "no list of messages"),
        (saying(b'{"data": 7}'), "no list of messages"),
        (saying(b'{"data": [{"attri'), "no JSON"),
        (saying(b"x" * 5_000_000), "too long to be read"),
        (cut, "cannot be reached"),
        (silent, "cannot be reached"),
    ],
)
async def test_why_it_could_not_be_asked(
    appliance: Appliance, monkeypatch: pytest.MonkeyPatch, mood: Mood, words: str
) -> None:
    monkeypatch.setattr(http_client, "TIMEOUT", 0.5)
    appliance.fake.moods += [mood, mood]
    said = await appliance.failure()
    assert words in said
    assert said.startswith("Cisco Secure Email: account acme: ")


async def test_the_doctor_searches_for_a_message_that_there_is_not(appliance: Appliance) -> None:
    assert await TRACE.examine(SENDER_IP, appliance.outside) == "reads the message tracking of Cisco Secure Email"
    appliance.use(password=SecretStr("another"))
    with pytest.raises(TraceError, match="check `user` and `password`"):
        await TRACE.examine(SENDER_IP, appliance.outside)


KEYS = ("messageStatus", "recipientMap", "messageID", "recipient", "direction", "timestamp", "senderIp", "315", "316")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(["Dropped", "incoming"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(JSON)
def test_odd_rows_never_raise(value: Any) -> None:
    odd = value if isinstance(value, dict) else dict.fromkeys(KEYS, value)
    odd = {"messageStatus": {"315": "Dropped"}, **odd}
    for each in (rows_of(value), rows_of({"data": value}), rows_of({"data": [{"attributes": odd}, value]})):
        for found in each or ():
            is_about(found, MESSAGE_ID)
            for said in statements(found, RECIPIENT, 1, NOW):
                encode(said)
