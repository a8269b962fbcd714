"""Drawings: where things are, and what they say without being seen."""

from datetime import timedelta
from random import Random

import pytest

from monitor.web.charts import MAX_DOTS, PLACES, Frame, chart_of, strip_of, times_of
from monitor.web.legible import MAX_TEXT_CHARS, cut, plain, spelled
from probes.verdict import Grade, Outcome
from tests.support.page_samples import NOW, row

DAY = Frame(NOW - timedelta(days=1), NOW)
LIFE = timedelta(minutes=10)


def at(letters: str, **facts):
    """A probe every 20 minutes, which is one place of a day's strip; the last one 10 minutes ago."""
    return [
        row(letter, timedelta(minutes=20 * (len(letters) - place) - 10), **facts)
        for place, letter in enumerate(letters)
        if letter != " "
    ]


# ---- Strips ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letters", "bars"),
    [
        ("", []),
        ("iiii", ["4 inbox"]),
        ("iibbi", ["2 inbox", "2 blocked", "1 inbox"]),
        ("ii  ii", ["2 inbox", "2 inbox"]),  # nothing was probed in between, and nothing is said of it
        ("i.i", ["1 inbox", "1 inbox"]),  # without a verdict yet
        ("?", ["1 unknown"]),
    ],
)
def test_stretches_with_the_same_outcome_are_one_bar(letters, bars) -> None:
    assert [f"{bar.number} {bar.outcome}" for bar in strip_of(at(letters), DAY).bars] == bars


def test_the_worst_of_a_stretch_is_seen() -> None:
    rows = [row("i", timedelta(minutes=5)), row("b", timedelta(minutes=6)), row("l", timedelta(minutes=7))]
    (bar,) = strip_of(rows, DAY).bars
    assert (bar.outcome, bar.number) == (Outcome.BLOCKED, 3)


def test_a_strip_stays_within_itself() -> None:
    letters = "".join(Random(1).choice("ilsbm?") for _ in range(PLACES))
    strip = strip_of(
        [*at(letters), row("b", timedelta(0)), row("b", timedelta(days=1)), row("b", timedelta(days=2))], DAY
    )
    assert all(0 <= bar.x <= bar.x + bar.width <= 100.1 for bar in strip.bars)
    assert all(left.x + left.width <= right.x + 0.1 for left, right in zip(strip.bars, strip.bars[1:], strict=False))
    assert len(strip.bars) <= PLACES


def test_the_words_of_a_strip_never_add_up_different_grades() -> None:
    strip = strip_of([*at("iib"), *at("ii", grade=Grade.UNPROVEN)], DAY)
    assert strip.said == (
        (Grade.REAL, ((Outcome.BLOCKED, 1), (Outcome.INBOX, 2))),
        (Grade.UNPROVEN, ((Outcome.INBOX, 2),)),
    )


# ---- Delivery times -------------------------------------------------------------------------------------------------


def test_what_came_while_the_code_lived_is_below_the_line_and_what_came_later_above_it() -> None:
    chart = chart_of([row("i", timedelta(hours=1), 590), row("l", timedelta(hours=2), 610)], DAY, [LIFE])
    (life,) = chart.lives
    in_time, late = chart.dots
    assert in_time.y > life.at > late.y, "the slow is above: less from the top"
    assert life.name == "10 min"


@pytest.mark.parametrize("seconds", [0.0, -5.0, 0.000001, 0.5, 30.0, 3600.0, 10.0**7])
def test_every_time_has_its_place(seconds) -> None:
    chart = chart_of([row("i", timedelta(hours=1), seconds), row("i", timedelta(days=9), 1.0)], DAY, [LIFE])
    assert all(0 <= dot.x <= 100 and 0 <= dot.y <= 100 for dot in chart.dots)
    assert all(0 <= tick.at <= 100 for tick in (*chart.lives, *chart.seconds, *chart.times))


