"""What people read of an incident."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.incidents.attribution import FailureCase, attribute
from monitor.incidents.comparison import NEUTRAL, Comparison, Got
from monitor.incidents.incident import Incident, LastNotice, Nature, Reason, Resolution, Scope, Severity
from monitor.incidents.labels import REASONS
from monitor.incidents.weight import Names, Weight
from monitor.notices import headline
from monitor.notices.context import CompanyInfo, NoticeRequest, context_of
from monitor.notices.notice import NoticeKind
from probes.answer import Answer, Stage
from probes.display import one_line
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.notice_samples import ACME, QUARTER, T0, failure, incident, notice_request, storm, text, title, town

LOCKED_PHONE = 320  # characters that are shown of a message, the title among them
PHONE = 700  # on the first screen


@pytest.mark.parametrize("severity", [*Severity])
def test_how_urgent_it_is_comes_first_until_it_is_over(severity: Severity) -> None:
    about = incident(severity=severity)
    for news in NoticeKind:
        said = headline.title(context_of(notice_request(about, news)))
        wakes = not news.ends and news is not NoticeKind.ACKNOWLEDGED
        assert said.startswith("[") is wakes
        assert said.startswith(f"[{severity.upper()}] ") is wakes


def test_a_company_that_blocks_the_address() -> None:
    told = notice_request(incident(failure(), failure(kind=Kind.INVITATION, bad=1)))
    assert title(told) == "Acme Steel: sign-in codes are blocked (IP address)"
    assert (
        text(told)
        == """\
Nobody at Acme Steel can receive a sign-in code. Since 2026-11-23 08:04 UTC, 25 min, 3 failed probes.
Latest failed probe (path hq, 2026-11-23 08:25 UTC): rejected at RCPT TO by mx.acme.example: "554 5.7.1 \
<m[104.130.122.50]>: Client host rejected"
Who acts: the company's IT team.
Why (tested at the gateway): By its reply, the mail system blocks the sender's IP address.

Affected mail from account.trimble.com: 2-step sign-in codes, company invitations.
The comparison with a neutral sender has been inconclusive so far.
Confidence: Tested inside the company's gateway; the network and firewall in front of it were not tested.
What to do:
  1. Remove 104.130.122.50 from the access map or the postscreen list that the log names.
  2. If the entry must stay, add a restriction class that requires 104.130.122.50 and account.trimble.com together, \
after reject_unauth_destination (the runbook has the lines).
Caution: Do not allow the bare domain or an IP range, and do not add the address to a list of trusted networks or \
relays.
How to verify: the next probe is due within 15 min; the incident closes after 2 good probes in a row. To test now, \
use “Probe now” at https://mailpath.example/companies/acme
For users: Rejected mail is not sent again. Ask for a new code after the fix.
Runbook: https://mailpath.example/runbooks/cause-address?incident=5d0c1f2e3a4b
Details: https://mailpath.example/incidents/5d0c1f2e3a4b"""
    )


def test_a_spam_folder() -> None:
    junk = failure(
        outcome=Outcome.SPAM,
        cause=Cause.CONTENT,
        severity=Severity.TICKET,
        grade=Grade.REAL,
        because="delivered to Junk 3.1 s after it was sent; X-Spam-Status: Yes, score=7.1 required=5.0",
    )
    companies = {"acme": CompanyInfo("Acme Steel", ("google",), QUARTER)}
    told = notice_request(incident(junk, mail_system="google"), companies=companies)
    assert title(told) == "Acme Steel: sign-in codes are in the spam folder (content)"
    assert (
        text(told)
        == """\
Sign-in codes for Acme Steel are in the spam folder. Since 2026-11-23 08:04 UTC, 25 min, 2 failed probes.
Latest failed probe (path hq, 2026-11-23 08:25 UTC): delivered to Junk 3.1 s after it was sent; X-Spam-Status: Yes, \
score=7.1 required=5.0
Who acts: the company's IT team.
Why (proven): A filter classifies the mail as spam.

Affected mail from account.trimble.com: 2-step sign-in codes.
The comparison with a neutral sender has been inconclusive so far.
Confidence: The message left from the sender's own IP address, and the receiver confirms it.
What to do:
  1. In Spam, phishing and malware > Spam, add an address list with account.trimble.com that bypasses the spam filter.
  2. Leave authentication required for that list (the default).
Caution: Do not allow the bare domain. Leave virus and link checks on.
How to verify: the next probe is due within 15 min; the incident closes after 2 good probes in a row. The change may \
take up to 1 d to take effect. To test now, use “Probe now” at https://mailpath.example/companies/acme
For users: Look in the spam folder: a code there is valid like one in the inbox.
Runbook: https://mailpath.example/runbooks/cause-content?incident=5d0c1f2e3a4b
Details: https://mailpath.example/incidents/5d0c1f2e3a4b"""
    )


