"""Drawings: where things are, what they say without being seen, and that nothing is drawn where nothing is known."""

import re
from collections.abc import Sequence
from datetime import timedelta
from math import inf
from pathlib import Path

import pytest

from monitor.measures.time_slots import TimeSlots, slots_until
from monitor.output.symbols import COLOURS
from monitor.store import SlotCount, SlotTimes
from monitor.web.charts import (
    DOWN,
    LINE,
    SMALLEST,
    UP,
    DeliveryChart,
    SlotNames,
    bars_of,
    delivery_chart,
    delivery_figures,
    delivery_said,
    figures_by_slot,
    outcome_rows,
    slot_label,
    tallies,
    times_of,
)
from monitor.web.legible import MAX_TEXT_CHARS, about, cut, plain, spelled
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome
from tests.monitor.output.test_symbols import contrast
from tests.support.page_samples import NOW, OUTCOMES

DAY = SlotNames(slots_until(NOW, "24h"))
LIFE = timedelta(minutes=10)


def results(letters: str, slot: int = 0, cause: Cause | None = None) -> list[SlotCount]:
    """A result for each letter, all in one slot."""
    return [
        SlotCount(slot, "hq", Kind.VERIFICATION, Grade.REAL, OUTCOMES[letter], cause, letters.count(letter))
        for letter in dict.fromkeys(letters)
    ]


def times(slot: int = 0, **counts: int) -> SlotTimes:
    by_bound = {float(name[1:]): each for name, each in counts.items()}
    return SlotTimes(slot, "hq", Kind.VERIFICATION, Grade.REAL, by_bound)


def boxes(path: str) -> list[tuple[float, float]]:
    """The top and the height of each bar of a path."""
    return [(float(top), float(height)) for top, height in re.findall(r"M\S+ (\S+?)h\S+?v([\d.]+)h", path)]


def chart_of(*rows: SlotTimes, lives: Sequence[timedelta] = (LIFE,)) -> DeliveryChart:
    found = delivery_chart(figures_by_slot(rows), DAY, lives)
    assert found
    return found


# ---- In time or not -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letters", "cause", "up", "down", "untold", "said"),
    [
        ("iiii", None, UP, 0, 0, "4 of 4 in time"),
        ("iiib", None, UP * 0.75, DOWN * 0.25, 0, "3 of 4 in time; 1 blocked"),
        ("bbsl", None, 0, DOWN, 0, "0 of 4 in time; 2 blocked, 1 spam folder, 1 late"),
        ("i" * 999 + "b", None, UP * 0.999, SMALLEST, 0, "999 of 1,000 in time; 1 blocked"),  # one of many is seen
        ("i??", None, UP, 0, 0, "1 of 1 in time; not counted: 2 unknown"),
        ("??", None, 0, 0, 1, "not counted: 2 unknown"),
        ("bb", Cause.MAILBOX_FULL, 0, 0, 1, "not counted: 2 blocked"),  # the probe's own mailbox: nobody is accused
    ],
)
def test_what_was_in_time_stands_above_the_line_and_the_rest_hangs_below_it(
    letters, cause, up, down, untold, said
) -> None:
    bars = bars_of(tallies(results(letters, cause=cause)), DAY)
    assert [height for _, height in boxes(bars.good)] == ([pytest.approx(up, abs=0.1)] if up else [])
    assert [height for _, height in boxes(bars.bad)] == ([pytest.approx(down, abs=0.1)] if down else [])
    assert len(boxes(bars.untold)) == untold
    assert [mark.said for mark in bars.marks] == [f"22 Nov 09:00 to 10:00 UTC: {said}"]
    for top, height in boxes(bars.good):
        assert top + height == pytest.approx(LINE, abs=0.1)
    for top, height in boxes(bars.bad):
        assert (top, top + height <= 100) == (LINE, True)


def test_where_nothing_was_tested_nothing_is_drawn() -> None:
    bars = bars_of(tallies([*results("i", 3), *results("b", 5), *results("i", 23)]), DAY)
    assert [mark.of for mark in bars.marks] == [3, 5, 23]
    assert (len(boxes(bars.good)), len(boxes(bars.bad))) == (2, 1)
    width = 100 / 24
    for mark in bars.marks:
        assert mark.of * width < mark.x < mark.x + DAY.width < (mark.of + 1) * width + 0.01


def test_where_mail_ended_is_one_row_for_each_outcome_the_good_one_first() -> None:
    rows = outcome_rows([*results("iiis", 1), *results("bb", 2)], DAY)
    assert [(row.outcome, row.count, row.total) for row in rows] == [
        (Outcome.INBOX, 3, 6),
        (Outcome.BLOCKED, 2, 6),
        (Outcome.SPAM, 1, 6),
    ]
    assert [boxes(row.bars) for row in rows] == [[(25, 75)], [(0, 100)], [(75, 25)]]
    assert [[mark.of for mark in row.marks] for row in rows] == [[1], [2], [1]]
    assert rows[0].marks[0].said == "22 Nov 10:00 to 11:00 UTC: 3 of 4 inbox"


