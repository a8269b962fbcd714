"""The reference of configuration keys. `tests/docs` holds that docs/reference/configuration.md is current."""

import pytest
from pydantic import BaseModel

from monitor.config.model import CompanySettings, Config, PathSettings
from monitor.config.pace import ProbeSettings
from monitor.config.reference import reference
from monitor.config.schema import bare, is_table

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
        '| `domain` | text | `"account.trimble.com"` | Domain of the real mail. |',
        '| `every` | time | `"15m"` | Interval in which each kind is probed once, the kinds spread over it. |',
        "| `cap.per_path_per_day` | number | `1500` | Maximum probes per path and day. |",
        '| `listen` | address:port | `"127.0.0.1:8025"` | Address and port of the HTTP server. |',
        "| `to` | text | required | Recipient of the probes, converted to lower case. |",
        '## `route = { via = "proxy", ... }`',
        '## `mailbox = { via = "maildir", ... }`',
        "## `[sender.dkim]`",
    ],
)
def test_what_the_reference_says(row: str) -> None:
    assert row in reference()


def test_no_default_is_shown_where_there_is_none() -> None:
    assert "None" not in reference()
    assert "Undefined" not in reference()
