"""Standing is read on its timetable, stored, and taken up again after a restart."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.events import Event
from monitor.sources.standing import MAILS_PER_SECOND, StandingPlan, StandingSource
from monitor.standing.arrivals import NameKind
from monitor.standing.timetable import Pace, Round
from monitor.store import Store, StoreError
from probes.evidence import Arrival, Folder
from probes.standing.asking import Subject
from probes.standing.fact import Question, State, Why
from probes.standing.lists import LISTS, ListAccess
from probes.standing.profile import ProfileItem
from tests.support.outside_world import outside_world
from tests.support.report_samples import report, row
from tests.support.store_samples import probe
from tests.support.table_resolver import Table, TableResolver

T0 = datetime(2026, 11, 30, 8, tzinfo=UTC)
SPAMCOP = "bl.spamcop.net"
OFF = tuple(row.public_zone for row in LISTS if row.public_zone != SPAMCOP)
PTR = "1.2.0.192.in-addr.arpa"
ZONE: Table = {
    ("example", "NS"): ["ns.example."],
    ("acme.example", "TXT"): ["v=spf1 ip4:192.0.2.1 -all"],
    ("acme.example", "A"): ["192.0.2.1"],
    ("acme.example", "MX"): ["10 mx.acme.example."],
    ("mx.acme.example", "A"): ["192.0.2.2"],
    ("_dmarc.acme.example", "TXT"): ["v=DMARC1; p=reject"],
    (PTR, "PTR"): ["acme.example."],
    (f"2.0.0.127.{SPAMCOP}", "A"): ["127.0.0.2"],
}
PLAN = StandingPlan(
    Subject("acme.example", "acme.example", "192.0.2.1", "acme.example"),
    Pace(timedelta(hours=1), timedelta(minutes=15)),
    timedelta(hours=6),
    ListAccess(off=OFF),
)


@dataclass
class StandingApp:
    """A watch on a store and DNS, by a clock that the test sets."""

    store: Store
    resolver: TableResolver = field(default_factory=lambda: TableResolver(ZONE))
    now: datetime = T0
    news: int = 0
    watch: StandingSource = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, plan: StandingPlan | None = PLAN) -> None:
        def told() -> None:
            self.news += 1

        outside = outside_world(now=lambda: self.now, resolver=self.resolver)
        self.watch = StandingSource(self.store.standing, self.store.reports, outside, told)
        self.watch.configure(plan)

    async def at(self, minutes: float) -> int:
        """Set the clock and make all that is due; how many questions that took."""
        self.now, before = T0 + timedelta(minutes=minutes), len(self.resolver.asked)
        while not await self.watch.step():
            pass
        return len(self.resolver.asked) - before

    async def known(self, question: Question) -> dict[str, tuple[State, Why]]:
        records = await self.store.standing.current()
        return {each.reading.subject: (each.state, each.why) for each in records if each.reading.question is question}

    def arrive(self, ip: str = "192.0.2.1", selector: str = "k1", bounces: str = "acme.example") -> None:
        headers = (
            f"Return-Path: <bounce@{bounces}>\n"
            f"Received: from a.example ([{ip}]) by mx.example with ESMTPS id 1; Mon, 30 Nov 2026 08:00:00 +0000\n"
            f"DKIM-Signature: v=1; d=acme.example; s={selector}; b=x\n"
            "DKIM-Signature: v=1; d=service.example; s=m1; b=y\n"
            "Received: from b.example ([10.0.0.1]) by a.example with ESMTPSA id 2; Mon, 30 Nov 2026 08:00:00 +0000\n\n"
        )
        mail = Arrival(self.now, self.now, Folder.INBOX, "INBOX", headers, ())
        self.watch.on_event(Event(probe(via="relay"), mail))


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[StandingApp]:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        yield StandingApp(store)


async def test_everything_is_read_at_the_start_and_then_on_time(running: StandingApp) -> None:
    await running.at(0)
    assert await running.known(Question.SPF) == {"acme.example": (State.GOOD, Why.SPF_PASSES)}
    assert await running.known(Question.BLOCKLIST) == {f"192.0.2.1 at {SPAMCOP}": (State.GOOD, Why.NOT_LISTED)}
    assert {record.zone for record in await running.store.standing.current()} == {"", SPAMCOP}
    assert await running.at(14) == 0
    assert 0 < await running.at(15) < 10  # the list, and its own test
    before = len(running.resolver.asked)
    await running.at(60)
    assert ("_dmarc.acme.example", "TXT") in running.resolver.asked[before:]


async def test_what_is_bad_is_read_again_ten_minutes_later(running: StandingApp) -> None:
    await running.at(0)
    del running.resolver.table[PTR, "PTR"]
    await running.at(60)
    assert await running.known(Question.PTR) == {"192.0.2.1": (State.UNKNOWN, Why.BAD_ONCE)}
    asked = len(running.resolver.asked)
    await running.at(71)
    assert await running.known(Question.PTR) == {"192.0.2.1": (State.BAD, Why.PTR_MISSING)}
    assert ("default._bimi.acme.example", "TXT") not in running.resolver.asked[asked:]  # nothing else is


async def test_a_restart_forgets_no_suspicion_and_asks_nothing_again(running: StandingApp) -> None:
    await running.at(0)
    del running.resolver.table[PTR, "PTR"]
    await running.at(60)
    running.restart()
    assert await running.at(61) == 0
    await running.at(71)
    assert (await running.known(Question.PTR))["192.0.2.1"][0] is State.BAD


async def test_a_name_server_that_fails_makes_nothing_bad(running: StandingApp) -> None:
    await running.at(0)
    running.resolver.fails.add(PTR)
    await running.at(60)
    await running.at(71)
    assert (await running.known(Question.PTR))["192.0.2.1"] == (State.UNKNOWN, Why.LOOKUP_FAILED)
    (record,) = [each for each in await running.store.standing.current() if each.reading.question is Question.PTR]
    assert record.settled
    assert record.settled.state is State.GOOD


async def test_a_resolver_without_the_public_dns_leaves_everything_unknown(running: StandingApp) -> None:
    await running.at(0)
    running.resolver.table.clear()
    await running.at(60)
    await running.at(71)
    assert {record.why for record in await running.store.standing.current()} == {Why.RESOLVER_BLIND}
    assert await running.store.standing.changes(T0) == []


async def test_a_dead_resolver_is_looked_at_once_a_round_and_accuses_nobody(running: StandingApp) -> None:
    await running.at(0)
    running.resolver.fails = {"example", ".", "acme.example"}
    before = len(running.resolver.asked)
    await running.at(60)
    asked = running.resolver.asked[before:]
    assert {name for name, _ in asked} == {"example", ".", "acme.example"}
    assert len(asked) == 3 * len(Round), "once for the facts, the lists and the profile, and no question waits for it"
    assert {record.why for record in await running.store.standing.current()} == {Why.RESOLVER_SILENT}


async def test_a_question_that_fails_leaves_the_others(running: StandingApp, monkeypatch: pytest.MonkeyPatch) -> None:
    await running.at(0)

    async def broken(question: Question, *_: object) -> list[object]:
        if question is Question.PTR:
            raise ZeroDivisionError
        return []

    monkeypatch.setattr("monitor.sources.standing.answer", broken)
    await running.at(60)
    assert (await running.known(Question.PTR))["192.0.2.1"][0] is State.UNKNOWN
    assert (await running.known(Question.SPF))["acme.example"][0] is State.GOOD


async def test_a_list_that_refuses_us_says_nothing_of_the_sender(running: StandingApp) -> None:
    await running.at(0)
    running.resolver.table[f"1.2.0.192.{SPAMCOP}", "A"] = ["127.255.255.254"]
    await running.at(15)
    await running.at(30)
    assert await running.known(Question.BLOCKLIST) == {f"192.0.2.1 at {SPAMCOP}": (State.REFUSED, Why.LIST_REFUSES)}
    assert running.watch.answers == {(SPAMCOP, "clear"): 1, (SPAMCOP, "refused"): 2}


async def test_a_change_of_a_record_is_kept_once_two_readings_agree(running: StandingApp) -> None:
    await running.at(0)
    running.resolver.table["acme.example", "MX"] = ["10 mx2.acme.example."]
    await running.at(60)
    assert await running.store.standing.changes(T0) == []
    running.restart()
    await running.at(71)
    (change,) = await running.store.standing.changes(T0)
    assert (change.item, change.name, change.old, change.new, change.at) == (
        *(ProfileItem.MX, "acme.example", ("mx.acme.example",), ("mx2.acme.example",)),
        T0 + timedelta(minutes=60),
    )
    assert running.watch.changes[ProfileItem.MX] == 1
    assert running.watch.changes[ProfileItem.SPF] == 0  # there from the start


async def test_of_many_mails_in_one_second_the_names_of_a_few_are_read(running: StandingApp) -> None:
    await running.at(0)
    for _ in range(3 * MAILS_PER_SECOND):
        running.arrive(selector="k7")
    running.arrive(selector="k8")
    await running.at(1)
    assert running.watch.names[NameKind.SELECTOR, "k7"].count == MAILS_PER_SECOND
    assert (NameKind.SELECTOR, "k8") not in running.watch.names
    running.arrive(selector="k8")
    await running.at(2)
    assert running.watch.names[NameKind.SELECTOR, "k8"].count == 1


async def test_names_of_real_mail_are_asked_about(running: StandingApp) -> None:
    await running.at(0)
    running.arrive(ip="104.130.122.99", selector="k9", bounces="mail.acme.example")
    await running.at(1)
    running.restart()
    before = len(running.resolver.asked)
    await running.at(60)
    asked = set(running.resolver.asked[before:])
    assert asked >= {
        ("k9._domainkey.acme.example", "TXT"),
        ("m1._domainkey.service.example", "TXT"),
        ("mail.acme.example", "TXT"),
        ("99.122.130.104.in-addr.arpa", "PTR"),
        (f"99.122.130.104.{SPAMCOP}", "A"),
    }
    assert (NameKind.SELECTOR, "k9") in running.watch.names
    keys = await running.known(Question.DKIM)
    assert keys["m1._domainkey.service.example"] == (State.WEAK, Why.KEY_OF_OTHERS)  # nothing against the sender
    assert keys["k9._domainkey.acme.example"] == (State.UNKNOWN, Why.BAD_ONCE)
    assert await running.known(Question.ALIGNMENT) == {
        "acme.example": (State.WEAK, Why.ALIGNED_BY_SPF),
        "acme.example with bounces to mail.acme.example": (State.UNKNOWN, Why.BAD_ONCE),  # which has no SPF record
    }


async def test_a_subject_that_is_not_the_senders_any_more_ends(running: StandingApp) -> None:
    await running.at(0)
    subject = replace(PLAN.subject, source_ip="192.0.2.9")
    running.watch.configure(replace(PLAN, subject=subject))
    await running.at(1)
    assert [*await running.known(Question.PTR)] == ["192.0.2.9"]
    running.restart(replace(PLAN, subject=replace(subject, source_ip="192.0.2.10")))  # while nothing ran
    await running.at(2)
    assert [*await running.known(Question.PTR)] == ["192.0.2.10"]


async def test_without_a_plan_nothing_is_asked(running: StandingApp) -> None:
    running.restart(None)
    running.arrive()
    assert await running.at(600) == 0
    assert await running.store.standing.current() == []


@pytest.mark.parametrize("fails", ["keep", "current"])
async def test_a_store_that_fails_is_tried_again(
    running: StandingApp, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def broken(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as full:
        full.setattr(running.store.standing, fails, broken)
        with pytest.raises(StoreError):
            await running.at(0)
    await running.at(1)
    assert await running.known(Question.SPF)


async def test_whoever_follows_is_told_of_each_round(running: StandingApp) -> None:
    await running.at(0)
    assert running.news == 3
    await running.at(15)
    assert [running.news] == [4]


async def test_what_receivers_report_is_a_fact_while_their_reports_come_to_us(running: StandingApp) -> None:
    day = T0.replace(hour=0) - timedelta(days=1)
    for number in (1, 2):
        bad = report(row(30, passed=False), row(30), reporter=f"mail{number}.example", day=day)
        await running.store.reports.add(bad, T0)
    running.restart(replace(PLAN, reported=True))
    await running.at(0)
    assert await running.known(Question.REPORTS) == {"192.0.2.1": (State.UNKNOWN, Why.BAD_ONCE)}
    await running.at(11)
    assert await running.known(Question.REPORTS) == {"192.0.2.1": (State.BAD, Why.MAIL_FAILS)}
    running.restart(PLAN)
    await running.at(75)
    assert await running.known(Question.REPORTS) == {}


async def test_what_simulated_dns_said_is_no_history_of_a_real_sender(running: StandingApp) -> None:
    running.restart(replace(PLAN, simulated=True))
    del running.resolver.table[PTR, "PTR"]
    running.arrive()
    await running.at(0)
    await running.at(11)
    assert (await running.known(Question.PTR))["192.0.2.1"] == (State.BAD, Why.PTR_MISSING)
    running.resolver.fails.add(PTR)
    running.restart(PLAN)
    await running.at(12)
    assert (await running.known(Question.PTR))["192.0.2.1"] == (State.UNKNOWN, Why.LOOKUP_FAILED)
    (record,) = [each for each in await running.store.standing.current() if each.reading.question is Question.PTR]
    assert record.settled is None
    assert await running.store.standing.changes(T0 - timedelta(days=1)) == []
    assert {each.since for each in await running.store.standing.history(T0)} == {running.now}
    running.restart(PLAN)
    await running.at(13)
    assert {each.since for each in await running.store.standing.history(T0)} == {running.now - timedelta(minutes=1)}
