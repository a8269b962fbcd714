"""The sender's standing on its page: checks, blocklists, changes, and links to others."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.config import Config
from monitor.config.model import CompanySettings
from monitor.standing.record import FactRecord
from monitor.web.pages.sender_standing import branch_views, standing_view, strip_of_states
from monitor.web.sender_standing import KnownFact
from probes.standing.blocklists import ListState
from probes.standing.fact import Branch, Question, State, Why
from probes.standing.lists import LISTS
from probes.standing.words import sentence
from tests.support.page_samples import NOW, SamplePages, Via, open_sample_pages, path, well_made
from tests.support.standing_samples import ADDRESS, CHAIN, DOMAIN, RECORD, fact, history, listing, store_standing


class Direct(Via):
    """A route from the sender's own address."""

    via = "direct"


@pytest.fixture
async def sample_pages(tmp_path: Path) -> AsyncIterator[SamplePages]:
    async with open_sample_pages(tmp_path) as sample_pages:
        yield sample_pages


def known(record: FactRecord) -> KnownFact:
    return KnownFact(record, record.since, ())


def test_the_top_line_counts_checks_by_state_and_lists_apart() -> None:
    facts = [
        *(fact(Question.SPF, State.GOOD, Why.SPF_PASSES, NOW, "a", "1", subject=name) for name in ("a", "b")),
        fact(Question.DKIM, State.WEAK, Why.KEY_SHORT, NOW, "rsa", "1024"),
        fact(Question.DNSSEC, State.REFUSED, Why.LOOKUP_FAILED, NOW, "x"),
        fact(Question.PTR, State.UNKNOWN, Why.LOOKUP_FAILED, NOW, "x"),
        fact(Question.HELO, State.BAD, Why.HELO_UNRESOLVED, NOW),
    ]
    found = [known(row) for each in facts for row in history([each])]
    listed = known(history([listing("psbl.surriel.com", ListState.LISTED, NOW)], "psbl.surriel.com")[0])
    view = standing_view(Config(), [*found, listed], (), NOW)
    assert view.tally == ((2, "good"), (1, "weak"), (2, "could not tell"), (1, "bad once, not confirmed"))
    assert [row.label for row in view.checks][:2] == ["HELO", "DKIM key"]
    assert (view.listed_by, view.lists_silent) == (1, 0)


def test_a_list_is_one_row_for_all_that_it_was_asked_about() -> None:
    zone = "multi.surbl.org"
    names = ("a.example", "b.example")
    states = (ListState.CLEAR, ListState.LISTED)
    rows = [
        row
        for name, state in zip(names, states, strict=True)
        for row in history([listing(zone, state, NOW - ago, name) for ago in (timedelta(hours=1), timedelta(0))], zone)
        if row.current
    ]
    (row,) = standing_view(Config(), [known(each) for each in rows], (), NOW).lists
    assert row.subjects == names
    assert [each.subject for each in row.listed] == ["b.example"]
    assert (row.ours.word, row.itself.word) == ("Listed", "Works")


@pytest.mark.parametrize(
    ("state", "itself", "ours"),
    [
        (ListState.CLEAR, "Works", "Not listed"),
        (ListState.LISTED, "Works", "Listed once, not confirmed"),
        (ListState.REFUSED, "Refuses our questions", "Not known"),
        (ListState.BROKEN, "Fails its own test", "Not known"),
        (ListState.UNKNOWN, "No usable answer", "Not known"),
    ],
)
def test_the_state_of_a_list_stands_beside_what_it_says_of_us(state: ListState, itself: str, ours: str) -> None:
    rows = history([listing("zen.spamhaus.org", state, NOW)], "zen.spamhaus.org")
    (row,) = standing_view(Config(), [known(each) for each in rows], (), NOW).lists
    assert (row.itself.word, row.ours.word) == (itself, ours)
    assert row.page == f"https://check.spamhaus.org/results/?query={ADDRESS}"


@pytest.mark.parametrize("zone", [row.public_zone for row in LISTS if not row.test])
def test_a_list_without_a_test_entry_is_nowhere_said_to_pass_a_test(zone: str) -> None:
    """Neither on the page nor on the command line."""
    rows = history([listing(zone, ListState.CLEAR, NOW)], zone)
    (row,) = standing_view(Config(), [known(each) for each in rows], (), NOW).lists
    assert (row.itself.word, row.ours.word, row.told) == ("No test entry", "Not listed", True)
    assert (row.itself.look, row.ours.look) == (None, None), "neither good nor bad"
    assert sentence(rows[0].reading).endswith("does not have it, which harms nobody; the list has no test entry")
    assert rows[0].state is State.NONE


