"""Standing by real name servers: each fault of `standing_faults`, and the fact that it becomes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from probes.http import HttpSession
from probes.resolver import DnsAnswer
from probes.standing.asking import Asker, Subject
from probes.standing.fact import CONFIRMED_AFTER, Fact, Question, State, Why, judge
from probes.standing.survey import READERS, survey
from tests.lab.standing_faults import FAULTS, PLAIN, Fault, ip_of, subject_of, zones
from tests.lab.standing_servers import REVERSE, SIGNED, NameServers, name_servers

pytestmark = pytest.mark.usefixtures("able", "short_lookups")

AT = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
SENDER = "192.0.2.250"
LISTS = {
    "zen.spamhaus.org": ("ip4set", [":127.0.0.3:", "127.0.0.2", SENDER]),  # healthy
    "bl.spamcop.net": ("ip4set", [":203.0.113.80:", "0.0.0.0/1", "128.0.0.0/1"]),  # parked
    "psbl.surriel.com": ("ip4set", [":127.0.0.2:", "192.0.2.9"]),  # emptied
    "all.s5h.net": ("ip4set", [":127.255.255.254:", "0.0.0.0/1", "128.0.0.0/1"]),  # refusing
    "bl.blocklist.de": ("ip4set", [":127.0.0.2:", "127.0.0.2", "127.0.0.1 :203.0.113.80:"]),  # rewritten
}
SAYS = {
    "zen.spamhaus.org": Why.LISTED,
    "bl.spamcop.net": Why.LIST_BROKEN,
    "psbl.surriel.com": Why.LIST_BROKEN,
    "all.s5h.net": Why.LIST_REFUSES,
    "bl.blocklist.de": Why.LIST_BROKEN,
}


@pytest.fixture(scope="module")
def servers(able: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServers]:
    with name_servers(tmp_path_factory.mktemp("standing"), zones(), LISTS) as running:
        yield running


@pytest.fixture
def short_lookups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.standing.asking.LOOKUP_TIMEOUT", 1.0)


async def read(servers: NameServers, question: Question, subject: Subject, at: datetime = AT) -> list[Fact]:
    async with HttpSession() as http:
        return await survey([question], subject, Asker(servers.resolver, http, lambda: at, validating=True))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_becomes_its_fact(servers: NameServers, fault: Fault) -> None:
    (fact,) = await read(servers, fault.question, subject_of(fault, ip_of(fault)))
    assert (fact.state, fact.why) == (fault.state, fault.why), fact


def test_each_question_has_rows() -> None:
    assert {fault.question for fault in FAULTS} >= set(READERS) - {Question.BLOCKLIST, Question.MTA_STS, Question.DANE}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) < 250


async def test_what_is_bad_was_said_by_the_resolver_and_by_the_zone_itself(servers: NameServers) -> None:
    fault = next(each for each in FAULTS if each.name == "spf-fail")
    (fact,) = await read(servers, Question.SPF, subject_of(fault, ip_of(fault)))
    assert fact.servers == (servers.unbound, servers.knot)


async def test_the_chain_of_an_spf_pass(servers: NameServers) -> None:
    fault = next(each for each in FAULTS if each.name == "spf-chain")
    (fact,) = await read(servers, Question.SPF, subject_of(fault, ip_of(fault)))
    domain = fault.domain
    assert fact.named == (f"include:a.{domain} > include:b.{domain} > ip4:{ip_of(fault)}", "2")


async def test_a_reverse_name_that_is_gone_for_one_answer_alerts_nobody(servers: NameServers) -> None:
    fault = next(each for each in FAULTS if each.name == "ptr-good")
    subject = subject_of(fault, ip_of(fault))
    text = zones()[REVERSE]
    readings = []
    for number, published in enumerate((text, text.replace(f"mta.{fault.name}.", "gone."), text)):
        servers.publish(REVERSE, published, serial=number + 2)
        at = AT + number * (CONFIRMED_AFTER + timedelta(seconds=1))
        readings += await read(servers, Question.PTR, subject, at)
    assert [each.state for each in readings] == [State.GOOD, State.BAD, State.GOOD]
    verdicts = [judge(readings[: count + 1], readings[count].at) for count in range(3)]
    assert [(each.state, each.suspected) for each in verdicts] == [
        (State.GOOD, False),
        (State.UNKNOWN, True),
        (State.GOOD, False),
    ]


async def test_lists_of_every_sort(servers: NameServers) -> None:
    subject = Subject(PLAIN, PLAIN, SENDER, f"mta.{PLAIN}")
    facts = {fact.subject: fact for fact in await read(servers, Question.BLOCKLIST, subject)}
    found = {zone: facts[f"{SENDER} at {zone}"].why for zone in SAYS}
    assert found == SAYS
    others = [fact for fact in facts.values() if fact.subject.rpartition(" ")[2] not in SAYS]
    assert {fact.why for fact in others} <= {
        Why.LIST_BROKEN,
        Why.NOT_LISTED_UNTESTED,
    }  # the resolver knows nothing of them
    assert [fact.subject for fact in facts.values() if fact.state is State.BAD] == [f"{SENDER} at zen.spamhaus.org"]


async def test_a_signed_answer_keeps_its_records_apart_from_its_signatures(servers: NameServers) -> None:
    found = await servers.resolver.lookup(SIGNED, "MX", timeout=2)
    assert isinstance(found, DnsAnswer)
    assert (found.records, found.authentic) == ((f"10 mx.{SIGNED}.",), True)


async def test_a_signature_seen_on_real_mail_is_asked_for_once(servers: NameServers) -> None:
    fault = next(each for each in FAULTS if each.name == "align-seen")
    subject = subject_of(fault, ip_of(fault))
    facts = await read(servers, Question.DKIM, replace(subject, selectors=("s9", "k1")))
    assert [(fact.subject.partition(".")[0], fact.why) for fact in facts] == [
        ("s9", Why.KEY_GOOD),
        ("k1", Why.KEY_MISSING),
    ]
