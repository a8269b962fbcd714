"""Plain English in the code: the glossary's banned words in no sentence of ours, and docstrings that say what a thing
does instead of defining it by a clause."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.documentation import CODE, DOCS, ROOT, rows

GLOSSARY = (DOCS / "design" / "glossary.md").read_text()
BANNED = [row[0] for row in rows(GLOSSARY, "Words that are not used")]
SOURCES = sorted(path for folder in ("probes", "monitor", "dashboards") for path in (ROOT / folder).rglob("*.py"))
PLAIN_FILES = [ROOT / "config.toml", ROOT / "Makefile", *sorted((ROOT / "dashboards").rglob("*.y*ml"))]
CLAUSE = re.compile(r"(What|Whatever|Who|Whoever|Whom|Whose|Whether|How|Which|Where|When)\b")
QUOTED = ROOT / "probes" / "reading"  # its strings are what mail systems write


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def docstrings(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and docstring of the module, and of its public classes and functions."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = getattr(node, "name", "the module")
            if not name.startswith("_") and (text := ast.get_docstring(node)):
                yield name, text


def sentences(path: Path) -> Iterator[str]:
    """Yield every string of at least three words, docstrings included."""
    documented = {text for _, text in docstrings(path)}
    for node in ast.walk(tree_of(path)):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if len(text.split()) > 2 and (QUOTED not in path.parents or text in documented):
            yield text


def found_in(text: str) -> list[str]:
    words = " ".join(CODE.sub("", text).split())
    return [each for each in BANNED if re.search(rf"\b{re.escape(each)}\b", words, re.IGNORECASE)]


def test_a_banned_word_is_found() -> None:
    assert found_in("Who is TOLD, and `told` of it") == ["told"]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_sentence_of_ours_has_a_banned_word(path: Path) -> None:
    found = sorted({word for sentence in sentences(path) for word in found_in(sentence)})
    assert found == [], "see docs/design/glossary.md"


@pytest.mark.parametrize("path", PLAIN_FILES, ids=name_of)
def test_no_file_for_people_has_a_banned_word(path: Path) -> None:
    assert found_in(path.read_text()) == [], "see docs/design/glossary.md"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_docstring_says_what_a_thing_does(path: Path) -> None:
    found = [f"{name}: {text.splitlines()[0]}" for name, text in docstrings(path) if CLAUSE.match(text)]
    assert found == [], 'write "Return the ...", "Test if ...", or a noun'
