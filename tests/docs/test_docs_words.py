"""The words of the documentation: those that are not used, and a row for each value that people meet."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from monitor.incidents.incident import Scope, Severity
from monitor.notices.notice import NoticeKind
from monitor.reference.generated import PARTS
from probes.kinds import Kind
from probes.mailsystems.family import runbook_of
from probes.verdict import Cause, Concern, Grade, Outcome
from tests.support.documentation import CODE, DOCS, FILES, ROOT, name_of, prose, rows

GLOSSARY = (DOCS / "design" / "glossary.md").read_text()
VERDICTS = (DOCS / "guide" / "verdicts.md").read_text()
INCIDENTS = (DOCS / "guide" / "incidents.md").read_text()
LIST = "## Words that are not used"
BANNED = [row[0] for row in rows(GLOSSARY, LIST.removeprefix("## "))]
OF_DASHBOARDS = sorted((ROOT / "dashboards").rglob("*.md"))  # the runbooks among them
TEMPLATES = sorted((ROOT / "monitor" / "web" / "templates").glob("*.html"))


def found_in(text: str) -> list[str]:
    words = " ".join(text.split())
    return [each for each in BANNED if re.search(rf"\b{re.escape(each)}\b", words, re.IGNORECASE)]


def shown(template: str) -> str:
    """What a template shows by itself: no tags, no expressions, no comments."""
    return re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", template, flags=re.DOTALL)


def test_there_are_words_that_are_not_used() -> None:
    assert {"put off", "dead code", "no way in", "told", "hear of"} <= set(BANNED)
    assert found_in("Mail that was put\noff is TOLD.") == ["put off", "told"]
    assert found_in("untold, putoff, `told`") == ["told"]


@pytest.mark.parametrize("file", [*FILES, *OF_DASHBOARDS], ids=name_of)
def test_a_page_uses_none_of_them(file: Path) -> None:
    assert found_in(prose(file.read_text().partition(LIST)[0])) == []


@pytest.mark.parametrize("part", sorted(PARTS.keys() - {"floors"}))  # which are names of modules
def test_what_is_generated_uses_none_of_them(part: str) -> None:
    """The help of commands, the descriptions of keys, the help of metrics."""
    assert found_in(CODE.sub("", PARTS[part]())) == []


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_a_template_uses_none_of_them(file: Path) -> None:
    assert found_in(shown(file.read_text())) == []


@pytest.mark.parametrize(
    ("heading", "values"),
    [("Outcomes", Outcome), ("Causes", Cause), ("Grades", Grade), ("Severities", Severity), ("Scopes", Scope)],
)
def test_each_value_has_one_row_in_verdicts(heading: str, values: type[StrEnum]) -> None:
    assert sorted(row[0] for row in rows(VERDICTS, heading)) == sorted(f"`{each}`" for each in values)


def test_the_row_of_a_cause_says_whom_it_concerns_and_has_its_runbook() -> None:
    for cause, _, concerns, _, runbook in rows(VERDICTS, "Causes"):
        known = Cause(cause.strip("`"))
        assert concerns == ("not known" if known.concerns is Concern.NOBODY_KNOWN else known.concerns)
        assert f"/{runbook_of(known)}.md)" in runbook


def test_incidents_have_a_row_for_each_scope_and_notice() -> None:
    assert [row[0] for row in rows(INCIDENTS, "Scope")] == [f"`{each}`" for each in Scope]
    assert sorted(row[0] for row in rows(INCIDENTS, "Notices")) == sorted(f"`{each}`" for each in NoticeKind)


def test_the_glossary_names_every_kind() -> None:
    for kind in Kind:
        assert f"`{kind}`" in GLOSSARY


def test_the_glossary_defines_no_word_twice() -> None:
    defined = re.findall(r"^\| \*\*([^*]+)\*\* \|", GLOSSARY, re.MULTILINE)
    assert len(defined) == len(set(defined))
