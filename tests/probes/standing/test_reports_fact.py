"""What DMARC reports amount to: a share over days, bad only if two reports have failures; and who is silent."""

from datetime import datetime, timedelta

import pytest

from probes.reading.reports import ReportKind
from probes.standing.fact import CONFIRMED_AFTER, State, Why, judge
from probes.standing.reports import ReporterDay, ReportTotals, assess_reports, reporters_of, reports_fact
from probes.standing.words import sentence
from tests.support.report_samples import DAY, IP, NOW


def totals(text: str) -> list[ReportTotals]:
    """Reports as "REPORTER PASSED/ALL DAYS_AGO"."""
    found = []
    for each in filter(None, map(str.strip, text.split(","))):
        reporter, share, ago = each.split()
        passed, messages = map(int, share.split("/"))
        day = NOW.replace(hour=0) - timedelta(days=int(ago))
        found.append(ReportTotals(reporter, day, passed, messages - passed))
    return found


@pytest.mark.parametrize(
    ("reports", "state", "why"),
    [
        ("", State.UNKNOWN, Why.NO_MAIL_REPORTED),
        ("big 1000/1000 1", State.GOOD, Why.MAIL_PASSES),
        ("big 49/49 1", State.UNKNOWN, Why.MAIL_TOO_LITTLE),
        ("big 0/49 1", State.UNKNOWN, Why.MAIL_TOO_LITTLE),  # all fail, and it is still too few
        ("big 25/25 1, small 25/25 1", State.GOOD, Why.MAIL_PASSES),
        ("big 98/100 1", State.GOOD, Why.MAIL_PASSES),  # not below 98 %
        ("big 97/100 1", State.WEAK, Why.MAIL_FAILS_ONCE),  # one report proves nothing
        ("big 97/100 1, small 10/10 1", State.WEAK, Why.MAIL_FAILS_ONCE),
        ("big 60/100 1, small 9/10 1", State.BAD, Why.MAIL_FAILS),
        ("big 30/60 1, big 30/60 2", State.BAD, Why.MAIL_FAILS),  # the same reporter on two days
        ("big 9999/10000 1, small 0/30 1", State.GOOD, Why.MAIL_PASSES),  # one receiver of many
        ("big 0/100 4, small 0/100 4", State.UNKNOWN, Why.NO_MAIL_REPORTED),  # it is over
        ("big 0/100 3, small 0/100 3", State.BAD, Why.MAIL_FAILS),
        ("big 0/100 4, small 0/100 4, big 60/60 1", State.GOOD, Why.MAIL_PASSES),
    ],
)
def test_the_share_of_our_mail(reports: str, state: State, why: Why) -> None:
    found = assess_reports(totals(reports), NOW)
    assert (found.state, found.why) == (state, why)


def test_it_says_how_many_and_where() -> None:
    fact = reports_fact(totals("big 60/100 1, small 9/10 1, good 10/10 2"), IP, NOW)
    assert sentence(fact) == (
        "only 79 of 120 messages passed DMARC, in 3 reports of the last 3 days; failures at big, small"
    )
    assert (fact.subject, fact.value) == (IP, "65.8% of 120 messages")


def test_as_any_fact_it_is_bad_after_two_readings() -> None:
    reports = totals("big 60/100 1, small 9/10 1")
    first, later = (reports_fact(reports, IP, at) for at in (NOW, NOW + CONFIRMED_AFTER))
    assert judge([first], NOW).suspected
    assert judge([first, later], later.at).state is State.BAD


@pytest.mark.parametrize(
    ("days", "silent"),
    [
        ("#" * 14 + "....", True),  # yesterday has no report yet, and that of the day before may be late
        ("#" * 14 + "...", False),
        ("#" * 14, False),
        ("#####.####.###" + "....", True),  # daily all the same
        ("####.####.##.#" + "....", False),  # not daily
        ("#" * 5 + "....", False),  # not for long enough
        ("#" * 14 + "...." + "#", False),  # it is back
    ],
)
def test_a_reporter_is_silent_if_it_reported_daily_and_stopped(days: str, silent: bool) -> None:
    """One character a day, the last is yesterday."""
    now = DAY + timedelta(days=len(days), hours=9)
    seen = [told(DAY + timedelta(days=number)) for number, each in enumerate(days) if each == "#"]
    (found,) = reporters_of(seen, now)
    assert found.silent is silent
    assert (found.first_day, found.reports) == (DAY, days.count("#"))


def test_reporters_are_told_apart_by_name_and_kind() -> None:
    days = [told(DAY), told(DAY, "b"), told(DAY - timedelta(days=1)), told(DAY, kind=ReportKind.TLS)]
    assert [(each.reporter, each.kind, each.reports) for each in reporters_of(days, NOW)] == [
        ("a", ReportKind.AGGREGATE, 2),
        ("a", ReportKind.TLS, 1),
        ("b", ReportKind.AGGREGATE, 1),
    ]


def told(day: datetime, reporter: str = "a", kind: ReportKind = ReportKind.AGGREGATE) -> ReporterDay:
    return ReporterDay(kind, reporter, day, 1, day + timedelta(days=1, hours=5))
