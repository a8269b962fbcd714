"""An outage that changes its words, or that comes back soon after it was over: the same trouble of the same party."""

import pytest

from monitor.incidents.incident import Nature
from monitor.notices.notice import NoticeKind
from tests.support.outage_simulation import Outage
from tests.support.verdict_score import CODE, Day, path_at

LINE = ("acme", "hq", CODE)


def played(pairs: list[str], *, restart_after: int = -1) -> Day:
    """A letter of the sender and one of its control each quarter of an hour, "." where none was sent. Another company
    is well."""
    day = Day((path_at("acme"), path_at("bolt")))
    for number, (sender, control) in enumerate(map(tuple, pairs)):
        day.judge("i", line=("bolt", "hq", CODE))
        day.judge(sender, line=LINE)
        if control != ".":
            day.control(control)
        day.settle()
        if number == restart_after:
            day.restart()
        day.now += day.paths[0].every
    return day


@pytest.mark.parametrize("restart_after", [-1, 2])
@pytest.mark.parametrize("changed", ["t", "b"])
def test_other_words_accuse_nobody_until_the_control_is_asked_again(changed: str, restart_after: int) -> None:
    day = played(["mm", "mm", "mm", f"{changed}."], restart_after=restart_after)
    assert [each.nature for each in day.open] == [Nature.THEIR_SYSTEM]


def test_a_refusal_that_names_the_sender_is_about_the_sender_whatever_was_before() -> None:
    assert [each.nature for each in played(["mm", "mm", "mm", "d."]).open] == [Nature.MAIL]


def test_a_control_that_gets_through_afterwards_makes_it_the_sender_s() -> None:
    assert [each.nature for each in played(["mm", "mm", "mm", "t.", "ti", "ti", "t."]).open] == [Nature.MAIL]


def test_what_begins_anew_is_compared_anew() -> None:
    day = played(["mm", "mm", "ii", "ii", "ii", "t.", "t."])
    assert [each.nature for each in day.open] == [Nature.MAIL]


def test_a_wide_outage_that_comes_back_is_the_same_one() -> None:
    outage = Outage(14, lambda _, minute: "d" if 60 <= minute < 200 or 240 <= minute < 330 else "i")
    outage.run(500)
    wide = {
        notice.incident
        for _, to, notice in outage.told
        if to == "pager" and notice.news in (NoticeKind.WIDENED, NoticeKind.GREW, NoticeKind.RESOLVED)
    }
    assert wide == {"i1"}
    again = [
        notice.title for _, to, notice in outage.told if to == "pager" and notice.title.startswith("[PAGE] Reopened: ")
    ]
    assert len(again) == 1
    assert "of 14 companies" in again[0]
