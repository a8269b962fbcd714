"""Lists are asked by the right names, tested against themselves, and never believed by halves."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from probes.resolver import DnsResolver
from probes.standing.blocklists import (
    FLAWS,
    Flaw,
    ListAnswer,
    ListReading,
    ListState,
    ask_lists,
    domains_to_ask,
    fact_of,
    question_name,
)
from probes.standing.fact import Question, State, judge
from probes.standing.lists import LISTS, DnsList, ListAccess, ListKind
from probes.standing.words import sentence
from tests.support.nameserver import Records, name_server

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
IP = "192.0.2.50"
ROWS = {row.public_zone: row for row in LISTS}
ZEN, DBL, BARRACUDA = (ROWS[zone] for zone in ("zen.spamhaus.org", "dbl.spamhaus.org", "b.barracudacentral.org"))
LISTED_AT_ZEN = "50.2.0.192.zen.spamhaus.org"
ZEN_WORKS: Records = {("2.0.0.127.zen.spamhaus.org", "A"): ["127.0.0.2", "127.0.0.4", "127.0.0.10"]}
DBL_WORKS: Records = {("dbltest.com.dbl.spamhaus.org", "A"): ["127.0.1.2"]}
CLEAR_AT_ZEN = ("1.0.0.127.zen.spamhaus.org", "A")


async def ask(
    records: Records,
    lists: Sequence[DnsList] = (ZEN,),
    *,
    addresses: Sequence[str] = (IP,),
    domains: Sequence[str] = (),
    key: str = "",
    off: Sequence[str] = (),
) -> tuple[list[ListAnswer], list[str]]:
    """Return what the lists say, and the names that were asked."""
    async with name_server(records) as dns:
        resolver = DnsResolver([dns.where])
        found = await ask_lists(
            resolver, addresses, domains, NOW, access=ListAccess(key, tuple(off)), lists=lists, timeout=0.5
        )
    return list(found), sorted(name for name, kind in dns.asked if kind == "A")


@pytest.mark.parametrize(
    ("records", "state", "flaw"),
    [
        (ZEN_WORKS, ListState.CLEAR, None),
        ({**ZEN_WORKS, (LISTED_AT_ZEN, "A"): ["127.0.0.3"]}, ListState.LISTED, None),
        # the same listing, and a list that cannot be believed
        ({(LISTED_AT_ZEN, "A"): ["127.0.0.3"]}, ListState.BROKEN, Flaw.TEST_MISSING),
        (
            {**ZEN_WORKS, (LISTED_AT_ZEN, "A"): ["127.0.0.3"], CLEAR_AT_ZEN: ["127.0.0.3"]},
            ListState.BROKEN,
            Flaw.LISTS_ALL,
        ),
        (
            {**ZEN_WORKS, (LISTED_AT_ZEN, "A"): ["127.0.0.3"], CLEAR_AT_ZEN: ["127.77.0.1"]},
            ListState.BROKEN,
            Flaw.LISTS_ALL,
        ),
        (
            {**ZEN_WORKS, (LISTED_AT_ZEN, "A"): ["127.0.0.3"], CLEAR_AT_ZEN: ["203.0.113.80"]},
            ListState.BROKEN,
            Flaw.NO_LIST_ANSWER,
        ),
        (
            {**ZEN_WORKS, (LISTED_AT_ZEN, "A"): ["127.0.0.3"], CLEAR_AT_ZEN: ["127.255.255.254"]},
            ListState.REFUSED,
            None,
        ),
        (
            {
                (LISTED_AT_ZEN, "A"): ["127.0.0.3"],
                ("2.0.0.127.zen.spamhaus.org", "A"): ["127.255.255.254"],
            },
            ListState.REFUSED,
            None,
        ),
        ({**ZEN_WORKS, (LISTED_AT_ZEN, "A"): ["127.0.0.3"], CLEAR_AT_ZEN: "SERVFAIL"}, ListState.UNKNOWN, None),
        ({**ZEN_WORKS, (LISTED_AT_ZEN, "A"): ["127.0.0.3"], CLEAR_AT_ZEN: "SILENCE"}, ListState.UNKNOWN, None),
        (
            {(LISTED_AT_ZEN, "A"): ["127.0.0.3"], ("2.0.0.127.zen.spamhaus.org", "A"): "SERVFAIL"},
            ListState.UNKNOWN,
            None,
        ),
        # a list that works, and an answer that cannot be believed
        ({**ZEN_WORKS, (LISTED_AT_ZEN, "A"): ["127.255.255.255"]}, ListState.REFUSED, None),
        ({**ZEN_WORKS, (LISTED_AT_ZEN, "A"): ["203.0.113.80"]}, ListState.BROKEN, Flaw.NO_LIST_ANSWER),
        ({**ZEN_WORKS, (LISTED_AT_ZEN, "A"): ["127.0.0.99"]}, ListState.UNKNOWN, None),
        ({**ZEN_WORKS, (LISTED_AT_ZEN, "A"): "SERVFAIL"}, ListState.UNKNOWN, None),
        ({**ZEN_WORKS, (LISTED_AT_ZEN, "A"): "REFUSED"}, ListState.UNKNOWN, None),
        ({**ZEN_WORKS, (LISTED_AT_ZEN, "A"): "SILENCE"}, ListState.UNKNOWN, None),
        ({**ZEN_WORKS, (LISTED_AT_ZEN, "A"): "GARBAGE"}, ListState.UNKNOWN, None),
        ({**ZEN_WORKS, (LISTED_AT_ZEN, "TXT"): ["listed"]}, ListState.CLEAR, None),  # the name is there, no address
    ],
)
async def test_an_answer_counts_only_if_the_list_passes_its_own_test(
    records: Records, state: ListState, flaw: Flaw | None
) -> None:
    (answer,), _ = await ask(records)
    assert (answer.state, answer.reading.flaw) == (state, flaw)
    assert answer.matters == (state is ListState.LISTED)
    assert (answer.subject, answer.at) == (IP, NOW)


async def test_the_meaning_is_that_of_the_code() -> None:
    (answer,), _ = await ask({**ZEN_WORKS, (LISTED_AT_ZEN, "A"): ["127.0.0.10", "127.0.0.4"]})
    assert [meaning.partition(":")[0] for meaning in answer.reading.meanings] == ["PBL", "XBL"]
    assert answer.reading.codes == ("127.0.0.10", "127.0.0.4")


async def test_a_list_of_domains_is_asked_about_the_domain_and_its_organisation() -> None:
    records = {**DBL_WORKS, ("trimble.example.dbl.spamhaus.org", "A"): ["127.0.1.102"]}
    answers, asked = await ask(records, (DBL,), domains=["account.trimble.example", "192.0.2.1", "localhost"])
    assert [(answer.subject, answer.state) for answer in answers] == [
        ("account.trimble.example", ListState.CLEAR),
        ("trimble.example", ListState.LISTED),
    ]
    assert asked == [
        "account.trimble.example.dbl.spamhaus.org",
        "dbltest.com.dbl.spamhaus.org",
        "example.com.dbl.spamhaus.org",
        "trimble.example.dbl.spamhaus.org",
    ]


def test_domains_are_not_asked_twice() -> None:
    assert domains_to_ask(["A.Example.co.uk.", "example.co.uk", "b.example.co.uk", ""]) == (
        "a.example.co.uk",
        "example.co.uk",
        "b.example.co.uk",
    )


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("104.130.122.50", "50.122.130.104.zone.example"),
        ("::ffff:104.130.122.50", "50.122.130.104.zone.example"),
        ("2001:db8::1", f"1.{'0.' * 23}8.b.d.0.1.0.0.2.zone.example"),
    ],
)
def test_an_address_is_asked_backwards(subject: str, name: str) -> None:
    assert question_name(subject, ListKind.ADDRESS, "zone.example") == name


async def test_ipv6_is_asked_only_where_it_can_be_listed() -> None:
    barracuda = {("2.0.0.127.b.barracudacentral.org", "A"): ["127.0.0.2"]}
    answers, _ = await ask({**ZEN_WORKS, **barracuda}, (ZEN, BARRACUDA), addresses=["2001:db8::1", IP])
    assert [(answer.dns_list.zone, answer.subject) for answer in answers] == [
        ("zen.spamhaus.org", "2001:db8::1"),
        ("zen.spamhaus.org", IP),
        ("b.barracudacentral.org", IP),
    ]


async def test_nobody_is_asked_about_nothing() -> None:
    answers, asked = await ask(ZEN_WORKS, LISTS, addresses=["mail.example"], domains=[])
    assert (answers, asked) == ([], [])


async def test_a_list_that_is_off_is_not_asked() -> None:
    answers, asked = await ask(ZEN_WORKS, (ZEN, BARRACUDA), off=["b.barracudacentral.org"])
    assert [answer.dns_list.zone for answer in answers] == ["zen.spamhaus.org"]
    assert not any("barracuda" in name for name in asked)


async def test_a_key_opens_the_lists_of_its_owner_and_is_nowhere_shown() -> None:
    zrd = ROWS["zrd.dq.spamhaus.net"]
    none, _ = await ask({}, (zrd,), domains=["trimble.example"])
    assert none == []
    records: Records = {
        ("2.0.0.127.s3cret.zen.dq.spamhaus.net", "A"): ["127.0.0.2"],
        ("50.2.0.192.s3cret.zen.dq.spamhaus.net", "A"): "SERVFAIL",
        ("trimble.example.s3cret.zrd.dq.spamhaus.net", "A"): ["127.0.2.3"],
    }
    answers, asked = await ask(records, (ZEN, zrd), domains=["trimble.example"], key=" s3cret\n")
    assert [answer.state for answer in answers] == [ListState.UNKNOWN, ListState.CLEAR]
    assert all(".s3cret." in name for name in asked)
    assert "s3cret" not in repr(answers) + repr(ListAccess("s3cret"))
    assert "KEY.zen.dq.spamhaus.net" in answers[0].reading.text


async def test_a_key_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="letters and digits") as error:
        await ask({}, key="s3.cret")
    assert "s3.cret" not in str(error.value)


async def test_a_list_that_is_silent_until_one_registers_says_so() -> None:
    (answer,), _ = await ask({("2.0.0.127.b.barracudacentral.org", "A"): "SERVFAIL"}, (BARRACUDA,))
    assert answer.state is ListState.UNKNOWN
    assert "registered" in answer.reading.text


async def test_a_minor_list_does_not_matter_and_neither_does_a_lesser_code() -> None:
    uribl, psbl = ROWS["multi.uribl.com"], ROWS["psbl.surriel.com"]
    records: Records = {
        ("test.uribl.com.multi.uribl.com", "A"): ["127.0.0.14"],
        ("2.0.0.127.psbl.surriel.com", "A"): ["127.0.0.2"],
        ("grey.example.multi.uribl.com", "A"): ["127.0.0.4"],
        ("black.example.multi.uribl.com", "A"): ["127.0.0.6"],
        ("50.2.0.192.psbl.surriel.com", "A"): ["127.0.0.2"],
    }
    answers, _ = await ask(records, (uribl, psbl), domains=["grey.example", "black.example"])
    assert {answer.state for answer in answers} == {ListState.LISTED}
    assert [answer.matters for answer in answers] == [False, True, False]


PSBL = ROWS["psbl.surriel.com"]
FACTS = [  # row, reading, state, and what the sentence says
    (ZEN, ListReading(ListState.LISTED, ("127.0.0.3",), ("CSS: bad",)), State.BAD, "Spamhaus ZEN lists it: CSS: bad"),
    (ZEN, ListReading(ListState.LISTED, ("127.0.0.3",), ("x",), lesser=True), State.WEAK, "Few gateways"),
    (PSBL, ListReading(ListState.LISTED, ("127.0.0.2",), ("listed",)), State.WEAK, "Removal: https://psbl.org/remove"),
    (ZEN, ListReading(ListState.CLEAR), State.GOOD, "Spamhaus ZEN does not list it"),
    (ZEN, ListReading(ListState.CLEAR, ("127.0.0.18",), ("good",)), State.GOOD, "no listing: good"),
    (ZEN, ListReading(ListState.REFUSED, text="too many"), State.REFUSED, "does not answer us: too many"),
    (ZEN, ListReading(ListState.BROKEN, flaw=Flaw.LISTS_ALL), State.UNKNOWN, "cannot be believed: it lists what"),
    (ZEN, ListReading(ListState.UNKNOWN, text="SERVFAIL"), State.UNKNOWN, "no usable answer: SERVFAIL"),
]


@pytest.mark.parametrize(("row", "reading", "state", "says"), FACTS)
def test_the_fact_of_an_answer(row: DnsList, reading: ListReading, state: State, says: str) -> None:
    fact = fact_of(ListAnswer(row, IP, reading, NOW))
    assert (fact.question, fact.subject, fact.state) == (Question.BLOCKLIST, f"{IP} at {row.zone}", state)
    assert fact.value == " ".join(reading.codes)
    assert says in sentence(fact)


@pytest.mark.parametrize(
    ("score", "minutes", "state"),
    [
        ("l", 10, State.UNKNOWN),
        ("ll", 10, State.BAD),
        ("ll", 9, State.UNKNOWN),
        ("lcl", 10, State.UNKNOWN),
        ("lbl", 5, State.BAD),  # broken in between: neither confirms nor clears
        ("rr", 10, State.REFUSED),
        ("bb", 10, State.UNKNOWN),
        ("ss", 10, State.UNKNOWN),
        ("lls", 10, State.UNKNOWN),
        ("llc", 10, State.GOOD),
    ],
)
def test_a_listing_is_bad_after_two_looks_ten_minutes_apart(score: str, minutes: int, state: State) -> None:
    letters = {
        "l": ListReading(ListState.LISTED, ("127.0.0.3",), ("CSS",)),
        "c": ListReading(ListState.CLEAR),
        "r": ListReading(ListState.REFUSED, text="too many"),
        "b": ListReading(ListState.BROKEN, flaw=Flaw.LISTS_ALL),
        "s": ListReading(ListState.UNKNOWN, text="SERVFAIL"),
    }
    looks = [
        fact_of(ListAnswer(ZEN, IP, letters[letter], NOW + number * timedelta(minutes=minutes)))
        for number, letter in enumerate(score)
    ]
    assert judge(looks, looks[-1].at).state is state


def test_every_flaw_has_its_words() -> None:
    assert set(FLAWS) == set(Flaw)
