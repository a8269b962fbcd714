"""Test now, on a company's page: who may press it, what it sends, and what the page says of the results."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.people.person import AuditAction
from monitor.web.pages.own_test import MAX_TESTED, RoundState, SentRound, SentTest, to_test
from probes.check import Check
from probes.kinds import Kind
from probes.verdict import Outcome
from tests.support.auth_app import Browser
from tests.support.page_samples import NOW, OUTCOMES, ParsedPage, path, standing
from tests.support.pages_app import BLOCKED, INBOX, PagesApp, open_pages_app, post

KINDS = (Kind.VERIFICATION, Kind.TWO_STEP_CODE, Kind.INVITATION)
WHERE = "/companies/acme"
PRESS = f"{WHERE}/test"


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


async def section(browser: Browser, where: str = WHERE) -> str:
    answer = await browser.get(where)
    assert answer.status == 200
    found = re.search(r"Test now (.*?) Codes in time", ParsedPage(answer.text).words)
    return found[1] if found else ""


async def pressed(browser: Browser) -> str:
    """Press the button; the address that it leads to."""
    answer = await post(browser, PRESS, WHERE)
    assert answer.status == 303, answer.text
    return str(answer.headers["Location"])


# ---- What is tested -------------------------------------------------------------------------------------------------


def chosen(*paths, **letters: str) -> list[tuple[str, Kind]]:
    """What is tested when these checks have these verdicts, one letter for each of KINDS."""
    seen = {
        Check("acme", name, kind): standing(letter)
        for name, each in letters.items()
        for kind, letter in zip(KINDS, each, strict=False)
        if letter != " "
    }
    return [(wish.path, kind) for wish, kind in to_test(paths or (path(kinds=KINDS),), seen)]


@pytest.mark.parametrize(
    ("letters", "tested"),
    [
        ("iii", [("hq", Kind.VERIFICATION)]),
        ("   ", [("hq", Kind.VERIFICATION)]),  # before the first verdict
        ("ibi", [("hq", Kind.TWO_STEP_CODE)]),
        ("lbs", [("hq", Kind.TWO_STEP_CODE), ("hq", Kind.INVITATION), ("hq", Kind.VERIFICATION)]),  # the worst first
        ("?ii", [("hq", Kind.VERIFICATION)]),
    ],
)
def test_what_fails_is_tested_and_where_nothing_does_one_kind(letters, tested) -> None:
    assert chosen(hq=letters) == tested


def test_one_press_never_sends_many() -> None:
    paths = [path(name=f"p{number}", kinds=KINDS) for number in range(9)]
    assert len(chosen(*paths, **{each.path: "bbb" for each in paths})) == MAX_TESTED
    assert len(chosen(*paths)) == MAX_TESTED


@pytest.mark.parametrize(
    ("letters", "state"),
    [
        ("ii", RoundState.ARRIVED),
        ("i.", RoundState.UNDER_WAY),
        ("b.", RoundState.FAILS),  # known before all are
        ("ib", RoundState.FAILS),
        ("i?", RoundState.UNCLEAR),
        ("??", RoundState.UNCLEAR),
        ("il", RoundState.FAILS),
    ],
)
def test_a_round_has_arrived_only_when_all_of_it_has(letters, state) -> None:
    outcomes: list[Outcome | None] = [OUTCOMES.get(letter) for letter in letters]
    tests = tuple(
        SentTest(f"p{each}", "hq", Kind.VERIFICATION, NOW, outcome, None) for each, outcome in enumerate(outcomes)
    )
    assert SentRound(tests).state is state


# ---- The page -------------------------------------------------------------------------------------------------------


async def test_who_is_bound_to_the_company_tests_it_and_sees_the_result(pages_app: PagesApp) -> None:
    bound = await pages_app.viewer("acme")
    assert "Send a test message now" in await section(bound)
    where = await pressed(bound)
    ids = [probe.id for probe in pages_app.sent]
    assert [probe.path for probe in pages_app.sent] == ["hq", "cloud"]
    assert where == f"{WHERE}?tested={'.'.join(ids)}#test"
    here = where.partition("#")[0]
    assert "2 test messages sent; waiting for 2." in await section(bound, here)
    page = (await bound.get(here)).text
    assert 'data-every="5"' in page, "what is awaited is read often"
    for number, probe_id in enumerate(ids):
        await pages_app.store.probes.learn(probe_id, (), INBOX, NOW, closed=True, delivery=timedelta(seconds=3))
        said = await section(bound, here)
        assert ("All test messages arrived in the inbox in time." in said) is (number == 1)
    assert 'data-every="5"' not in (await bound.get(here)).text
    log = [entry for _, entry in await pages_app.store.people.audit_log(None, 50)]
    sent = [(entry.who, entry.company, entry.path) for entry in log if entry.what == AuditAction.PROBE_SENT]
    assert len(sent) == len(ids)
    assert {who for who, *_ in sent} == {"eve"}


async def test_a_change_that_has_no_effect_is_said_to_have_none(pages_app: PagesApp) -> None:
    bound = await pages_app.viewer("acme")
    here = (await pressed(bound)).partition("#")[0]
    await pages_app.store.probes.learn(pages_app.sent[0].id, (), BLOCKED, NOW, closed=True, delivery=None)
    said = await section(bound, here)
    assert "It still fails: the change has no effect so far." in said
    assert "Blocked" in said


async def test_a_viewer_of_all_companies_has_no_button(pages_app: PagesApp) -> None:
    viewer = await pages_app.viewer()
    assert await section(viewer) == ""
    assert (await post(viewer, PRESS, WHERE)).status == 403
    assert pages_app.sent == []


async def test_another_company_does_not_exist_for_who_is_bound_elsewhere(pages_app: PagesApp) -> None:
    elsewhere = await pages_app.viewer("bolt")
    assert (await post(elsewhere, PRESS, "/companies/bolt")).status == 404
    assert pages_app.sent == []


async def test_probes_of_another_company_are_not_shown_as_tests_of_this_one(pages_app: PagesApp) -> None:
    theirs = await pages_app.probe(verdict=INBOX, company="bolt")
    operator = await pages_app.operator()
    for ids in (theirs, "nothing", "..", "<b>" * 50, ".".join([theirs] * 50)):
        said = await section(operator, f"{WHERE}?tested={ids}")
        assert "arrived" not in said


async def test_who_presses_too_often_is_told_when_to_try_again(tmp_path: Path) -> None:
    manual = {"per_person_per_hour": 4, "per_path_per_hour": 20}
    async with open_pages_app(tmp_path, web={"manual": manual}) as pages_app:
        bound = await pages_app.viewer("acme")
        for _ in range(2):
            await pressed(bound)
        answer = await post(bound, PRESS, WHERE)
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) > 0
        assert "Nothing was sent." in ParsedPage(answer.text).words
        assert "at most 4 probes in an hour" in ParsedPage(answer.text).words
        assert len(pages_app.sent) == 4