def test_everybody_at_once_is_one_notice_with_ten_names() -> None:
    told = notice_request(storm(500), companies=town(500, "") | town(3, "m365"))
    assert title(told) == "All 500 companies: sign-in codes are blocked (reputation)"
    assert (
        text(told)
        == """\
Nobody at 500 companies can receive a sign-in code. Since 2026-11-23 08:04 UTC, 25 min, 120+ failed probes.
Latest failed probe (Company 0, path hq, 2026-11-23 08:25 UTC): rejected at RCPT TO by mx.acme.example: "554 5.7.1 \
<m[104.130.122.50]>: Client host rejected"
Who acts: Trimble and its mail service.
Why (tested at the gateway): Several companies rate the sender's reputation as poor at once.

Affected mail from account.trimble.com: 2-step sign-in codes.
The comparison with a neutral sender has been inconclusive so far.
Companies: Company 0, Company 1, Company 2, Company 3, Company 4, Company 5, Company 6, Company 7, Company 8, Company \
9 and 490 more.
Most monitored companies are affected at once, so the problem most likely concerns the sender (its IP address, \
domain, authentication or content), or a list or filter that these companies share.
Confidence: Tested inside the company's gateway; the network and firewall in front of it were not tested.
What to do:
  1. Look for a burst of mail, complaints, or another customer's spam from 104.130.122.50.
  2. Send more slowly until the rating recovers.
Caution: Do not start with single companies. Do not allow the bare domain or an IP range, and do not add the address \
to a list of trusted networks or relays.
How to verify: the next probe is due within 15 min; the incident closes after 2 good probes in a row. The change may \
take up to 1 d to take effect.
For users: Rejected mail is not sent again. Ask for a new code after the fix.
Runbook: https://mailpath.example/runbooks/cause-reputation?incident=5d0c1f2e3a4b
Details: https://mailpath.example/incidents/5d0c1f2e3a4b"""
    )


def test_one_mail_system_that_took_in_one_company() -> None:
    before = LastNotice(1, T0, Scope.COMPANY, Severity.TICKET, Cause.UNCLEAR, {})
    wide = storm(12, scope=Scope.MAIL_SYSTEM, mail_system="mimecast", failing=12)
    told = notice_request(wide, NoticeKind.WIDENED, companies=town(12, "mimecast"), before=before)
    assert title(told) == "Scope widened: Mimecast, 12 companies: sign-in codes are blocked (reputation)"
    lines = text(told).splitlines()
    assert lines[2] == "Who acts: Trimble, its mail service and Mimecast support."
    assert "Was: one company, cause unknown, ticket. Now: one mail system, reputation, page." in lines
    assert (
        "Most companies with Mimecast are affected at once, so the problem most likely concerns Mimecast or the sender"
        ", not one company's IT." in lines
    )  # the hint that its width gives
    begins = lines.index("Until then, by a company's IT:")
    assert lines[begins + 1 : begins + 3] == [
        "  1. Create a Permitted Senders policy for Emails From account.trimble.com with source IP range "
        "104.130.122.50/32: both must match.",
        "  2. Leave DNS Authentication on.",
    ]


def test_a_full_mailbox_of_the_probe() -> None:
    full = failure(
        nature=Nature.MAILBOX,
        severity=Severity.TICKET,
        cause=Cause.MAILBOX_FULL,
        answer=Answer(Stage.RCPT, 552, "5.2.2", "over quota", host="mx.acme.example"),
    )
    told = notice_request(incident(full, scope=Scope.MAILBOX))
    assert title(told) == "Acme Steel, path hq: probe mailbox problem (mailbox full)"
    assert (
        text(told)
        == """\
Only the probe's own mailbox is known to be affected; this path is not monitored until it is fixed. Since 2026-11-23 \
08:04 UTC, 25 min, 2 failed probes.
Latest failed probe (path hq, 2026-11-23 08:25 UTC): rejected at RCPT TO by mx.acme.example: "552 5.2.2 over quota"
Who acts: the owner of the probe's mailbox.
Why: The probe's own mailbox is full.

What to do: Empty the probe's mailbox, or raise its quota.
Caution: Do not change filters: nothing points to the sender.
How to verify: the next probe is due within 15 min; the incident closes after 2 good probes in a row. To test now, \
use “Probe now” at https://mailpath.example/companies/acme
Runbook: https://mailpath.example/runbooks/cause-recipient?incident=5d0c1f2e3a4b
Details: https://mailpath.example/incidents/5d0c1f2e3a4b"""
    )


