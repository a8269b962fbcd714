"""What a channel is told of an incident, from what it was told before; and which channels hear of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor.incidents.incident import Incident, LastNotice, Nature, Resolution, Scope, Severity
from monitor.incidents.settings import RoutingRule
from monitor.notices.next_notice import notice_due, size_after
from monitor.notices.notice import NoticeKind
from monitor.notices.routing import channels_for
from probes.verdict import Cause, Outcome
from tests.support.verdict_score import T0

MINUTE = timedelta(minutes=1)


def incident(**facts) -> Incident:
    fields: dict[str, Any] = {
        "id": "i1",
        "nature": Nature.MAIL,
        "subject": "acme",
        "scope": Scope.COMPANY,
        "severity": Severity.PAGE,
        "outcome": Outcome.BLOCKED,
        "cause": Cause.IP_BLOCKED,
        "company": "acme",
        "mail_system": "postfix",
        "companies": ("acme",),
        "touches": ("acme",),
        "failing": 1,
        "failures": (),
        "began_at": T0,
        "opened_at": T0,
        "changed_at": T0,
    }
    return Incident(**(fields | facts))


def told(minutes: float = 5, **facts) -> LastNotice:
    fields: dict[str, Any] = {
        "number": 1,
        "at": T0 + minutes * MINUTE,
        "scope": Scope.COMPANY,
        "severity": Severity.PAGE,
        "cause": Cause.IP_BLOCKED,
        "labels": {},
    }
    return LastNotice(**(fields | facts))


def news(of: Incident, before: LastNotice | None, minutes: float, *, waiting: bool = False) -> NoticeKind | None:
    now: datetime = T0 + minutes * MINUTE
    return notice_due(of, before, now, settle=MINUTE, remind=timedelta(hours=8), waiting=waiting)


OURS_NOW = incident(nature=Nature.OURS, scope=Scope.OURSELVES)
LEFT = incident(subject="+", touches=("acme", "bolt"), narrowed_at=T0 + 20 * MINUTE)
OVER = {"closed_at": T0 + 30 * MINUTE, "ending": Resolution.RECOVERED}


@pytest.mark.parametrize(
    ("what", "of", "before", "minutes", "heard"),
    [
        ("it must last a little first", incident(), None, 0.5, None),
        ("then it is told", incident(), None, 1, NoticeKind.OPENED),
        ("and not again", incident(), told(), 60, None),
        ("until it is time for a reminder", incident(), told(), 5 + 480, NoticeKind.REMINDER),
        ("a blip is never told", incident(**OVER), None, 30, None),
        ("its end is told to those who heard of it", incident(**OVER), told(), 30, NoticeKind.RESOLVED),
        ("once", incident(**OVER), told(over=True), 30, None),
        ("what came back is told as it was at first", incident(relapses=1), told(over=True), 60, NoticeKind.OPENED),
        ("wider", incident(scope=Scope.EVERYBODY), told(), 6, NoticeKind.WIDENED),
        ("narrower is no news", incident(), told(scope=Scope.EVERYBODY), 6, None),
        ("another cause", incident(cause=Cause.CONTENT), told(), 6, NoticeKind.CAUSE_CHANGED),
        (
            "another cause, if it stays so",
            incident(cause=Cause.CONTENT, changed_at=T0 + 5.5 * MINUTE),
            told(),
            6,
            None,
        ),
        ("a cause that was told before", incident(cause=Cause.CONTENT), told(causes=(Cause.CONTENT,)), 6, None),
        ("graver by itself", incident(), told(severity=Severity.TICKET), 6, NoticeKind.CAUSE_CHANGED),
        ("less grave is no news", incident(severity=Severity.TICKET), told(), 6, None),
        (
            "another one speaks for it",
            incident(closed_at=T0 + 9 * MINUTE, ending=Resolution.MERGED, merged_into="i0"),
            told(),
            9,
            NoticeKind.MERGED,
        ),
        (
            "no longer watched is an end too",
            incident(**OVER | {"ending": Resolution.UNWATCHED}),
            told(),
            31,
            NoticeKind.RESOLVED,
        ),
        ("it is another's to mend", OURS_NOW, told(nature=Nature.MAIL), 6, NoticeKind.CHANGED),
        ("if it stays so", replace(OURS_NOW, changed_at=T0 + 5.5 * MINUTE), told(nature=Nature.MAIL), 6, None),
        ("and not by its scope alone, which goes with it", OURS_NOW, told(nature=Nature.OURS), 6, NoticeKind.WIDENED),
        ("nothing is left of it but some", LEFT, told(scope=Scope.EVERYBODY), 21, NoticeKind.NARROWED),
        ("once", LEFT, told(21), 22, None),
        ("muted: nothing", incident(muted_by=("m",)), None, 60, None),
        ("muted: no reminder", incident(muted_by=("m",)), told(), 1000, None),
        ("muted: no end", incident(**OVER, muted_by=("m",)), told(), 31, None),
        ("the mute ends while it lasts: one notice", incident(), None, 600, NoticeKind.OPENED),
        ("the mute ends after it ended: none", incident(**OVER), None, 600, None),
    ],
)
def test_what_is_news(what, of, before, minutes, heard) -> None:
    assert news(of, before, minutes) is heard, what


def many(companies: int, **facts) -> Incident:
    names = tuple(f"c{number}" for number in range(companies))
    return incident(subject="*", scope=Scope.EVERYBODY, company="", companies=names, touches=names, **facts)


@pytest.mark.parametrize(
    ("base", "known", "now", "grows"),
    [
        (3, 3, 5, False),
        (3, 3, 6, True),  # twice
        (3, 6, 11, False),
        (3, 6, 12, True),  # four times
        (3, 12, 29, False),
        (3, 12, 30, True),  # ten times
        (3, 30, 60, True),  # and so on
        (3, 60, 119, False),
        (3, 60, 120, True),
        (3, 6, 300, True),  # once, however many steps it was
        (7, 7, 13, False),
        (7, 7, 14, True),
        (3, 40, 40, False),  # it was as many before
        (1, 1, 40, False),  # from one to several it is wider
        (0, 0, 40, False),  # nobody knows what was told
    ],
)
def test_growth_is_told_in_steps(base: int, known: int, now: int, grows: bool) -> None:
    before = told(scope=Scope.EVERYBODY, base=base, companies=known)
    assert news(many(now), before, 7) is (NoticeKind.GREW if grows else None)
    assert news(many(now), before, 5.5) is None, "not within the time in which it settles"
    recovering = many(now, recovering_since=T0)
    assert news(recovering, before, 7) is None


def test_growth_is_counted_from_what_was_told_of_its_width() -> None:
    opened = size_after(NoticeKind.OPENED, None, 3)
    assert opened == (3, 3)
    grown = size_after(NoticeKind.GREW, told(base=3, companies=3), 7)
    assert grown == (3, 7)
    assert size_after(NoticeKind.REMINDER, told(base=3, companies=7), 5) == (3, 7)
    assert size_after(NoticeKind.WIDENED, told(base=3, companies=7), 9) == (9, 9)
    assert size_after(NoticeKind.OPENED, told(base=3, companies=7, over=True), 4) == (4, 4)


@pytest.mark.parametrize(
    ("what", "of", "before", "heard"),
    [
        ("it hears of its own", LEFT, None, NoticeKind.OPENED),
        ("and not of others'", replace(LEFT, touches=("bolt",)), None, None),
        ("its own is well, and others have it still", replace(LEFT, touches=("bolt",)), told(), NoticeKind.RESOLVED),
        ("and again", LEFT, told(over=True), NoticeKind.OPENED),
        ("of a wide one too", replace(many(5), companies=("acme",)), told(), NoticeKind.RESOLVED),
    ],
)
def test_what_is_over_for_one_company_is_told_to_its_people(what, of, before, heard) -> None:
    before = before and replace(before, scope=of.scope, at=T0 + 21 * MINUTE)
    now = T0 + 22 * MINUTE
    news = notice_due(of, before, now, settle=MINUTE, remind=timedelta(hours=8), waiting=False, visible=("acme",))
    assert news is heard, what


def test_a_channel_that_has_not_got_the_last_notice_is_not_reminded_of_it() -> None:
    assert news(incident(), told(), 1000, waiting=True) is None


@pytest.mark.parametrize("minutes", [-600, -1])
def test_a_clock_that_went_back_keeps_nothing_from_people(minutes) -> None:
    assert news(incident(), None, minutes) is NoticeKind.OPENED


def test_a_clock_that_went_back_is_no_reason_to_remind_anybody() -> None:
    assert news(incident(), told(), -60) is None
    assert news(incident(), told(), -60 * 24 * 365) is NoticeKind.REMINDER, "nor to wait for a year"


def test_a_clock_that_jumped_ahead_reminds_once() -> None:
    assert news(incident(), told(), 60 * 24 * 365) is NoticeKind.REMINDER
    assert news(incident(), told(60 * 24 * 365), 60 * 24 * 365 + 1) is None


def test_a_mute_that_comes_and_goes_leaves_one_notice_however_much_happened_meanwhile() -> None:
    """Told; then, while nobody was to be told, it became everybody's, changed its cause, and was due for reminders."""
    now = incident(scope=Scope.EVERYBODY, cause=Cause.CONTENT)
    assert news(replace(now, muted_by=("m",)), told(), 600) is None
    assert news(now, told(), 601) is NoticeKind.WIDENED
    assert news(now, told(601, scope=Scope.EVERYBODY, cause=Cause.CONTENT), 602) is None


