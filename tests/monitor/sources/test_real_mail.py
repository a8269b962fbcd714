"""The sender's real mail is counted from the log of its own service: each row once, and nothing of anybody is kept."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.config import ConfigErrors, read_config
from monitor.config.real_plan import real_keep, real_plan
from monitor.output.metrics import Gauges, Metrics
from monitor.probing.current import Board
from monitor.real_mail.counts import OVERLAP, RealCounts, counted, decode, encode
from monitor.sources.real_mail import RealMail, RealPlan
from monitor.store import RealCount, Store
from probes.accounts.mailgun import MailgunAccount
from probes.accounts.registry import Accounts
from probes.http import HttpSession
from probes.outside import Outside
from probes.traced import Side, Traced, TraceFate
from probes.traces import SentMail
from probes.traces.mailgun import MailgunTrace
from probes.traces.mailgun_rows import sent_rows
from tests.clouds.fake_mailgun import DOMAIN, KEY, FakeMailgun, failing, fake_mailgun
from tests.support.outside_world import outside_world

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
COMPANIES = {"acme.test": "acme", "bolt.test": "bolt"}
PROBES = frozenset({"probe@acme.test"})
SUBJECT = "Your code is 123456"


def row(number: int, fate: TraceFate, text: str = "", to: str = "jane@acme.test", ago: float = 60.0) -> SentMail:
    at = NOW - timedelta(seconds=ago)
    return SentMail(f"e{number}", to, Traced(NOW, "mailgun", Side.SENDER, fate, happened_at=at, text=text))


def count(*rows: SentMail, known: RealCounts | None = None) -> RealCounts:
    return counted(known or RealCounts(NOW - OVERLAP), rows, COMPANIES, PROBES, NOW - OVERLAP).counts


def test_what_is_counted() -> None:
    found = count(
        row(1, TraceFate.DELIVERED),
        row(2, TraceFate.DELIVERED, to="joe@bolt.test"),
        row(3, TraceFate.REFUSED, "550 5.7.1 blocked using bl.test"),
        row(4, TraceFate.DEFERRED, "450 4.2.0 Greylisted, try later"),
        row(5, TraceFate.SUPPRESSED),
        row(6, TraceFate.HANDED_OVER),  # taken by the service: nothing is known yet
        row(7, TraceFate.DELIVERED, to="someone@elsewhere.test"),  # of no company
        row(8, TraceFate.REFUSED, "no", to="probe@acme.test"),  # our own
    )
    assert found.totals == {
        ("acme", "delivered", ""): 1,
        ("bolt", "delivered", ""): 1,
        ("acme", "refused", "ip_listed"): 1,
        ("acme", "deferred", "greylisted"): 1,
        ("acme", "suppressed", "unclear"): 1,
    }
    assert found.since == NOW - OVERLAP


def test_a_row_counts_once_however_often_it_is_read() -> None:
    first = count(row(1, TraceFate.DELIVERED), row(1, TraceFate.DELIVERED))
    again = count(row(1, TraceFate.DELIVERED), row(2, TraceFate.DELIVERED, ago=30), known=first)
    assert again.totals == {("acme", "delivered", ""): 2}
    old = count(row(3, TraceFate.DELIVERED, ago=4000), known=again)
    assert old.totals == again.totals, "of before the window, whose rows are not known any more"


def test_a_row_counts_in_the_hour_in_which_it_happened() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    late, ahead = row(2, TraceFate.DELIVERED, ago=1.0), row(4, TraceFate.DELIVERED, ago=-90_000)
    refused = row(3, TraceFate.REFUSED, "550 no").traced
    elsewhere = replace(refused, happened_at=(NOW - timedelta(seconds=1)).astimezone(east))
    there = SentMail("e3", "jane@acme.test", elsewhere)
    since = NOW - OVERLAP
    rows = [row(1, TraceFate.DELIVERED), late, there, ahead]
    hours = counted(RealCounts(since), rows, COMPANIES, PROBES, since).hours
    nine = NOW - timedelta(hours=1)
    assert hours == {
        ("acme", nine, "delivered", ""): 2,
        ("acme", nine, "refused", "unclear"): 1,
        ("acme", NOW, "delivered", ""): 1,  # by a clock that is a day ahead
    }


def test_in_the_store_there_is_nothing_of_anybody() -> None:
    kept = encode(count(row(1, TraceFate.REFUSED, "550 jane@acme.test unknown")))
    assert "jane" not in kept
    assert decode(kept, NOW) == count(row(1, TraceFate.REFUSED, "550 jane@acme.test unknown"))


@pytest.mark.parametrize("name", [None, "", 7, "jane@acme.test " * 20])
def test_a_row_without_an_id_is_known_by_a_digest(name: object) -> None:
    written: dict[str, Any] = {
        "event": "delivered",
        "recipient": "jane@acme.test",
        "message": {"headers": {"subject": SUBJECT}},
    } | {"id": name}
    rows = sent_rows([written, written], NOW)
    kept = encode(count(*rows, known=RealCounts(NOW - OVERLAP)))
    assert "jane" not in kept
    assert "123456" not in kept
    assert count(*rows).totals == {("acme", "delivered", ""): 1}


@pytest.mark.parametrize("text", [None, "", "null", "{}", "[]", '{"totals": [[1]], "seen": {}, "since": "x"}', "\x00"])
def test_without_counts_counting_begins_now(text: str | None) -> None:
    assert decode(text, NOW) == RealCounts(NOW)


def test_a_clock_that_was_set_back_counts_on() -> None:
    ahead = encode(RealCounts(NOW + timedelta(days=1)))
    assert decode(ahead, NOW).since == NOW


# -- reading it -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def fake() -> AsyncIterator[FakeMailgun]:
    async with fake_mailgun() as running:
        yield running


Reading = Callable[..., Any]


@pytest.fixture
def reading(fake: FakeMailgun, tmp_path: Path) -> Reading:
    """A reader on the store, as a process has it."""

    @asynccontextmanager
    async def reading() -> AsyncIterator[RealMail]:
        async with HttpSession() as http, Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
            now = lambda: datetime.now(UTC)  # noqa: E731
            accounts = Accounts(http, now)
            keys = {"provider": "mailgun", "domain": DOMAIN, "key": SecretStr(KEY), "url": fake.url}
            accounts.configure({"identity": MailgunAccount.model_validate(keys)})
            outside: Outside = outside_world(now=now, http=http, accounts=accounts)
            reader = RealMail(store.real_mail, outside, lambda: None)
            log = MailgunTrace(via="mailgun", account="identity")
            reader.configure(RealPlan(log, "identity", timedelta(minutes=1), COMPANIES, PROBES))
            yield reader
            kept = await store.real_mail.position() or ""
            assert "jane" not in kept
            assert SUBJECT not in kept

    return reading


ByHour = Callable[[], Awaitable[list[RealCount]]]


@pytest.fixture
def by_hour(tmp_path: Path) -> ByHour:
    async def by_hour() -> list[RealCount]:
        async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
            return await store.real_mail.since("acme", datetime.now(UTC) - timedelta(hours=1))

    return by_hour


def mails(fake: FakeMailgun, number: int) -> None:
    """The first of them now, 10 ms from one to the next."""
    began = datetime.now(UTC)
    for each in range(number):
        at = (began + each * timedelta(milliseconds=10)).isoformat()
        message_id = f"{len(fake.rows)}@{DOMAIN}"
        fake.say("delivered", message_id, "Jane@Acme.test", subject=SUBJECT, **{"@timestamp": at})


async def test_a_restart_loses_and_doubles_nothing(fake: FakeMailgun, reading: Reading, by_hour: ByHour) -> None:
    async with reading() as reader:
        await reader.step()
        mails(fake, 250)
        await reader.step()
        await reader.step()
        assert reader.totals == {("acme", "delivered", ""): 250}
    mails(fake, 3)  # while nobody reads
    fake.twice = True
    async with reading() as reader:
        await reader.step()
        assert reader.totals == {("acme", "delivered", ""): 253}
        assert sum(each.count for each in await by_hour()) == 253
        reader.configure(None)
        assert reader.totals == {}
    assert all(each["filter"]["AND"][0]["values"] == [{"label": DOMAIN, "value": DOMAIN}] for each in fake.asked)


async def test_mail_of_a_time_without_real_is_not_counted_later(fake: FakeMailgun, reading: Reading) -> None:
    """The sender agreed to what is counted, and not to that."""
    async with reading() as reader:
        await reader.step()
        mails(fake, 1)
        await reader.step()
        reader.configure(None)
        await reader.step()
        mails(fake, 2)
    async with reading() as reader:
        await reader.step()
        assert reader.totals == {("acme", "delivered", ""): 1}
        mails(fake, 1)
        await reader.step()
        assert reader.totals == {("acme", "delivered", ""): 2}


async def test_a_log_that_cannot_be_read_is_read_later(fake: FakeMailgun, reading: Reading) -> None:
    async with reading() as reader:
        await reader.step()
        mails(fake, 2)
        fake.moods.append(failing(404))
        await reader.step()
        assert reader.totals == {}
        await reader.step()
        assert reader.totals == {("acme", "delivered", ""): 2}


async def test_more_than_one_reading_holds_is_read_on(fake: FakeMailgun, reading: Reading) -> None:
    fake.page = 100
    async with reading() as reader:
        await reader.step()
        mails(fake, 6100)
        await reader.step()
        assert reader.totals == {("acme", "delivered", ""): 6000}
        await reader.step()
        assert reader.totals == {("acme", "delivered", ""): 6100}


async def test_the_metric() -> None:
    totals = {("acme", "refused", "ip_listed"): 2, ("bolt", "delivered", ""): 7}
    gauges = Gauges(in_flight=int, lag=timedelta, skipped=dict, mailbox_errors=dict, real_mail=lambda: totals)
    whole = (await Metrics(Board(), gauges).render()).decode()
    assert 'mailpath_real_total{company="acme",outcome="refused",cause="ip_listed"} 2' in whole
    own = (await Metrics(Board(), gauges).render(companies=frozenset({"bolt"}))).decode()
    assert 'mailpath_real_total{company="bolt",outcome="delivered",cause=""} 7' in own
    assert "acme" not in own


CONFIG = """
[real]
[accounts.identity]
provider = "mailgun"
domain = "account.trimble.com"
key = { env = "MAILGUN_KEY" }
[companies.acme]
domains = ["acme.example", "people.example"]
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "direct" }
mailbox = { via = "maildir", path = "box" }
"""
SENDER = '[sender]\ntrace = { via = "mailgun", account = "identity" }\n'


def test_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILGUN_KEY", "5ecret")
    file = tmp_path / "config.toml"
    file.write_text(SENDER + CONFIG)
    plan = real_plan(read_config(file))
    assert plan
    assert plan.companies == {"acme.example": "acme", "people.example": "acme"}
    assert (plan.probes, plan.every) == (frozenset({"probe@acme.example"}), timedelta(minutes=1))
    file.write_text(SENDER + CONFIG.replace("[real]\n", ""))
    assert real_plan(read_config(file)) is None, "off unless it is asked for"
    assert real_keep(read_config(file)) == timedelta(days=90), "also when nothing is counted any more"
    file.write_text(SENDER + CONFIG.replace("[real]", "[real]\nkeep = '30d'"))
    assert real_keep(read_config(file)) == timedelta(days=30)
    file.write_text(CONFIG)
    with pytest.raises(ConfigErrors, match="real: requires the log of the sender's own service; add trace to"):
        read_config(file)