def test_we_ourselves_cannot_look() -> None:
    told = notice_request(incident(blind(), scope=Scope.OURSELVES))
    assert title(told) == "Mailpath cannot test Acme Steel"
    assert (
        text(told)
        == """\
It is not known whether sign-in codes reach Acme Steel: Mailpath cannot test it. Since 2026-11-23 08:04 UTC, 25 min, \
2 inconclusive probes.
Latest inconclusive probe (path hq, 2026-11-23 08:25 UTC): we could not look: imap 192.0.2.11:993: login failed
Who acts: the operator of Mailpath.
Why: Mailpath cannot send, or cannot look into the mailbox.
Nothing points to a problem with account.trimble.com.

What to do:
  1. Read the log of Mailpath and the output of `mailpath explain` for the probe.
  2. Try the login and the connection to the server by hand.
Caution: Do not change anything at the company: nothing is known against the mail.
How to verify: the next probe is due within 15 min; the incident closes after 2 good probes in a row. To test now, \
use “Probe now” at https://mailpath.example/companies/acme
For users: It is not known whether people get their mail until this is fixed. If it matters now, ask someone there.
Runbook: https://mailpath.example/runbooks/cause-ours?incident=5d0c1f2e3a4b
Details: https://mailpath.example/incidents/5d0c1f2e3a4b"""
    )


def test_a_mail_system_that_gives_a_neutral_sender_the_same_answer() -> None:
    """A milter is down. The company hears that it is its own affair, and the sender is not named."""
    broken = failure(
        nature=Nature.THEIR_SYSTEM,
        outcome=Outcome.DEFERRED,
        cause=Cause.SERVER_FAULT,
        reason=Reason.SAME_ANSWER,
        compared_at=T0 + timedelta(minutes=20),
        answer=Answer(Stage.MAIL, 451, "4.7.1", "Service unavailable", host="mx.acme.example"),
    )
    told = notice_request(incident(broken, scope=Scope.THEIR_SYSTEM))
    assert title(told) == "Acme Steel: its mail system accepts no mail at all (a neutral sender gets the same answer)"
    assert (
        text(told)
        == """\
Sign-in codes do not reach Acme Steel, and the problem is not limited to this sender. Since 2026-11-23 08:04 UTC, 25 \
min, 2 failed probes.
Latest failed probe (path hq, 2026-11-23 08:25 UTC): deferred at MAIL FROM by mx.acme.example: "451 4.7.1 Service \
unavailable"
Who acts: the company's IT team.
Why: The server gives a neutral sender the same answer.
Nothing points to a problem with account.trimble.com.

Compared: a neutral sender got the same answer at 2026-11-23 08:24 UTC.
What to do:
  1. Find the error in the mail server's log at the time of the probe.
  2. Check the filter or milter, the resolver, the disk, the server behind it, and whether a blocklist lists everybody.
Caution: Do not change filters or allow lists for the sender: another sender is stopped in the same way.
How to verify: the next probe is due within 15 min; the incident closes after 2 good probes in a row. To test now, \
use “Probe now” at https://mailpath.example/companies/acme
For users: Mail from outside does not reach the company: phone its people.
Runbook: https://mailpath.example/runbooks/mailpath-their-system?incident=5d0c1f2e3a4b
Details: https://mailpath.example/incidents/5d0c1f2e3a4b"""
    )