# ---- which channels -------------------------------------------------------------------------------------------------

CHANNELS = ("oncall", "desk", "acme_it", "us")
ONCALL = RoutingRule(to=("oncall",), severities=(Severity.PAGE,))
DESK = RoutingRule(to=("desk",), severities=(Severity.TICKET, Severity.NOTE))
ACME_IT = RoutingRule(to=("acme_it",), companies=("acme",))
US = RoutingRule(to=("us",), scopes=(Scope.OURSELVES,))
RULES = (ONCALL, DESK, ACME_IT, US)

TICKET = incident(severity=Severity.TICKET)
OURS = incident(nature=Nature.OURS, scope=Scope.OURSELVES)
BOLT = incident(company="bolt", companies=("bolt",), touches=("bolt",))
WIDE = incident(scope=Scope.EVERYBODY, company="", companies=("bolt", "acme"), touches=("bolt", "acme"))


@pytest.mark.parametrize(
    ("what", "of", "rules", "channels"),
    [
        ("without rules everybody hears of pages", incident(), (), set(CHANNELS)),
        ("and of tickets", TICKET, (), set(CHANNELS)),
        ("and not of notes", incident(severity=Severity.NOTE), (), set()),
        ("by severity", incident(), (ONCALL, DESK), {"oncall"}),
        ("by severity", TICKET, (ONCALL, DESK), {"desk"}),
        ("every rule that fits adds its channels", incident(), RULES, {"oncall", "acme_it"}),
        ("by company", BOLT, RULES, {"oncall"}),
        ("a company hears of what is wider", WIDE, RULES, {"oncall", "acme_it"}),
        ("our own trouble has its own receiver", OURS, RULES, {"us"}),
        ("or, where it has none, goes to all who may hear of everything", OURS, (ONCALL, ACME_IT), {"oncall"}),
        (
            "unless a company's rule names it",
            OURS,
            (RoutingRule(to=("acme_it",), companies=("acme",), scopes=(Scope.OURSELVES,)),),
            {"acme_it"},
        ),
    ],
)
def test_who_hears_of_it(what, of, rules, channels) -> None:
    assert set(channels_for(of, rules, CHANNELS, T0)) == channels, what


@pytest.mark.parametrize(
    ("rules", "visible"),
    [
        ((ACME_IT,), frozenset({"acme"})),
        ((ACME_IT, RoutingRule(to=("acme_it",), companies=("bolt",))), frozenset({"acme", "bolt"})),
        ((ACME_IT, RoutingRule(to=("acme_it",))), None),
        ((RoutingRule(to=("acme_it",)), ACME_IT), None),
    ],
)
def test_a_company_hears_of_itself_alone(rules, visible) -> None:
    assert channels_for(WIDE, rules, CHANNELS, T0) == {"acme_it": visible}
