"""Search: what it finds, for whom; and how pages look in one browser."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from monitor.people.person import Rights
from monitor.web.display import Display, display_from
from monitor.web.rendering import with_chosen_theme
from tests.support.page_samples import SamplePages, current_verdicts, incident, open_sample_pages, path, well_made
from tests.support.store_samples import FIRST, probe


@pytest.fixture
async def sample_pages(tmp_path: Path) -> AsyncIterator[SamplePages]:
    async with open_sample_pages(tmp_path) as sample_pages:
        sample_pages.watch(path("acme"), path("birch"), current_verdicts=current_verdicts(acme="b", birch="i"))
        yield sample_pages


async def hits(sample_pages: SamplePages, typed: str) -> list[str]:
    url, headers = f"{sample_pages.url}/search", {"Accept": "application/json"}
    async with sample_pages.http.get(url, params={"q": typed}, headers=headers) as answer:
        found: list[dict[str, Any]] = await answer.json()
    return [hit["href"] for hit in found]


async def test_a_company_is_found_by_its_name_its_key_and_the_domain_of_an_address(sample_pages: SamplePages) -> None:
    for typed in ("Acme", "acme", "jane@acme.test", "mail.acme.test"):
        assert (await hits(sample_pages, typed))[0] == "/companies/acme", typed
    assert "/companies/birch" not in await hits(sample_pages, "acme")


async def test_incidents_probes_runbooks_and_pages_are_found(sample_pages: SamplePages) -> None:
    await sample_pages.open(incident("i1"))
    await sample_pages.store.probes.launch(probe(id="abcdefghijklmnop"), "", FIRST)
    assert "/incidents/i1" in await hits(sample_pages, "blocked")
    assert (await hits(sample_pages, "abcdefghijklmnop"))[0] == "/probes/abcdefghijklmnop"
    assert any(href.startswith("/runbooks/") for href in await hits(sample_pages, "greylisting"))
    assert "/triage" in await hits(sample_pages, "help desk")


async def test_what_is_not_the_caller_s_is_not_found(sample_pages: SamplePages) -> None:
    await sample_pages.store.probes.launch(probe(id="abcdefghijklmnop", company="birch"), "", FIRST)
    await sample_pages.open(incident("theirs", "birch"))
    sample_pages.bind(("acme",))
    for typed in ("birch", "abcdefghijklmnop", "theirs"):
        assert await hits(sample_pages, typed) == [], typed
    assert "Did you mean" not in (await sample_pages.get("/search?q=birchh")).words


async def test_actions_are_those_that_the_caller_may_do(sample_pages: SamplePages) -> None:
    assert "/probe-now" not in await hits(sample_pages, "send a test")
    sample_pages.bind(None, Rights.OPERATOR)
    assert "/probe-now" in await hits(sample_pages, "send a test")


async def test_the_page_works_without_a_script_and_asks_about_a_mistyped_company(sample_pages: SamplePages) -> None:
    page = await sample_pages.get("/search?q=acme")
    well_made(page)
    assert "/companies/acme" in page.links
    page = await sample_pages.get("/search?q=acmee")
    well_made(page)
    assert "Did you mean Acme?" in page.words


async def test_choices_are_kept_in_the_browser_and_every_page_has_them(sample_pages: SamplePages) -> None:
    well_made(await sample_pages.get("/display"))
    chosen = {"theme": "dark", "zone": "utc", "density": "compact", "keys": "off"}
    async with sample_pages.http.post(f"{sample_pages.url}/display", data=chosen, allow_redirects=False) as answer:
        cookie = answer.cookies["mailpath_display"].value
    async with sample_pages.http.get(f"{sample_pages.url}/", cookies={"mailpath_display": cookie}) as answer:
        text = await answer.text()
    assert '<html lang="en" data-theme="dark" data-density="compact" data-zone="utc" data-keys="off">' in text
    assert '<meta name="color-scheme" content="dark">' in text


def test_a_cookie_that_somebody_wrote_chooses_nothing_unknown() -> None:
    assert display_from({"theme": '"><script>', "zone": "utc", "other": "x"}) == Display(zone="utc")
    assert Display().text == ""


def test_colours_for_a_dark_system_are_those_of_the_chosen_dark_theme() -> None:
    style = "a {} @media (prefers-color-scheme: dark) { :root { --a: #000; } } b {}"
    assert with_chosen_theme(style) == (
        "a {} @media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { --a: #000; } }\n"
        ":root[data-theme=dark] { --a: #000; } b {}"
    )
