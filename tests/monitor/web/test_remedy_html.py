"""Remedies as HTML: all of them, with names that may be anything."""

from dataclasses import replace

import pytest

from monitor.web.remedy_html import remedies_html
from probes.mailsystems.remedy import RemedyNames
from probes.mailsystems.table import MAIL_SYSTEMS

HOSTILE = RemedyNames("<b>.example", "203.0.113.9", 'a"><script>@x', "<i>")


@pytest.mark.parametrize("row", [row for row in MAIL_SYSTEMS.values() if row.remedies], ids=lambda row: row.key)
def test_no_name_becomes_markup(row: object) -> None:
    found = remedies_html(getattr(row, "remedies", ()), HOSTILE)
    assert "<script>" not in found
    assert "<b>" not in found
    assert "<i>" not in found
    assert found.count("<section") == found.count("</section>")
    assert found.count("<pre>") == found.count("</pre>")


def test_what_to_do_is_open_and_what_is_worth_knowing_folded() -> None:
    (remedy, *_) = MAIL_SYSTEMS["m365"].remedies
    shown, _, folded = remedies_html([remedy], HOSTILE).partition("<details>")
    assert "<dt>Do</dt>" in shown
    assert "<dt>Undo</dt>" in shown
    assert "<dt>Sources</dt>" in folded
    assert '<a href="https://security.microsoft.com/antispam">' in shown
    assert "<dt>Risk</dt>" not in remedies_html([replace(remedy, risk="")], HOSTILE)