@pytest.mark.parametrize(
    ("nature", "reason", "facts", "headline", "compared"),
    [
        (
            *(Nature.THEIR_SYSTEM, Reason.SAME_ANSWER, {"outcome": Outcome.LATE, "cause": Cause.GREYLISTED}),
            "its mail system delays other senders' mail too (a neutral sender is deferred as well)",
            "Compared: a neutral sender got the same answer at 2026-11-23 08:04 UTC.",
        ),
        (
            *(Nature.THEIR_SYSTEM, Reason.CONTROL_FAILS, {"outcome": Outcome.MISSING, "cause": Cause.UNCLEAR}),
            "its mail system delivers no mail at all (a neutral sender fails too)",
            "Compared: a neutral sender failed too, last at 2026-11-23 08:04 UTC.",
        ),
        (
            *(Nature.THEIR_SYSTEM, Reason.GATEWAY_DOWN, {"outcome": Outcome.UNKNOWN, "cause": Cause.SERVER_FAULT}),
            "its gateway does not answer",
            "Other companies answer.",
        ),
        (
            *(Nature.THEIR_SYSTEM, Reason.LOOKUP, {"cause": Cause.DOMAIN_UNKNOWN}),
            "no mail server found in DNS",
            "The sender plays no part in a DNS lookup.",
        ),
        (
            *(Nature.MAIL, Reason.CONTROL_THROUGH, {"cause": Cause.FIREWALL}),
            "sign-in codes are blocked (no connection)",
            "Compared: a neutral sender got through at 2026-11-23 08:04 UTC, so the problem most likely concerns this "
            "sender.",
        ),
        (
            *(Nature.MAIL, Reason.ONLY_HERE, {"cause": Cause.FIREWALL}),
            "sign-in codes cannot be delivered (no connection)",
            "Other companies can be reached. It is not known whether this one rejects only this sender.",
        ),
        (
            *(Nature.MAIL, Reason.NOTHING_REACHED, {"cause": Cause.FIREWALL}),
            "sign-in codes cannot be delivered (no connection)",
            "No other server was reached since, so the problem may be the company's or Mailpath's own connection.",
        ),
        (
            *(Nature.MAIL, Reason.NEIGHBOUR_THROUGH, {"cause": Cause.CONTENT}),
            "sign-in codes are blocked (content)",
            "Compared: our other domain, from the same IP address, got through at 2026-11-23 08:04 UTC, so the "
            "problem is the domain or the content, not the IP address.",
        ),
    ],
)
def test_what_decided_whose_trouble_it_is(
    nature: Nature, reason: Reason, facts: dict[str, Any], headline: str, compared: str
) -> None:
    at = T0 if "{at}" in REASONS[reason].sentence else None
    one = failure(nature=nature, reason=reason, compared_at=at, **facts)
    scope = Scope.THEIR_SYSTEM if nature is Nature.THEIR_SYSTEM else Scope.COMPANY
    told = notice_request(incident(one, scope=scope))
    assert title(told) == f"Acme Steel: {headline}"
    assert compared in text(told).splitlines()
    assert ("Nothing points to a problem with account.trimble.com." in text(told)) is (nature is Nature.THEIR_SYSTEM)


def test_what_is_not_known_to_be_the_company_or_us_says_so_and_both_act() -> None:
    alone = failure(cause=Cause.FIREWALL, reason=Reason.NOTHING_REACHED, answer=Answer(Stage.CONNECT))
    lines = text(notice_request(incident(alone))).splitlines()
    assert "Who acts: the operator of Mailpath and the company's IT team." in lines
    assert not any(line.startswith("Confidence:") for line in lines)
    assert any(line.startswith("Why: Could not connect to the server, and no other") for line in lines)


def test_no_connection_to_most_companies_is_not_said_to_be_the_sender() -> None:
    told = notice_request(storm(12, cause=Cause.FIREWALL), companies=town(12))
    assert "suggest a shared network or firewall feed" not in text(told), "nothing was compared"
    assert "so the cause is the sender, a service that these companies share, or Mailpath itself" in text(told)
    lost = replace(told.incident, failures=tuple(replace(f, reason=Reason.ONLY_HERE) for f in told.incident.failures))
    assert "affected at once, so" not in text(replace(told, incident=lost))


def test_many_that_cannot_be_judged_are_most_likely_our_own_machine() -> None:
    ours = storm(12, nature=Nature.OURS, scope=Scope.OURSELVES, outcome=Outcome.UNKNOWN, cause=Cause.NETWORK)
    told = notice_request(ours, companies=town(12))
    assert title(told) == "Mailpath cannot test 12 companies (Mailpath's network)"
    assert (
        "So many at once suggest a problem of Mailpath itself: check its network, name server and machine first."
        in text(told)
    )


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


