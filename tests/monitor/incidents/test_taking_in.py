"""When an incident takes others in, who knows of both hears of it once; where each is kept open, each is ended."""

from collections import defaultdict

import pytest

from monitor.incidents.incident import Resolution
from monitor.notices.notice import NoticeKind
from tests.support.outage_simulation import Outage, turns

FIRST, SECOND, ALL = 60, 61, 68  # minutes, a few before the first two are probed, and then all others


def one_by_one(number: int, minute: float) -> str:
    """Two companies are stopped some minutes before all others."""
    begins = {0: FIRST, 1: SECOND}.get(number, ALL)
    return "d" if begins <= minute < 300 else "i"


@pytest.fixture(scope="module")
def outage() -> Outage:
    outage = Outage(12, one_by_one)
    outage.run(400)
    return outage


def taken_in(outage: Outage) -> set[str]:
    """Those that were told before it was seen that they are one."""
    return {each.id for each in outage.day.incidents.values() if each.ending is Resolution.MERGED and each.told}


def test_some_were_told_apart_and_became_one(outage: Outage) -> None:
    over = [each for each in outage.day.incidents.values() if each.ending is Resolution.RECOVERED]
    assert len(over) == 1, turns(outage)
    assert {each.merged_into for each in outage.day.incidents.values()} == {over[0].id, ""}
    assert taken_in(outage)


@pytest.mark.parametrize(
    ("channel", "kept", "taken"),
    [
        ("chat", ["opened", "widened", "resolved"], ["opened"]),
        ("pager", ["opened", "widened", "resolved"], ["opened", "merged"]),
    ],
)
def test_a_chat_hears_of_it_once_and_a_pager_is_told_the_end_of_what_it_keeps_open(
    outage: Outage, channel: str, kept: list[str], taken: list[str]
) -> None:
    heard: defaultdict[str, list[str]] = defaultdict(list)
    for _, to, notice in outage.told:
        if to == channel and notice.news is not NoticeKind.GREW:
            heard[notice.incident].append(str(notice.news))
    over = taken_in(outage)
    assert {name: news for name, news in heard.items() if name in over} == dict.fromkeys(over, taken), turns(outage)
    assert [news for name, news in heard.items() if name not in over] == [kept], turns(outage)


@pytest.mark.parametrize("channel", ["chat", "pager"])
def test_the_one_notice_names_what_was_taken_in(outage: Outage, channel: str) -> None:
    told = next(notice for _, to, notice in outage.told if to == channel and notice.news is NoticeKind.WIDENED)
    assert set(told.facts["took_in"]) == taken_in(outage)
    assert "Now includes: Company " in told.text


def test_a_company_s_own_people_hear_of_the_wide_one_in_place_of_their_own() -> None:
    """They knew of their own incident alone. Now another one speaks for it, of which they hear no other name."""

    def of(number: int, minute: float) -> str:
        begins = {0: FIRST, 7: FIRST}.get(number, ALL + 12)
        return "d" if begins <= minute < 300 else "i"

    outage = Outage(12, of)
    outage.run(400)
    heard = [(str(notice.news), notice.title) for _, to, notice in outage.told if to == "c7_it"]
    assert [news for news, _ in heard] == ["opened", "widened", "resolved"], turns(outage)
    assert all("Company 7: sign-in codes " in title for _, title in heard)
