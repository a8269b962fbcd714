"""The runbooks, as files and as pages of a real server."""

import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import typer
from aiohttp import ClientSession
from yarl import URL

from monitor.cli.main import app as commands
from monitor.incidents.incident import Nature
from monitor.notices.payload import ALERTS as SENT
from monitor.web.runbooks.document import runbooks
from monitor.web.runbooks.placeholders import MARK, PLACEHOLDERS
from probes.mailsystems.advise import runbook_for
from probes.mailsystems.family import CauseFamily
from probes.verdict import Outcome
from tests.monitor.incidents.test_advice import UNSAFE
from tests.support.alert_rules import ALERTS, Alert
from tests.support.documentation import rows
from tests.support.pages_app import open_pages_app

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "dashboards" / "runbooks"
ALL = sorted(FOLDER.glob("*.md"))
PAGES = [path for path in ALL if path.stem != "index"]
OF_CAUSES = [path for path in PAGES if path.stem.startswith("cause-")]

each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
each_cause = pytest.mark.parametrize("path", OF_CAUSES, ids=lambda path: path.stem)


@pytest.fixture
async def pages_url(tmp_path: Path) -> AsyncIterator[str]:
    """Where a real server listens, with people who must sign in. Nobody has: runbooks are for whoever is called."""
    async with open_pages_app(tmp_path) as pages_app:
        await pages_app.admin()
        yield pages_app.url


# ---- The files ------------------------------------------------------------------------------------------------------


def test_there_is_one_for_each_family_and_none_for_what_is_none() -> None:
    assert {path.stem for path in OF_CAUSES} == {f"cause-{family}" for family in CauseFamily}


@each_page
def test_a_page_begins_with_the_answer(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith("# ")
    assert [line[:10] for line in lines[2:5]] == ["- **What:*", "- **Who:**", "- **Do:** "]


@each_cause
def test_a_page_tells_how_to_check_to_fix_and_to_verify(path: Path) -> None:
    headings = re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE)
    assert headings == ["What it means", "How to check", "How to fix", "What not to do", "How to verify"]


@each_cause
def test_a_page_can_be_read_at_night(path: Path) -> None:
    """At most one mail system's part is open."""
    text = path.read_text()
    assert len(text.splitlines()) <= 140
    assert len(re.sub(r"^### .*?(?=^##|\Z)", "", text, flags=re.MULTILINE | re.DOTALL).splitlines()) <= 80


@each_page
def test_the_links_of_a_page_lead_to_pages(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text()):
        assert target.startswith("https://") or (FOLDER / target).is_file(), target


@each_page
def test_the_commands_of_a_page_are_there(path: Path) -> None:
    known = vars(typer.main.get_command(commands))["commands"]
    said = re.findall(r"(?:^|`)mailpath ([a-z][a-z-]*)", path.read_text(), re.MULTILINE)
    assert set(said) <= set(known)


@each_cause
def test_what_makes_a_hole_is_only_named_where_it_is_warned_of(path: Path) -> None:
    advice, _, rest = path.read_text().partition("## What not to do")
    advice += rest.partition("## How to verify")[2]
    warned = re.compile(r"permit_mynetworks|/32\b|Permitted|No range[^\n]*|https?://\S+|/etc/\S+|: \*\*your\*\*")
    for line in warned.sub("", advice).splitlines():
        assert not UNSAFE.search(line) or "never" in line or "only" in line, line


LITERAL = re.compile(  # what differs between installations, and so has a name in braces
    r"acme|127\.0\.0\.1(?!\d)|104\.130\.|50\.122\.130|\btrimble\.com|localhost|:(?:8025|9108)\b", re.IGNORECASE
)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_file_names_no_installation(path: Path) -> None:
    assert [line for line in path.read_text().splitlines() if LITERAL.search(line)] == []


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_the_names_in_braces_are_known(path: Path) -> None:
    assert set(MARK.findall(path.read_text())) <= set(PLACEHOLDERS)