@pytest.mark.parametrize(
    ("touched", "watched", "begins"),
    [
        (12, 12, "All 12 companies: sign-in codes are "),
        (7, 12, "7 of 12 companies: sign-in codes are "),
        (40, 1000, "40 of 1000 companies: sign-in codes are "),
    ],
)
def test_everybody_is_said_only_of_all(touched: int, watched: int, begins: str) -> None:
    assert title(notice_request(storm(touched), companies=town(watched))).startswith(begins)


def test_of_one_mail_system_those_that_have_it_are_counted() -> None:
    wide = storm(7, scope=Scope.MAIL_SYSTEM, mail_system="m365")
    around = town(9) | {f"g{n}": CompanyInfo(f"G {n}", ("google",), QUARTER) for n in range(30)}
    assert title(notice_request(wide, companies=around)).startswith("Microsoft 365, 7 of 9 companies: ")


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


def test_a_company_that_is_gone_is_called_by_its_key() -> None:
    told = notice_request(closed(incident(), Resolution.UNWATCHED), NoticeKind.RESOLVED, companies={})
    assert ": acme: sign-in codes were" in title(told)


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


@pytest.mark.parametrize(
    ("scope", "kinds", "begins"),
    [
        (Scope.MAILBOX, [Kind.TWO_STEP_CODE], "Acme Steel, path hq: sign-in codes are "),
        (
            Scope.KIND,
            [Kind.PASSWORD_RESET, Kind.TWO_STEP_CODE],
            "Acme Steel: 2-step sign-in codes and password reset codes are ",
        ),
        (Scope.KIND, [*Kind][:3], "Acme Steel: sign-in codes are "),
        (Scope.COMPANY, [Kind.INVITATION], "Acme Steel: company invitations are "),
        (Scope.COMPANY, [Kind.INVITATION, Kind.VERIFICATION], "Acme Steel: sign-in codes are "),
    ],
)
def test_the_title_says_how_much_of_the_mail_it_is(scope: Scope, kinds: list[Kind], begins: str) -> None:
    assert title(notice_request(incident(*(failure(kind=kind) for kind in kinds), scope=scope))).startswith(begins)


def test_all_five_kinds_are_not_listed() -> None:
    assert "\nAffected mail from account.trimble.com: all five kinds.\n" in text(
        notice_request(incident(*(failure(kind=kind) for kind in Kind)))
    )


# ---- What a channel may not hear of ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [Scope.MAIL_SYSTEM, Scope.EVERYBODY])
@pytest.mark.parametrize("news", NoticeKind)
def test_a_channel_of_one_company_hears_of_no_other(news: NoticeKind, scope: Scope) -> None:
    wide = storm(20, scope=scope, mail_system="m365" if scope is Scope.MAIL_SYSTEM else "")
    wide = closed(wide, Resolution.NARROWED) if news.ends else wide
    told = notice_request(
        wide, news, companies=town(20), visible=frozenset({"c3"}), into=wide, took_in=(wide,)
    )  # as it stands for all
    said = f"{title(told)}\n{text(told)}"
    assert "Company 3" in said
    assert not any(f"Company {n}" in said.replace("Company 3", "") for n in range(20))
    assert "20" not in said.replace("2026-11-23", "").replace("104.130.122.50", "")


def test_a_channel_of_one_company_hears_that_it_is_not_alone() -> None:
    told = notice_request(storm(20), companies=town(20), visible=frozenset({"c3"}))
    assert title(told).startswith("Company 3: sign-in codes are ")
    assert "Other companies are affected at once, so the problem most likely concerns the sender (" in text(told)


def test_its_time_is_its_own() -> None:
    late = failure(company="birch", since=T0 + timedelta(minutes=20))
    told = notice_request(incident(failure(), late, scope=Scope.EVERYBODY), visible=frozenset({"birch"}))
    assert " Since 2026-11-23 08:24 UTC, 5 min, 2 failed probes.\n" in text(told)


def test_a_channel_whose_company_is_well_again_is_told_its_name_all_the_same() -> None:
    wide = replace(storm(20), touches=tuple(f"c{n}" for n in range(10)))
    told = notice_request(wide, NoticeKind.REMINDER, companies=town(20), visible=frozenset({"c15"}))
    assert "Company 15: sign-in codes are" in title(told)


