"""Notices about what became of an incident: wider, more, less, over, another's."""

from datetime import timedelta

import pytest

from monitor.incidents.incident import LastNotice, Nature, Resolution, Scope, Severity
from monitor.notices.notice import NoticeKind
from probes.kinds import Kind
from probes.verdict import Cause
from tests.support.notice_samples import ACME, T0, closed, failure, incident, notice_request, storm, text, title, town


def test_it_is_over() -> None:
    told = notice_request(closed(incident()), NoticeKind.RESOLVED)
    assert title(told) == "Resolved after 2 h 5 min: Acme Steel: sign-in codes were blocked (IP address)"
    assert (
        text(told)
        == """\
Duration: 2 h 5 min, from 2026-11-23 08:04 UTC to 2026-11-23 10:09 UTC.
Mail is delivered again: 2 good probes in a row.
Codes in delayed mail have expired: anybody who still waits must request a new one.
Details: https://mailpath.example/incidents/5d0c1f2e3a4b"""
    )


@pytest.mark.parametrize(
    ("nature", "cause", "said"),
    [
        (Nature.MAILBOX, Cause.MAILBOX_FULL, "The probe's mailbox accepts mail again: 2 good probes in a row."),
        (Nature.OURS, None, "Mailpath can test it again: 2 good probes in a row."),
        (Nature.THEIR_SYSTEM, None, "Mail is delivered again: 2 good probes in a row."),
    ],
)
def test_what_is_over_was_not_always_the_mail(nature: Nature, cause: Cause | None, said: str) -> None:
    lines = text(
        notice_request(closed(incident(failure(nature=nature, cause=cause))), NoticeKind.RESOLVED)
    ).splitlines()
    assert said in lines
    assert any(line.startswith("Codes in delayed mail") for line in lines) is (nature is Nature.THEIR_SYSTEM)


def test_it_is_over_for_most_as_older_versions_stored_it() -> None:
    told = notice_request(closed(storm(12), Resolution.NARROWED), NoticeKind.RESOLVED, companies=town(12))
    assert "Most companies recovered; what still fails has incidents of its own." in text(told).splitlines()


def test_growth_says_from_what_to_what() -> None:
    before = LastNotice(1, T0, Scope.EVERYBODY, Severity.PAGE, Cause.REPUTATION, {}, base=3, companies=3)
    told = notice_request(storm(7), NoticeKind.GREW, companies=town(12), before=before)
    assert title(told).startswith("More companies: 7 of 12 companies: sign-in codes are ")
    assert "Was: 3 companies. Now: 7." in text(told).splitlines()


def test_what_is_left_says_how_many_work_again() -> None:
    left = storm(12, scope=Scope.COMPANY, subject="+", touches=("c3", "c4"), narrowed_at=T0, recovering_since=T0)
    told = notice_request(left, NoticeKind.NARROWED, companies=town(12))
    assert title(told).startswith("Mostly resolved: 2 of 12 companies: sign-in codes are ")
    assert "10 of 12 companies recovered. Still failing: Company 3, Company 4." in text(told).splitlines()
    assert "affected at once, so" not in text(told)


def test_while_it_recovers_a_reminder_says_how_many_are_left_and_accuses_nobody() -> None:
    wide = storm(12, touches=("c3", "c4"), recovering_since=T0)
    said = text(notice_request(wide, NoticeKind.REMINDER, companies=town(12)))
    assert (
        "Recovering, 2 of 12 companies still affected: the incident closes when they have been tested again."
        in said.splitlines()
    )
    assert "affected at once, so" not in said


def test_another_nature_says_whose_it_was_and_whose_it_is() -> None:
    before = LastNotice(1, T0, Scope.COMPANY, Severity.PAGE, Cause.UNCLEAR, {}, nature=Nature.MAIL)
    theirs = incident(failure(nature=Nature.THEIR_SYSTEM), scope=Scope.THEIR_SYSTEM)
    told = notice_request(theirs, NoticeKind.CHANGED, before=before)
    assert title(told).startswith("Changed: Acme Steel: ")
    said = "Was: a problem with the sender's mail. Now: with the company's mail system."
    assert said in text(told).splitlines()


