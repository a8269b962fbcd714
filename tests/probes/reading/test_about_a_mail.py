"""Whether a message is about another one, told in time that grows with its length and no faster."""

from time import process_time

import pytest

from probes.reading.about_a_mail import is_about_a_mail
from probes.reading.header_fields import Field


@pytest.mark.parametrize(
    ("name", "value", "about"),
    [
        ("content-type", " multipart/report; report-type=delivery-status", True),
        ("content-type", "\r\n message/rfc822", True),
        ("content-type", " multipart/mixed; x=message/rfc822", False),
        ("auto-submitted", " Auto-Replied", True),
        ("auto-submitted", " auto-generated", False),
        ("subject", " multipart/report", False),
    ],
)
def test_its_own_header_says_so(name: str, value: str, about: bool) -> None:
    assert is_about_a_mail([Field(name, name, value)]) is about


@pytest.mark.parametrize("name", ["content-type", "auto-submitted"])
def test_blanks_without_end_cost_no_time(name: str) -> None:
    def took(blanks: int) -> float:
        began = process_time()
        is_about_a_mail([Field(name, name, "x" + " " * blanks + "x")])
        return process_time() - began

    took(1000)
    assert took(12_000) < 30 * max(took(1_500), 0.0005)