def test_branches_of_a_record_are_nested_by_their_depth() -> None:
    flat = [Branch(depth, name, "", 1) for depth, name in ((0, "a"), (1, "b"), (2, "c"), (1, "d"), (0, "e"))]
    first, second = branch_views(flat)
    assert [each.term for each in (first, *first.below, *first.below[0].below, second)] == ["a", "b", "d", "c", "e"]


async def test_the_page_counts_the_lookups_of_each_include(sample_pages: SamplePages) -> None:
    tree = (Branch(0, DOMAIN, RECORD, 2), Branch(1, "include:<b>x</b>", "v=spf1 a -all", 2), Branch(2, "a", "", 1))
    spf = replace(fact(Question.SPF, State.GOOD, Why.SPF_PASSES, NOW, "a", "2"), tree=tree)
    await sample_pages.store.standing.keep(history([spf]))
    page = await sample_pages.get("/sender")
    well_made(page)
    assert f"{DOMAIN}: 2 lookups of at most 10" in page.words
    assert "include:<b>x</b>: 2 lookups v=spf1 a -all" in page.words
    assert "a: 1 lookup" in page.words


def test_a_strip_without_readings_says_so() -> None:
    assert strip_of_states((), 90).said == ""


# ---- The page -------------------------------------------------------------------------------------------------------


async def test_the_page_shows_checks_lists_changes_and_portals(sample_pages: SamplePages) -> None:
    await store_standing(sample_pages.store, NOW)
    page = await sample_pages.get("/sender")
    well_made(page)
    for words in (
        "2 good, 1 weak, 1 bad, 2 could not tell, 1 not published, 1 bad once, not confirmed",
        "The address has no reverse name",
        "Listed by 2 of 6 lists; 3 could not tell",
        f"{ADDRESS}: listed.",
        "Fails its own test",
        "include:_old.mailservice.example",
        "Not connected",
        f"In full {CHAIN}",
        "Published v=spf1 include:_spf.mailservice.example -all",
        "Answered by 192.0.2.53, 192.0.2.54, 2001:db8::53",
    ):
        assert words in page.words
    for link in (
        f"https://check.spamhaus.org/results/?query={ADDRESS}",
        f"https://psbl.org/listing?ip={ADDRESS}",
        f"https://talosintelligence.com/reputation_center/lookup?search={ADDRESS}",
        "https://sender.office.com/",
    ):
        assert link in page.links
    assert "queries neither" not in page.words
    assert "<b>x</b>" in page.words, "as text"


async def test_a_strip_says_in_words_what_it_shows(sample_pages: SamplePages) -> None:
    await store_standing(sample_pages.store, NOW)
    page = await sample_pages.get("/sender")
    spf = re.search(r'aria-label="SPF, last 90 days: ([^"]*)"', page.html)
    assert spf
    assert spf[1] == "82 days good, 5 days weak, 3 days bad"


async def test_whoever_is_bound_sees_facts_and_no_other_company(tmp_path: Path) -> None:
    async with open_sample_pages(tmp_path, companies={}) as sample_pages:
        await store_standing(sample_pages.store, NOW)
        sample_pages.watch(path("acme", route=Direct()), path("birch"))  # both get the sender's mail
        page = await sample_pages.get("/sender")
        asked = "Companies that may have an allow entry for the old address: "
        assert f"{asked}Acme, Birch. Mailpath does not know which of them have one." in page.words
        sample_pages.bind(("acme",))
        page = await sample_pages.get("/sender")
        assert f"{asked}Acme. " in page.words
        assert "birch" not in page.html.lower()
        assert "The address has no reverse name" in page.words


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"standing": {"enabled": False}}, "set enabled = true in [standing]"),
        ({}, "no company is configured"),
    ],
)
async def test_an_empty_page_says_what_to_do(tmp_path: Path, config: dict[str, object], words: str) -> None:
    async with open_sample_pages(tmp_path, **config) as sample_pages:
        page = await sample_pages.get("/sender")
        well_made(page)
        assert words in page.words
        assert "Changes" not in page.words


def test_before_the_first_reading_it_says_how_long_that_takes() -> None:
    config = Config.model_construct(companies={"acme": CompanySettings.model_construct(paths={})})
    assert "first reading takes a minute" in standing_view(config, (), (), NOW).missing


async def test_what_is_too_old_is_not_known(sample_pages: SamplePages) -> None:
    await store_standing(sample_pages.store, NOW - timedelta(hours=7))
    page = await sample_pages.get("/sender")
    assert "8 could not tell" in page.words
    assert "Not asked lately" in page.words
    assert DOMAIN in page.words


@pytest.mark.parametrize("dns", [{}, {"nameservers": ["192.0.2.53"]}])
def test_what_simulated_dns_says_is_marked(dns: dict[str, object]) -> None:
    config = Config.model_validate({"sandbox": {"companies": {"granite": "inbox"}}, "dns": dns})
    assert standing_view(config, (), (), NOW).simulated is not bool(dns)
