"""The table of keys in the README."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from monitor.config.model import CompanySettings, Config, PathSettings
from monitor.config.pace import ProbeSettings
from monitor.config.reference import reference, with_reference
from monitor.config.schema import bare, is_table

README = Path(__file__).parents[2] / "README.md"
TABLES = [
    *(kind for field in Config.model_fields.values() if is_table(kind := bare(field.annotation))),
    *(CompanySettings, PathSettings),
]


@pytest.mark.parametrize("table", TABLES)
def test_every_key_has_its_meaning(table: type[BaseModel]) -> None:
    chosen = set(ProbeSettings.model_fields) if table is not ProbeSettings else set()

    assert [key for key, field in table.model_fields.items() if not field.description and key not in chosen] == []


@pytest.mark.parametrize(
    "row",
    [
        '| `domain` | text | `"account.trimble.com"` | The domain the real mails come from. |',
        '| `every` | time | `"15m"` | Each kind is probed once in this time, the kinds spread over it. |',
        "| `cap.per_path_per_day` | number | `1500` | Most probes on one path in a day. |",
        '| `listen` | address:port | `"127.0.0.1:8025"` | Address and port of the HTTP server. |',
        "| `to` | text | required | Where its probes go; compared and sent in lower case. |",
        '**`route = { via = "proxy", ... }`**',
        '**`mailbox = { via = "maildir", ... }`**',
        "**`[sender.dkim]`**",
    ],
)
def test_what_the_reference_says(row: str) -> None:
    assert row in reference()


def test_no_default_is_shown_where_there_is_none() -> None:
    assert "None" not in reference()
    assert "Undefined" not in reference()


def test_the_reference_goes_between_its_marks() -> None:
    text = "before\n<!-- keys: how -->\nold\n<!-- end of keys -->\nafter\n"

    assert with_reference(text) == f"before\n<!-- keys: how -->\n\n{reference()}\n<!-- end of keys -->\nafter\n"
    assert with_reference(with_reference(text)) == with_reference(text)


def test_the_readme_is_current() -> None:
    """Else: python -m monitor.config.reference README.md"""
    text = README.read_text()

    assert with_reference(text) == text