# ---- A phone's first screen -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.INBOX])
@pytest.mark.parametrize("cause", [*Cause, None])
def test_the_first_screen_holds_what_who_since_why_and_who_must_act(cause: Cause | None, outcome: Outcome) -> None:
    companies = {"acme": CompanyInfo("Kaltenbach Precision", ("postfix",), QUARTER)}
    for nature in natures(cause, outcome):
        for grade in Grade:
            one = failure(nature=nature, cause=cause, outcome=outcome, grade=grade)
            assert_on_a_phone(notice_request(incident(one), companies=companies))


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.INBOX])
@pytest.mark.parametrize("cause", [*Cause, None])
@pytest.mark.parametrize("scope", [Scope.MAIL_SYSTEM, Scope.EVERYBODY])
def test_the_first_screen_is_enough_for_many(cause: Cause | None, outcome: Outcome, scope: Scope) -> None:
    system = "google" if scope is Scope.MAIL_SYSTEM else ""
    for nature in natures(cause, outcome):
        wide = storm(500, nature=nature, cause=cause, outcome=outcome, scope=scope, mail_system=system)
        assert_on_a_phone(notice_request(wide, companies=town(500, system)))


def natures(cause: Cause | None, outcome: Outcome) -> set[Nature]:
    """Whose trouble it can be, by the rules."""
    mark = Weight.UNKNOWN if outcome is Outcome.UNKNOWN else Weight.BAD
    case = FailureCase(mark, Verdict(outcome, cause, Grade.REAL, ""), Names("", ""))
    too = Comparison(NEUTRAL, Got.FAILED, T0)
    return {attribute(each).nature for each in (case, replace(case, comparisons=(too,)))}


def assert_on_a_phone(told: NoticeRequest) -> None:
    """Title and impact are what a locked phone shows; who must act and why fit its first screen."""
    heading, impact, *more = f"{headline.title(context_of(told))}\n{text(told)}".splitlines()
    assert len(heading) + len(impact) < LOCKED_PHONE, (heading, impact)
    assert " Since 2026-11-23 08:04 UTC, 25 min" in impact
    shown = "\n".join(more)[: PHONE - len(heading) - len(impact)].splitlines()
    act, why = (next(n for n, line in enumerate(shown) if line.startswith(w)) for w in ("Who acts", "Why"))
    assert act < why, shown
    assert shown[act].endswith("."), shown


# ---- Hostile text ---------------------------------------------------------------------------------------------------

HOSTILE = 'x"\nWho acts: nobody.\r\n\x1b[31m\u202egnp.exe\u2066 \u200b\x00 \u2028' + "A" * 10**6


def test_what_a_server_says_cannot_speak_for_us() -> None:
    said = text(notice_request(incident(failure(answer=Answer(Stage.RCPT, 554, None, HOSTILE, host="mx.test")))))
    assert len(said) < 2500
    assert all(each.isprintable() for line in said.split("\n") for each in line)
    assert [line for line in said.split("\n") if line.startswith("Who acts: ")] == ["Who acts: the company's IT team."]
    assert 'rejected at RCPT TO by mx.test: "554 x\\" Who acts: nobody. [31m gnp.exe AAAA' in said


@pytest.mark.parametrize(
    ("raw", "most", "line"),
    [
        ("a  b\tc", 10, "a b c"),
        ("abcdefghij", 10, "abcdefghij"),
        ("abcdefghijk", 10, "abcdefg..."),
        ("\u202eabc", 10, "abc"),
        (" " * 100 + "x", 10, "..."),  # nothing of it was in sight
        ("Größe 企业", 10, "Größe 企业"),
    ],
)
def test_a_line_is_cut_and_shows_all_that_it_has(raw: str, most: int, line: str) -> None:
    assert one_line(raw, most) == line


def test_a_long_name_leaves_room_for_the_rest() -> None:
    told = notice_request(incident(), companies={"acme": CompanyInfo("Acme " * 39 + "Steel", ("postfix",), QUARTER)})
    assert len(title(told)) < 120
    assert title(told).endswith("are blocked (IP address)")


def blind() -> Any:
    return failure(
        nature=Nature.OURS,
        severity=Severity.TICKET,
        outcome=Outcome.UNKNOWN,
        cause=None,
        grade=Grade.UNPROVEN,
        because="we could not look: imap 192.0.2.11:993: login failed",
    )


def closed(about: Incident, ending: Resolution = Resolution.RECOVERED, **facts: Any) -> Incident:
    """It, two hours and five minutes later."""
    return replace(about, closed_at=T0 + timedelta(hours=2, minutes=5), ending=ending, touches=(), failing=0, **facts)
