"""The documentation as pages of a real server."""

import html
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from aiohttp import ClientSession
from yarl import URL

from monitor.people.person import Rights
from monitor.web import docs
from monitor.web.docs import DOCS, RUNBOOKS, address_of, anchor_of, documents, folder_of
from tests.support.pages_app import PagesApp, open_pages_app

ROOT = Path(__file__).parents[3]
NAMES = sorted(documents(DOCS))


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    """A real server, with people who must sign in."""
    async with open_pages_app(tmp_path) as pages_app:
        await pages_app.admin()
        yield pages_app


async def text_of(url: str, status: int = 200) -> str:
    async with ClientSession() as http, http.get(URL(url, encoded=True)) as answer:
        assert answer.status == status
        assert answer.content_type == "text/html"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        return await answer.text()


def test_all_files_are_pages() -> None:
    assert set(NAMES) == {
        file.relative_to(ROOT / "docs").with_suffix("").as_posix() for file in ROOT.glob("docs/**/*.md")
    }


async def test_every_page_is_reached_from_the_index_without_signing_in(pages_app: PagesApp) -> None:
    reached: dict[str, set[str]] = {}
    waiting = ["/docs/"]
    while waiting:
        address = waiting.pop()
        if address in reached:
            continue
        page = await text_of(pages_app.url + address)
        reached[address] = set(re.findall(r' id="([^"]+)"', page))
        links = re.findall(r'<a href="(/(?:docs|runbooks)/[^"#]*)', page)
        waiting += links
    assert {address for address in reached if address.startswith("/docs/")} == {
        "/docs/" if name == "index" else f"/docs/{name}" for name in NAMES
    }
    assert "/runbooks/cause-address" in reached


async def test_every_page_is_safe_and_whole(pages_app: PagesApp) -> None:
    for name in NAMES:
        check_page(name, await text_of(f"{pages_app.url}/docs/{name}"))


def check_page(name: str, page: str) -> None:
    main = page.partition("<main")[2].partition("</main>")[0]
    assert [html.unescape(title) for title in re.findall(r"<h1>(.*?)</h1>", page)] == [documents(DOCS)[name].title]
    assert "<!--" not in main
    assert "&lt;!--" not in main
    assert len(re.findall("<script", page)) == len(re.findall(r'<script src="/static/', page))
    assert not re.findall(r"<(?:img|iframe|style|object)\b", main)
    for href in re.findall(r'href="([^"]+)"', main):
        assert href.startswith(("/docs/", "/runbooks/", "#", "https://")), href


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_sections_that_are_there(name: str) -> None:
    body = documents(DOCS)[name].body
    for href in map(unescape, re.findall(r'href="([^"]*#[^"]+)"', body)):
        path, _, anchor = href.partition("#")
        target = path.removeprefix("/docs/") or name
        assert f' id="{anchor}"' in documents(DOCS)[target].body, href


async def test_long_pages_have_a_table_of_contents(pages_app: PagesApp) -> None:
    page = await text_of(f"{pages_app.url}/docs/reference/configuration")
    contents = page.partition("<details>")[2].partition("</details>")[0]
    anchors = re.findall(r'href="#([^"]+)"', contents)
    assert {"sender", "probes", "companieskey"} <= set(anchors)
    assert len(anchors) == len(set(anchors))
    assert all(f'<h2 id="{anchor}">' in page for anchor in anchors)
    assert "<details>" not in await text_of(f"{pages_app.url}/docs/reference/exit-codes")


async def test_who_has_signed_in_has_the_navigation(pages_app: PagesApp) -> None:
    browser = await pages_app.person("ann", Rights.VIEWER)
    page = (await browser.get("/docs/guide/verdicts")).text
    assert 'aria-label="Pages"' in page
    assert 'aria-label="Pages"' not in await text_of(f"{pages_app.url}/docs/guide/verdicts")


async def test_the_index_has_one_address(pages_app: PagesApp) -> None:
    async with ClientSession() as http, http.get(f"{pages_app.url}/docs", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (301, "/docs/")


@pytest.mark.parametrize(
    "name",
    [
        "guide",
        "guide/",
        "guide/nothing",
        "guide/verdicts.md",
        "guide//verdicts",
        "../config.toml",
        "..%2f..%2fconfig.toml",
        "%2e%2e/README",
        "GUIDE/VERDICTS",
        "guide%2fverdicts%00",
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "a/" * 1000,
    ],
)
async def test_a_name_that_is_not_there_gets_the_index(pages_app: PagesApp, name: str) -> None:
    page = await text_of(f"{pages_app.url}/docs/{name}", 404)
    assert "There is no page named" in page
    assert '<a href="/docs/guide/verdicts">' in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("href", "source", "address"),
    [
        ("verdicts.md", "docs/guide/incidents.md", "/docs/guide/verdicts"),
        ("../start/inbound.md#copies", "docs/guide/incidents.md", "/docs/start/inbound#copies"),
        ("../index.md", "docs/guide/incidents.md", "/docs/"),
        ("#scope", "docs/guide/incidents.md", "#scope"),
        ("../../dashboards/runbooks/cause-policy.md", "docs/guide/verdicts.md", "/runbooks/cause-policy"),
        ("../dashboards/runbooks/index.md", "docs/index.md", "/runbooks/"),
        ("cause-policy.md", "dashboards/runbooks/index.md", "/runbooks/cause-policy"),
        ("../../docs/guide/verdicts.md", "dashboards/runbooks/index.md", "/docs/guide/verdicts"),
        ("https://example.org/a.md", "docs/index.md", "https://example.org/a.md"),
        ("../config.toml", "docs/index.md", None),
        ("../README.md", "docs/index.md", None),
        ("../../../etc/passwd.md", "docs/index.md", None),
        ("guide/nothing.md", "docs/index.md", None),
        ("guide", "docs/index.md", None),
    ],
)
def test_where_a_link_leads(href: str, source: str, address: str | None) -> None:
    assert address_of(href, source) == address


def test_repeated_headings_have_anchors_of_their_own() -> None:
    taken: set[str] = set()
    titles = ("[web.tls]", "JSON output", "JSON output", "What's new?")
    assert [anchor_of(title, taken) for title in titles] == ["webtls", "json-output", "json-output-1", "whats-new"]


def test_markdown_cannot_bring_html_or_scripts(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# A <b>title</b>\n<!-- generated: x; y -->\n<script>alert(1)</script>\n\n"
        "[a](javascript:alert(1)) ![i](https://example.org/i.png) [gone](../x.py)\n\n## Two <i>\n\n|a|\n|-|\n|<u>|\n"
    )
    page = docs.document_of(DOCS, "a", tmp_path)
    assert page.title == "A <b>title</b>"  # which the template escapes
    assert not re.findall(r"<(?:b|i|u|script|img|!--)(?=\W)", page.body)
    assert 'href="javascript' not in page.body
    assert "gone" in page.body
    assert page.body.count("<a ") == 1  # an image is a link at most


def test_an_installed_package_has_them_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder_of(DOCS) == ROOT / "docs"
    assert folder_of(RUNBOOKS) == ROOT / "dashboards" / "runbooks"
    (tmp_path / "monitor" / "docs").mkdir(parents=True)
    monkeypatch.setattr("monitor.__path__", [str(tmp_path / "monitor")])
    assert folder_of(DOCS) == tmp_path / "monitor" / "docs"
