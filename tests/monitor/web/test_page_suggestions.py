"""Fields in which a company or a path is typed: what is offered, to whom, and that no page carries all companies."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.config import WatchedPath
from monitor.people.person import Rights
from monitor.probing.current import Board
from monitor.web.company_summaries import CompanySummaries
from monitor.web.pages.suggestions import MAX_ALL, MAX_MATCHES, SuggestedName, matching
from tests.support.page_samples import HOSTILE, NOW, SamplePages, open_sample_pages, path, well_made

PAGES = ("/probes", "/incidents", "/probe-now", "/mutes", "/settings", "/runbooks/cause-address")
MANY = [path(f"company{number:03}", company_name=f"Company {number}") for number in range(MAX_ALL + 50)]


@pytest.fixture
async def sample_pages(tmp_path: Path) -> AsyncIterator[SamplePages]:
    async with open_sample_pages(tmp_path) as sample_pages:
        sample_pages.bind(None, Rights.ADMIN)
        yield sample_pages


async def offered(
    paths: list[WatchedPath], wanted: SuggestedName, typed: str, bound: tuple[str, ...] | None = None
) -> list[str]:
    board = Board()
    board.configure(paths)
    seen = await CompanySummaries(board, lambda: NOW).seen_by(None)
    return [each.value for each in matching(seen, wanted, typed)]


def options(page: str) -> list[str]:
    return re.findall(r'<option value="(company[^"]*)"', page)


async def test_a_few_are_all_offered_by_name_and_a_company_before_its_paths() -> None:
    paths = [path("b", company_name="Zed"), path("a", "hq"), path("a", "lab")]
    assert await offered(paths, SuggestedName.COMPANY, "") == ["a", "b"]
    assert await offered(paths, SuggestedName.PLACE, "nothing like it") == ["a", "a/hq", "a/lab", "b/hq"]


@pytest.mark.parametrize(
    ("wanted", "typed", "found"),
    [
        (SuggestedName.COMPANY, "", []),
        (SuggestedName.COMPANY, "company007", ["company007"]),
        (SuggestedName.COMPANY, "COMPANY 149", ["company149"]),
        (SuggestedName.COMPANY, "probe@company012.test", ["company012"]),
        (SuggestedName.PLACE, "company012/hq", ["company012/hq"]),
        (SuggestedName.COMPANY, "nowhere", []),
    ],
)
async def test_of_many_those_are_offered_that_match(wanted: SuggestedName, typed: str, found: list[str]) -> None:
    assert await offered(MANY, wanted, typed) == found


async def test_what_begins_as_typed_comes_first_and_the_shorter_name() -> None:
    """Else "Company 4" would be cut off behind "Company 104" and its like."""
    found = await offered(MANY, SuggestedName.COMPANY, "company 4")
    assert found[:3] == ["company004", "company040", "company041"]
    assert len(found) == MAX_MATCHES


async def test_no_more_than_a_few_match() -> None:
    assert len(await offered(MANY, SuggestedName.COMPANY, "company")) == MAX_MATCHES
    crowded = [*MANY, *(path("zoo", f"p{number}") for number in range(200))]
    assert len(await offered(crowded, SuggestedName.PLACE, "zoo")) == MAX_MATCHES


async def test_of_one_with_many_paths_those_are_offered_that_match() -> None:
    paths = [path("zoo", f"p{number}") for number in range(MAX_ALL + 1)]
    assert await offered(paths, SuggestedName.PLACE, "") == []
    assert await offered(paths, SuggestedName.PLACE, "zoo/p77") == ["zoo/p77"]
    assert await offered(paths, SuggestedName.PLACE, "zoo") == [
        "zoo",
        *(f"zoo/p{each}" for each in range(MAX_MATCHES - 1)),
    ]


@pytest.mark.parametrize("where", PAGES)
async def test_no_page_carries_all_companies(sample_pages: SamplePages, where: str) -> None:
    sample_pages.watch(*MANY)
    page = await sample_pages.get(where)
    well_made(page)
    assert options(page.html) == []
    assert 'data-suggest="' in page.html
    assert "suggest.js" in page.html


@pytest.mark.parametrize(
    ("where", "status"), [("/probes?company=company01", 200), ("/incidents?company=company01", 200)]
)
async def test_without_a_script_the_answer_to_the_form_offers_what_matches(
    sample_pages: SamplePages, where: str, status: int
) -> None:
    sample_pages.watch(*MANY)
    assert options((await sample_pages.get(where, status)).html) == [f"company{number:03}" for number in range(10, 20)]


@pytest.mark.parametrize("where", PAGES)
async def test_who_is_bound_is_offered_their_own_only(sample_pages: SamplePages, where: str) -> None:
    sample_pages.watch(*MANY)
    sample_pages.bind(("company003",), Rights.ADMIN)
    html = (await sample_pages.get(where)).html
    assert {each.split("/")[0] for each in options(html)} == {"company003"}


async def test_the_script_is_answered_with_what_the_caller_may_see(sample_pages: SamplePages) -> None:
    sample_pages.watch(*MANY, path("evil", company_name=HOSTILE))
    sample_pages.bind(("company003", "company004", "evil"))
    async with sample_pages.http.get(f"{sample_pages.url}/suggestions?q=company") as answer:
        assert [each["value"] for each in await answer.json()] == ["evil", "company003", "company004"]
    async with sample_pages.http.get(f"{sample_pages.url}/suggestions?for=place&q=evil") as answer:
        found = await answer.json()
        assert "\u202e" not in found[0]["label"]
    async with sample_pages.http.get(f"{sample_pages.url}/suggestions?for=nothing") as answer:
        assert answer.status == 400