def listed(heading: str) -> dict[str, str]:
    """A table of the index: its names, and what stands beside them."""
    found = rows((FOLDER / "index.md").read_text(), heading)
    return {name.strip("`"): text for name, text in found if name.startswith("`")}


def test_the_index_explains_every_name_in_braces() -> None:
    assert listed("Names in the files") == {
        name: f"{each.meaning}, such as `{each.example}`" if each.example else each.meaning
        for name, each in PLACEHOLDERS.items()
    }


def test_the_index_has_every_alert_by_name() -> None:
    pages = listed("Alerts by name")
    assert set(pages) == {*SENT.values(), *(alert.name for alert in ALERTS)}
    for alert in ALERTS:
        assert f"({alert.runbook}.md)" in pages[alert.name]
    for nature in (Nature.OURS, Nature.THEIR_SYSTEM):
        assert f"({runbook_for(None, Outcome.UNKNOWN, nature)}.md)" in pages[SENT[nature]]


def test_the_wheel_has_them() -> None:
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "dashboards" in built["packages"]
    assert "exclude" not in built


def test_they_are_read_from_the_package_wherever_it_is() -> None:
    assert set(runbooks()) == {path.stem for path in ALL}


# ---- The pages ------------------------------------------------------------------------------------------------------


async def test_the_list_leads_to_every_page(pages_url: str) -> None:
    async with ClientSession() as http:
        async with http.get(f"{pages_url}/runbooks/") as answer:
            assert answer.status == 200
            listing = await answer.text()
        links = set(re.findall(r'<a href="(/runbooks/[^"]+)">', listing))
        assert {link.removeprefix("/runbooks/") for link in links} == {path.stem for path in PAGES}
        for link in links:
            async with http.get(pages_url + link) as answer:
                assert answer.status == 200, link


@each_page
async def test_a_page_is_safe_and_whole(pages_url: str, path: Path) -> None:
    title = runbooks()[path.stem].title
    async with ClientSession() as http, http.get(f"{pages_url}/runbooks/{path.stem}") as answer:
        page = await answer.text()
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.count("<h1>") == 1
    assert f"<h1>{title.replace(chr(39), '&#39;')}</h1>" in page
    assert len(re.findall("<script", page)) == len(re.findall(r'<script src="/static/', page))
    assert not re.search(r"\.md\b(?!\.)", re.sub(r"<code>.*?</code>", "", page))
    for name in re.findall(r'<a href="/runbooks/([^"#]+)', page):
        assert name in runbooks()


async def test_the_list_has_one_name(pages_url: str) -> None:
    async with ClientSession() as http, http.get(f"{pages_url}/runbooks", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (301, "/runbooks/")


@pytest.mark.parametrize(
    "name",
    [
        "cause-nothing",
        "..%2f..%2fconfig.toml",
        "%2e%2e%2f__init__.py",
        "cause-address.md",
        "cause-address%00",
        "CAUSE-ADDRESS",
        "%2fetc%2fpasswd",
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "a" * 5000,
    ],
)
async def test_a_name_that_is_not_there_gets_the_list(pages_url: str, name: str) -> None:
    async with ClientSession() as http, http.get(URL(f"{pages_url}/runbooks/{name}", encoded=True)) as answer:
        page = await answer.text()
        assert answer.status == 404
        assert answer.headers["Content-Security-Policy"]
    assert "There is no page named" in page
    assert '<a href="/runbooks/cause-address">' in page
    assert "<script>" not in page
    assert "root:" not in page
    assert len(page) < 20_000


def test_pages_are_made_once() -> None:
    assert runbooks() is runbooks()


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
async def test_the_name_of_an_alert_leads_to_its_page(pages_url: str, alert: Alert) -> None:
    """Whoever has no more than the name, such as a dashboard, can link to it."""
    async with (
        ClientSession() as http,
        http.get(f"{pages_url}/runbooks/{alert.name}?company=acme", allow_redirects=False) as answer,
    ):
        assert (answer.status, answer.headers["Location"]) == (302, f"/runbooks/{alert.runbook}?company=acme")
