"""Every filter whose headers are read has a name for people, and the table of mail systems has it where it can."""

import ast
from pathlib import Path

import pytest

from probes.mailsystems.table import MAIL_SYSTEMS
from probes.reading.filters import gateways, mailbox_providers, microsoft, open_source
from probes.reading.filters.names import PARTS, PRODUCTS, SYSTEMS, filter_label

MAKERS = {"FilterResult", "scored", "worded", "_flag", "_listed", "_of", "_present", "_report", "_worst_word"}


def words_of(source: str) -> set[str]:
    """The words for filters in a table: the first arguments of what makes a reader or a result."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in MAKERS
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


WORDS = {
    word
    for module in (gateways, mailbox_providers, microsoft, open_source)
    for word in words_of(Path(module.__file__ or "").read_text())
}


def test_every_word_has_a_name() -> None:
    assert len(WORDS) > 40
    named = {*MAIL_SYSTEMS, *PARTS, *PRODUCTS, *SYSTEMS}
    assert sorted(WORDS - named) == []
    assert {key for key, _ in PARTS.values()} | set(SYSTEMS.values()) <= MAIL_SYSTEMS.keys()
    assert not {*PARTS, *PRODUCTS, *SYSTEMS} & MAIL_SYSTEMS.keys(), "the table has it already"


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("microsoft-eop", "Microsoft 365, Exchange Online Protection"),
        ("mimecast", "Mimecast"),
        ("google-workspace", "Google Workspace"),
        ("crm114", "CRM114"),
    ],
)
def test_names_as_people_know_them(word: str, label: str) -> None:
    assert filter_label(word) == label