def test_where_nothing_arrived_nothing_is_drawn() -> None:
    chart = chart_of(at("bbm"), DAY, [LIFE])
    assert (chart.dots, chart.figures, chart.left_out) == ((), (), 0)


def test_paths_whose_codes_live_differently_have_a_line_each() -> None:
    lives = chart_of(at("i", delivery=1.0), DAY, [LIFE, LIFE, timedelta(minutes=30)]).lives
    assert [life.name for life in lives] == ["10 min", "30 min"]


def test_of_too_many_the_slowest_are_drawn() -> None:
    rows = [row("i", timedelta(seconds=80 * number + 1), 1.0) for number in range(1000)]
    rows += [row("l", timedelta(minutes=number), 900.0) for number in range(5)]
    chart = chart_of(rows, DAY, [LIFE])
    assert len(chart.dots) <= MAX_DOTS
    assert chart.left_out == len(rows) - len(chart.dots)
    assert sum(dot.outcome is Outcome.LATE for dot in chart.dots) == 5


def test_figures_are_told_grade_by_grade() -> None:
    rows = [row("i", timedelta(minutes=number), float(number)) for number in range(1, 101)]
    rows.append(row("l", timedelta(minutes=3), 700.0, grade=Grade.IMPERSONATED))
    real, played = chart_of(rows, DAY, [LIFE]).figures
    assert (real.grade, real.number, real.median, real.most, real.slowest, real.late) == (
        Grade.REAL,
        100,
        50,
        95,
        100,
        0,
    )
    assert (played.grade, played.number, played.slowest, played.late) == (Grade.IMPERSONATED, 1, 700, 1)


@pytest.mark.parametrize(
    ("days", "names"), [(1, ["08:00", "14:00", "20:00", "02:00", "08:00"]), (4, ["19 Nov", "20 Nov"])]
)
def test_times_to_read_a_drawing_by(days, names) -> None:
    ticks = times_of(Frame(NOW - timedelta(days=days), NOW))
    assert [tick.name for tick in ticks][: len(names)] == names
    assert (ticks[0].at, ticks[-1].at) == (0, 100)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.004, "4 ms"), (1.25, "1.25 s"), (59.9, "59.9 s"), (110, "110 s"), (600, "10 min"), (9000, "2.5 h")],
)
def test_short_times_are_told_so_that_they_can_be_told_apart(seconds, said) -> None:
    assert spelled(seconds) == said


# ---- Other people's text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("554 5.7.1 Go away", "554 5.7.1 Go away"),
        ("a\x00b\x1b[31mc\x7f", "a[U+0000]b[U+001B][31mc[U+007F]"),
        ("\u202egpj.exe", "[U+202E]gpj.exe"),
        ("\u2066a\u2069\u200fb", "[U+2066]a[U+2069][U+200F]b"),
        ("zero\u200bwidth\ufeff", "zero[U+200B]width[U+FEFF]"),
        ("line\r\nline\tcell", "line\nline\tcell"),
        ("alone\rhere", "alone[U+000D]here"),
        ("two\u2028lines\u2029", "two[U+2028]lines[U+2029]"),
        ("\U000e0041 tag", "[U+E0041] tag"),
        ("\ud800 half", "[U+D800] half"),
        ("Grüße, 日本語, עברית", "Grüße, 日本語, עברית"),
        ("<b>&", "<b>&"),  # the template does the rest
    ],
)
def test_nothing_is_hidden_in_a_text_and_nothing_is_lost(text, shown) -> None:
    assert plain(text) == shown


def test_a_text_of_a_megabyte_is_cut_and_says_so() -> None:
    shown = plain("x" * 1_000_000)
    assert len(shown) < MAX_TEXT_CHARS + 50
    assert shown.endswith("… and 900,000 more characters")
    assert len(plain("\u202e" * 1_000_000)) < 9 * MAX_TEXT_CHARS


def test_the_beginning_of_a_text_is_one_line() -> None:
    assert cut("a\n  b", 10) == "a b"
    assert cut("abcdef ghi", 6) == "abcde…"
