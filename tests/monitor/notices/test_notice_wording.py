"""What people read of an incident."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.incidents.incident import LastNotice, Nature, Resolution, Scope, Severity, StandingFinding, StandingRule
from monitor.notices import headline
from monitor.notices.context import CompanyInfo, context_of
from monitor.notices.notice import NoticeKind
from monitor.notices.payload import facts as facts_of
from probes.answer import Answer, Stage
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome
from tests.support.notice_samples import (
    QUARTER,
    T0,
    blind,
    closed,
    failure,
    incident,
    notice_request,
    storm,
    text,
    title,
    town,
)


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
Why (tested at the gateway): According to its reply, the mail system blocks the sender's IP address.
Details: https://mailpath.example/incidents/5d0c1f2e3a4b

Affected mail from account.trimble.com: 2-step sign-in codes, company invitations.
The comparison with a neutral sender has been inconclusive so far.
Confidence: Tested inside the company's gateway; the network and firewall in front of it were not tested.
What to do:
  1. Remove 104.130.122.50 from the access map or the postscreen list that the log names; a range may contain it. \
Then: postfix reload
  2. If that is not possible or does not help: let the domain from its address past the checks that follow.
Caution: Do not allow the bare domain or an IP range, and do not add the address to a list of trusted networks or \
relays.
How to verify: the next probe is due within 15 min; the incident closes after 2 good probes in a row. To test now, \
use “Probe now” at https://mailpath.example/companies/acme
For users: Rejected mail is not sent again. Ask for a new code after the fix.
Runbook: https://mailpath.example/runbooks/cause-address?incident=5d0c1f2e3a4b"""
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
Details: https://mailpath.example/incidents/5d0c1f2e3a4b

Affected mail from account.trimble.com: 2-step sign-in codes.
The comparison with a neutral sender has been inconclusive so far.
Confidence: The message left from the sender's own IP address, and the receiver confirms it.
What to do:
  1. In Spam, phishing and malware > Spam, add an address list with account.trimble.com that bypasses the spam filter.
  2. Leave authentication required for that list (the default).
  3. Release what is held: Manage quarantines.
Caution: Do not allow the bare domain. Leave virus and link checks on.
How to verify: the next probe is due within 15 min; the incident closes after 2 good probes in a row. The change may \
take up to 1 d to take effect. To test now, use “Probe now” at https://mailpath.example/companies/acme
For users: Look in the spam folder: a code there is as valid as one in the inbox.
Runbook: https://mailpath.example/runbooks/cause-content?incident=5d0c1f2e3a4b"""
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
Details: https://mailpath.example/incidents/5d0c1f2e3a4b

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
Runbook: https://mailpath.example/runbooks/cause-reputation?incident=5d0c1f2e3a4b"""
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
    assert lines[begins + 1 : begins + 4] == [
        "  1. Look whether a Blocked Senders policy matches: it would win.",
        "  2. Create a Permitted Senders policy for Emails From account.trimble.com with source IP range "
        "104.130.122.50/32: both must match. Addresses based on: Both.",
        "  3. Leave DNS Authentication on.",
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
Details: https://mailpath.example/incidents/5d0c1f2e3a4b

What to do: Empty the probe's mailbox, or raise its quota.
Caution: Do not change filters: nothing points to the sender.
How to verify: the next probe is due within 15 min; the incident closes after 2 good probes in a row. To test now, \
use “Probe now” at https://mailpath.example/companies/acme
Runbook: https://mailpath.example/runbooks/cause-recipient?incident=5d0c1f2e3a4b"""
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
Details: https://mailpath.example/incidents/5d0c1f2e3a4b

What to do:
  1. Read the log of Mailpath and the output of `mailpath explain` for the probe.
  2. Try the login and the connection to the server by hand.
Caution: Do not change anything at the company: nothing points to a problem there.
How to verify: the next probe is due within 15 min; the incident closes after 2 good probes in a row. To test now, \
use “Probe now” at https://mailpath.example/companies/acme
For users: It is not known whether people get their mail until this is fixed. If it matters now, ask someone there.
Runbook: https://mailpath.example/runbooks/cause-ours?incident=5d0c1f2e3a4b"""
    )


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


def test_a_company_that_is_gone_is_called_by_its_key() -> None:
    told = notice_request(closed(incident(), Resolution.UNWATCHED), NoticeKind.RESOLVED, companies={})
    assert ": acme: sign-in codes were" in title(told)


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


def test_what_servers_of_others_said_to_real_mail_is_not_told() -> None:
    facts = (StandingRule.REAL_MAIL_REFUSED, Severity.TICKET, Scope.COMPANY, None, T0)
    found = tuple(StandingFinding(*facts, each, company=each, reply=f"550 no to {each}") for each in ("c3", "c4"))
    wide = notice_request(replace(storm(20), standing=found), companies=town(20), visible=frozenset({"c3"}))
    assert "550 no to c3" in text(wide)
    assert "c4" not in text(wide) + repr(facts_of(context_of(wide)))


def test_its_time_is_its_own() -> None:
    late = failure(company="birch", since=T0 + timedelta(minutes=20))
    told = notice_request(incident(failure(), late, scope=Scope.EVERYBODY), visible=frozenset({"birch"}))
    assert " Since 2026-11-23 08:24 UTC, 5 min, 2 failed probes.\n" in text(told)


def test_a_channel_whose_company_is_well_again_is_told_its_name_all_the_same() -> None:
    wide = replace(storm(20), touches=tuple(f"c{n}" for n in range(10)))
    told = notice_request(wide, NoticeKind.REMINDER, companies=town(20), visible=frozenset({"c15"}))
    assert "Company 15: sign-in codes are" in title(told)
