"""The Markdown files that people read, and their parts, as the tests of the documentation take them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = sorted(DOCS.rglob("*.md"))
FILES = (README, *PAGES)

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")


def name_of(file: Path) -> str:
    """For the ids of tests."""
    return str(file.relative_to(ROOT))


def without_fences(text: str) -> str:
    """The text without its blocks of code."""
    return FENCE.sub("", text)


def prose(text: str) -> str:
    """The words alone: no blocks of code, no code in a line, no addresses of links."""
    return re.sub(r"\]\([^)]*\)", "]", CODE.sub("", without_fences(text)))


def blocks(text: str, *languages: str) -> list[str]:
    """The blocks of code in these languages, without their indentation."""
    found = []
    for indent, language, body in FENCE.findall(text):
        if language in languages:
            found.append("\n".join(line.removeprefix(indent) for line in body.splitlines()))
    return found


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table's rows below a heading, without the table's head."""
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