# ---- Delivery times -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({1.0: 3}, "3 messages delivered, half within 1 s, all within 1 s"),
        ({5.0: 1}, "1 message delivered, half within 3 s, all within 5 s"),
        ({5.0: 10, 60.0: 10}, "20 messages delivered, half within 5 s, 95 % within 57 s"),
        ({5.0: 18, inf: 1}, "19 messages delivered, half within 3.1 s, the slowest after more than 60 min"),
    ],
)
def test_of_a_few_messages_the_slowest_is_named_and_no_percentile(counts, said) -> None:
    figures = delivery_figures(counts)
    assert figures
    assert delivery_said(figures) == said


def test_without_a_delivery_there_is_no_figure_and_no_chart() -> None:
    assert delivery_figures({}) is None
    assert delivery_chart(figures_by_slot([]), DAY, [LIFE]) is None


def test_what_came_while_the_code_lived_is_below_the_line_and_what_came_later_above_it() -> None:
    chart = chart_of(times(1, s60=40), times(7, s60=10, s900=30))
    (life,) = chart.lives
    ((early, _),), ((late, _),) = boxes(chart.between), boxes(chart.over_between)
    assert early > life.at > late, "a greater y is further down"
    assert [mark.of for mark in chart.marks] == [1, 7], "there is nothing between them"
    assert (chart.mosts.count("M"), chart.over_mosts.count("M"), chart.halves.count("M")) == (1, 1, 2)
    assert life.name == "10 min"
    assert "40 messages delivered" in chart.marks[1].said


def test_a_chart_stays_within_itself() -> None:
    chart = chart_of(times(0, s1=3), times(23, sinf=2), lives=[LIFE, timedelta(seconds=4)])
    for top, height in (*boxes(chart.between), *boxes(chart.over_between)):
        assert 0 <= top <= top + height <= 100
    assert all(0 <= mark.x < mark.x + DAY.width <= 100 for mark in chart.marks)
    assert [tick.name for tick in chart.lives] == ["4 s", "10 min"]
    assert all(0 <= tick.at <= 100 for tick in (*chart.seconds, *chart.lives))


def test_paths_with_codes_of_different_lives_are_judged_by_the_shortest() -> None:
    chart = chart_of(times(s60=40), lives=[LIFE, timedelta(seconds=4)])
    assert (chart.between, len(boxes(chart.over_between))) == ("", 1)


# ---- Times ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slot", "label", "ticks"),
    [
        ("24h", 23, "23 Nov 08:00 to 09:00 UTC", ["09:00", "15:00", "21:00", "03:00", "09:00"]),
        ("7d", 0, "16 Nov 12:00 to 18:00 UTC", ["16 Nov", "18 Nov", "20 Nov", "21 Nov", "23 Nov"]),
        ("30d", 29, "23 Nov", ["25 Oct", "01 Nov", "09 Nov", "16 Nov", "24 Nov"]),
        ("90d", 29, "21 Nov to 23 Nov", ["26 Aug", "16 Sep", "10 Oct", "31 Oct", "24 Nov"]),
    ],
)
def test_slots_have_names_that_fit_their_length(name, slot, label, ticks) -> None:
    slots: TimeSlots = slots_until(NOW, name)
    assert slot_label(slots, slot) == label
    assert [tick.name for tick in times_of(slots)] == ticks


# ---- Colours --------------------------------------------------------------------------------------------------------

STATIC = Path(__file__).parents[3] / "monitor" / "web" / "static"
MARKS = ("good", "bad", "edge")
"""The colours that marks of drawings have: fills of bars, or the line around those that have an outcome's colour."""


def themes() -> dict[str, dict[str, str]]:
    """The values of the properties of each theme, in the order in which they override each other."""
    css = "\n".join((STATIC / name).read_text() for name in ("style.css", "company.css"))
    dark = re.findall(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{([^}]*)\}", css)
    light = re.findall(r":root \{([^}]*)\}", re.sub(r"@media[^{]*\{\s*:root \{[^}]*\}\s*\}", "", css))
    found = {}
    for theme, blocks in (("light", light), ("dark", [*light, *dark])):
        values = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", " ".join(blocks)))
        found[theme] = {name: _long(value) for name, value in values.items()}
    return found


def _long(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(2 * letter for letter in colour[1:])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("mark", MARKS)
def test_each_mark_of_a_drawing_stands_out_from_its_ground(theme: str, mark: str) -> None:
    """WCAG 2, 1.4.11: 3:1 for what is needed to understand a graphic; on the page, on a card, and under the pointer."""
    colours = themes()[theme]
    for ground in ("back", "card", "shade"):
        assert contrast(colours[mark], colours[ground]) >= 3, (theme, mark, ground)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("outcome", [each for each in COLOURS if each], ids=str)
def test_a_bar_in_the_colour_of_an_outcome_has_an_edge_that_is_seen(theme: str, outcome: Outcome) -> None:
    rules = (STATIC / "company.css").read_text()
    assert re.search(r"\.cells \.share \{ fill: var\(--fill\); stroke: var\(--edge\)", rules)
    colours = themes()[theme]
    fill = colours["good"] if outcome is Outcome.INBOX else COLOURS[outcome].fill
    assert max(contrast(fill, colours["card"]), contrast(colours["edge"], colours["card"])) >= 3


# ---- Words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.01, "1 s"), (1, "1 s"), (2.37, "2.4 s"), (57.3, "57 s"), (600, "10 min"), (3540, "59 min")]
)
def test_times_that_are_known_roughly_are_not_given_exactly(seconds: float, said: str) -> None:
    assert about(seconds) == said


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
