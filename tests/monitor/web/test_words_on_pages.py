"""Pages speak the field's plain English: words of an earlier dialect do not come back, and no raw value is shown."""

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.incidents.incident import Scope, Severity
from monitor.incidents.labels import SCOPES, SEVERITIES
from probes.kinds import Kind
from probes.labels import CAUSES, GRADES, OUTCOMES
from probes.verdict import Cause, Grade, Outcome
from tests.support.pages_app import BLOCKED, PagesApp, incident, open_pages_app, opened, refused

WEB = Path(__file__).parents[3] / "monitor" / "web"
TEMPLATES = sorted((WEB / "templates").glob("*.html"))
SCRIPTS = sorted((WEB / "static").glob("*.js"))

DIALECT = (  # what pages said once, and nobody in the field says
    "put off",
    "code dies",
    "a code lives",
    "on its way",
    "nobody is told",
    "for good",
    "goes on",
    "make-believe",
    "is the matter",
    "how it fares",
    "half within",
    "what was seen",
    "as it was spoken",
    "the one before",
    "take it with you",
    "nothing any more",
    "nothing like that",
    "wonder at the silence",
    "stands beside",
    "not let in",
    "keys of companies",
    "how wide",
)


@pytest.mark.parametrize("path", [*TEMPLATES, *SCRIPTS], ids=lambda path: path.name)
def test_a_page_has_no_word_of_the_old_dialect(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}|^\s*//.*$", "", path.read_text(), flags=re.DOTALL | re.MULTILINE).lower()
    assert [words for words in DIALECT if words in text] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_page_names_a_button_rather_than_a_command(path: Path) -> None:
    """A reader of pages has no shell on the server."""
    assert not re.search(r"mailpath (probe|explain|person|mute|incidents|check-config)|kill -HUP", path.read_text())


RAW = [str(value) for table in (Cause, Kind) for value in table if "_" in value] + [str(Grade.IMPERSONATED)]


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


async def test_no_raw_value_reaches_a_reader(pages_app: PagesApp) -> None:
    probe = await pages_app.probe(*refused("Client host rejected"), verdict=BLOCKED)
    viewer = await pages_app.viewer()
    for address in ("/", "/incidents", "/companies/acme", "/probes", f"/probes/{probe}", "/sender"):
        answer = await viewer.get(address)
        assert answer.status == 200, address
        said = _seen(answer.text)
        assert [value for value in RAW if value in said] == [], address
        assert f"{Outcome.BLOCKED} · " not in said, address
        assert ("Blocked: IP address" in said) is address.startswith("/probes"), address


async def test_terms_are_explained_where_no_mouse_is_needed(pages_app: PagesApp) -> None:
    """A title attribute is out of reach of touch and keyboard."""
    probe = await pages_app.probe(*refused("Client host rejected"), verdict=BLOCKED)
    await pages_app.store.incidents.advance(1, [incident("a1")], [opened()], [])
    viewer = await pages_app.viewer()
    of_verdict = (OUTCOMES[BLOCKED.outcome].help, CAUSES[Cause.IP_BLOCKED].help)
    of_incident = (SEVERITIES[Severity.PAGE].help, SCOPES[Scope.COMPANY].help)
    for address, helps in (
        (f"/probes/{probe}", (*of_verdict, GRADES[BLOCKED.grade].help)),
        ("/incidents/a1", (*of_verdict, *of_incident)),
    ):
        page = (await viewer.get(address)).text
        (terms,) = re.findall(r'<details[^>]* data-key="terms">.*?</details>', page, re.DOTALL)
        assert [text for text in helps if text not in _seen(terms)] == [], address


def _seen(page: str) -> str:
    """What a person reads of a page: no tags, no addresses, no raw evidence."""
    page = re.sub(r"<(pre|script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", page))
