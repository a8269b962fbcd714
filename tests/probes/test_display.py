"""How values are shown: one table for each form of hostile text, and each of durations."""

from datetime import timedelta

import pytest

from probes.display import duration, escaped, exactly, lasting, one_line, quoted, roughly, safe_text

NASTY = "a\x00b\u202ec\x1b[31m\r\nd\te"


def test_the_three_forms_of_hostile_text() -> None:
    assert one_line(NASTY, 100) == "a b c [31m d e"
    assert safe_text(NASTY, 100) == "a[U+0000]b[U+202E]c[U+001B][31m\nd\te"
    assert escaped(NASTY) == "a\\u0000b\\u202ec\\u001b[31m\\r\\nd\te"


@pytest.mark.parametrize("blank", "\u034f\u115f\u1160\u17b4\u180b\u2800\u3164\uffa0\u200b\U000e0041")
def test_a_character_that_shows_nothing_is_shown_by_number_or_is_a_blank(blank: str) -> None:
    assert safe_text(f"a{blank}b", 100) == f"a[U+{ord(blank):04X}]b"
    assert one_line(f"a{blank}b", 100) == "a b"


def test_marks_do_not_pile_up_over_the_lines_above() -> None:
    pile = "e" + "\u0301" * 50
    assert one_line(pile, 100) == "e\u0301\u0301\u0301"
    assert safe_text("e" + "\u0301" * 5, 100) == "e\u0301\u0301\u0301[U+0301][U+0301]"
    thai_hebrew_french = "\u0e17\u0e35\u0e48 \u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd e\u0301te\u0301"
    assert one_line(thai_hebrew_french, 100) == safe_text(thai_hebrew_french, 100) == thai_hebrew_french


@pytest.mark.parametrize("form", [one_line, safe_text])
def test_each_form_has_an_end(form) -> None:
    assert len(form("x" * 1_000_000, 50)) < 100


def test_a_quotation_cannot_be_ended_from_within() -> None:
    assert quoted('says "no"') == '"says \\"no\\""'
    assert quoted('says \\" and ends \\') == '"says \\\\\\" and ends \\\\"', "a backslash of theirs closes nothing"
    assert quoted("no ACME\\user") == '"no ACME\\user"'


@pytest.mark.parametrize(
    ("seconds", "measured", "compared", "how_long", "how_long_ago"),
    [
        (0.052, "52 ms", "0.052 s", "under a minute", "0 s"),
        (3, "3.0 s", "3.000 s", "under a minute", "3 s"),
        (90, "90 s", "1 min 30 s", "2 min", "1 min"),
        (119, "119 s", "1 min 59 s", "2 min", "1 min"),
        (599, "10 min", "9 min 59 s", "10 min", "9 min"),
        (10_200, "2.8 h", "170 min 0 s", "2 h 50 min", "2 h"),
        (273_600, "76.0 h", "4560 min 0 s", "3 d 4 h", "3 d"),
    ],
)
def test_each_form_of_a_duration(seconds, measured, compared, how_long, how_long_ago) -> None:
    time = timedelta(seconds=seconds)
    assert (duration(time), exactly(time), lasting(time), roughly(time)) == (measured, compared, how_long, how_long_ago)