def test_what_it_took_in_is_named() -> None:
    acme, other = incident(id="aaaa11112222"), incident(failure(company="bolt"), id="bbbb11112222")
    names = ("acme", "bolt", "c2")
    wide = incident(*(failure(company=name) for name in names), scope=Scope.EVERYBODY)
    told = notice_request(wide, NoticeKind.WIDENED, companies={"acme": ACME}, took_in=(acme, other))
    assert "Now includes: Acme Steel (aaaa11112222), bolt (bbbb11112222)." in text(told).splitlines()


def test_it_is_over_because_nobody_watches_it_any_more() -> None:
    lines = text(
        notice_request(closed(incident(), Resolution.UNWATCHED), NoticeKind.RESOLVED, companies={})
    ).splitlines()
    assert "It is not known whether it was fixed: its path was removed from the configuration." in lines
    assert not any("good probe" in line for line in lines)


def test_the_end_names_all_that_failed_not_only_what_failed_last() -> None:
    before = LastNotice(1, T0, Scope.COMPANY, Severity.PAGE, Cause.IP_BLOCKED, {}, kinds=(Kind.VERIFICATION,))
    last = closed(incident(failure(kind=Kind.INVITATION)))
    over = notice_request(last, NoticeKind.RESOLVED, before=before)
    assert title(over).endswith("Acme Steel: sign-in codes were blocked (IP address)")


def test_what_came_back_lasts_since_then() -> None:
    again = failure(since=T0 + timedelta(minutes=20))
    told = notice_request(incident(again, relapses=1))
    assert " Since 2026-11-23 08:24 UTC, 5 min, " in text(told).splitlines()[0]


def test_an_impact_that_is_newer_than_the_incident_says_since_when() -> None:
    """What was in the spam folder could be read until then."""
    changed = notice_request(incident(changed_at=T0 + timedelta(minutes=20)))
    first = text(changed).splitlines()[0]
    assert first.endswith(
        " Since 2026-11-23 08:04 UTC, 25 min, 2 failed probes; with this cause since 2026-11-23 08:24 UTC."
    )
    assert "with this cause" not in text(notice_request(incident()))


def test_another_incident_speaks_for_it() -> None:
    into = storm(12, id="0b1c2d3e4f5a", scope=Scope.MAIL_SYSTEM, mail_system="m365")
    merged = closed(incident(), Resolution.MERGED, merged_into="0b1c2d3e4f5a")
    told = notice_request(merged, NoticeKind.MERGED, companies=town(12), into=into)
    assert title(told) == "Merged: acme: sign-in codes are blocked (IP address)"
    assert (
        text(told)
        == """\
The problem is not over: it is now part of incident 0b1c2d3e4f5a.
Incident 0b1c2d3e4f5a: Microsoft 365, 12 companies: sign-in codes are blocked (reputation)
It began at 2026-11-23 08:04 UTC.
Details: https://mailpath.example/incidents/5d0c1f2e3a4b"""
    )


def test_a_reminder_says_for_how_long() -> None:
    told = notice_request(incident(), NoticeKind.REMINDER, now=T0 + timedelta(days=1, hours=3))
    assert title(told).startswith("Still open after 1 d 3 h: Acme Steel: ")
    assert " Since 2026-11-23 08:04 UTC, 1 d 3 h, 2 failed probes.\n" in text(told)


def test_another_cause() -> None:
    before = LastNotice(1, T0, Scope.COMPANY, Severity.PAGE, Cause.GREYLISTED, {})
    told = notice_request(incident(), NoticeKind.CAUSE_CHANGED, before=before)
    assert title(told).startswith("Changed: ")
    assert "Was: greylisting. Now: IP address." in text(told).splitlines()


def test_what_came_back_is_told_so() -> None:
    assert title(notice_request(incident(relapses=2))).startswith("Reopened: Acme Steel: ")
    over = notice_request(closed(incident(relapses=2)), NoticeKind.RESOLVED)
    assert "It came back 2 times in the meantime." in text(over).splitlines()
