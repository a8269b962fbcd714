"""A runbook that searches the log searches for texts that Mailpath writes."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = "\n".join(path.read_text() for path in sorted((ROOT / "monitor").rglob("*.py")))
SEARCHED = re.compile(r"journalctl -u mailpath[^|\n]*\| grep (?:-E |-A\d+ )?'([^']+)'")
PATTERNS = [
    pytest.param(alternative, id=f"{runbook.stem}: {alternative}")
    for runbook in sorted((ROOT / "dashboards" / "runbooks").glob("*.md"))
    for pattern in SEARCHED.findall(runbook.read_text())
    for alternative in re.split(r"\|(?![^(]*\))", pattern)
]


def test_there_are_such_runbooks() -> None:
    assert len(PATTERNS) >= 8


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_log_has_what_a_runbook_searches_for(pattern: str) -> None:
    assert re.search(pattern, CODE)
