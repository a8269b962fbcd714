"""What machines are told of an incident."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.incidents.incident import Nature, Resolution, Scope, Severity
from monitor.notices import next_notice
from monitor.notices.context import NoticeContext, NoticeRequest, context_of
from monitor.notices.notice import NoticeKind
from probes.kinds import Kind
from probes.verdict import Cause, Outcome
from tests.support.notice_samples import REJECTED, T0, facts, failure, incident, labels, notice_request, storm, town


def test_labels_are_few_and_known() -> None:
    assert labels(notice_request(incident())) == {
        "alertname": "MailpathMailStopped",
        "severity": "page",
        "scope": "company",
        "company": "acme",
        "mail_system": "postfix",
        "incident": "5d0c1f2e3a4b",
    }


@pytest.mark.parametrize(
    ("nature", "alert"),
    [
        (Nature.MAIL, "MailpathMailStopped"),
        (Nature.MAILBOX, "MailpathProbeMailbox"),
        (Nature.OURS, "MailpathOurselves"),
    ],
)
def test_an_alert_is_named_by_whose_trouble_it_is(nature: Nature, alert: str) -> None:
    assert labels(notice_request(incident(failure(nature=nature))))["alertname"] == alert


@pytest.mark.parametrize(
    "later",
    [
        {"cause": Cause.CONTENT},
        {"outcome": Outcome.SPAM},
        {"failures": (failure(kind=Kind.INVITATION), failure(path="branch"))},
        {"closed_at": T0 + timedelta(hours=1), "ending": Resolution.RECOVERED, "touches": (), "failing": 0},
        {"relapses": 3, "changed_at": T0 + timedelta(hours=1)},
    ],
)
def test_labels_stay_while_nothing_widens(later: dict[str, Any]) -> None:
    before = notice_request(incident())
    after = replace(before, incident=replace(before.incident, **later), now=T0 + timedelta(days=1))
    assert labels(after) == labels(before)


@pytest.mark.parametrize("changed", [{"scope": Scope.EVERYBODY, "company": ""}, {"severity": Severity.TICKET}])
def test_labels_tell_of_another_width_or_weight(changed: dict[str, Any]) -> None:
    before = notice_request(incident())
    assert labels(replace(before, incident=replace(before.incident, **changed))) != labels(before)


def test_what_touches_several_has_no_company_but_for_a_channel_of_one() -> None:
    wide = notice_request(storm(20), companies=town(20))
    assert labels(wide)["company"] == labels(wide)["mail_system"] == ""
    bound = labels(replace(wide, visible=frozenset({"c3"})))
    assert (bound["company"], bound["mail_system"], bound["scope"]) == ("c3", "m365", "everybody")


def test_all_that_is_known_as_json() -> None:
    told = facts(notice_request(incident(failure(), failure(kind=Kind.INVITATION, bad=1))))
    assert json.loads(json.dumps(told)) == told
    assert told | {"failures": told["failures"][:1]} == {
        "incident": "5d0c1f2e3a4b",
        "news": "opened",
        "nature": "mail",
        "scope": "company",
        "severity": "page",
        "outcome": "blocked",
        "cause": "ip_blocked",
        "grade": "impersonated",
        "sender": {"domain": "account.trimble.com", "source_ip": "104.130.122.50"},
        "mail_system": "postfix",
        "companies": [{"company": "acme", "name": "Acme Steel"}],
        "failures": [
            {
                "company": "acme",
                "path": "hq",
                "kind": "two_step_code",
                "since": "2026-11-23T08:04:00Z",
                "bad": 2,
                "probe": "3f2a9c00aa112233",
                "at": "2026-11-23T08:25:00Z",
                "outcome": "blocked",
                "cause": "ip_blocked",
                "grade": "impersonated",
                "because": REJECTED,
                "reason": "not_compared",
                "compared_at": None,
                "of_last": None,
                "over_since": None,
            }
        ],
        "touched": 1,
        "watched": 1,
        "failing": 2,
        "began_at": "2026-11-23T08:04:00Z",
        "opened_at": "2026-11-23T08:04:00Z",
        "changed_at": "2026-11-23T08:04:00Z",
        "recovering_since": None,
        "closed_at": None,
        "lasted": 1500.0,
        "ending": None,
        "merged_into": None,
        "took_in": [],
        "relapses": 0,
        "meaning": "According to its reply, the mail system blocks the sender's IP address.",
        "actor": "company_it",
        "who_acts": "the company's IT team",
        "company_it_alone": True,
        "fix": "Remove 104.130.122.50 from the access map or the postscreen list that the log names; a range may "
        "contain it. Then: postfix reload If that is not possible or does not help: let the domain from its address "
        "past the checks that follow.",
        "steps": [
            "Remove 104.130.122.50 from the access map or the postscreen list that the log names; a range may contain "
            "it. Then: postfix reload",
            "If that is not possible or does not help: let the domain from its address past the checks that follow.",
        ],
        "until_then": None,
        "do_not": "Do not allow the bare domain or an IP range, and do not add the address to a list of trusted "
        "networks or relays.",
        "meanwhile": "Rejected mail is not sent again. Ask for a new code after the fix.",
        "verify": "Send a probe: it must arrive in the inbox.",
        "settles": 0.0,
        "next_probe_within": 900.0,
        "good_to_end": 2,
        "acknowledged_by": None,
        "impact": "Nobody at Acme Steel can receive a sign-in code.",
        "comparison": "The comparison with a neutral sender has been inconclusive so far.",
        "standing": [],
        "quote": "554 5.7.1 <m[104.130.122.50]>: Client host rejected",
        "incident_url": "https://mailpath.example/incidents/5d0c1f2e3a4b",
        "company_url": "https://mailpath.example/companies/acme",
        "probe_url": "https://mailpath.example/probes/3f2a9c00aa112233",
        "runbook_url": "https://mailpath.example/runbooks/cause-address?incident=5d0c1f2e3a4b",
    }


def test_its_end_has_its_length() -> None:
    over = replace(
        incident(), closed_at=T0 + timedelta(hours=2, minutes=5), ending=Resolution.RECOVERED, touches=(), failing=0
    )
    told = facts(notice_request(over, NoticeKind.RESOLVED))
    assert (told["lasted"], told["ending"], told["closed_at"]) == (7500.0, "recovered", "2026-11-23T10:09:00Z")


def test_a_storm_names_all_companies_and_quotes_a_few_failures() -> None:
    told = facts(notice_request(storm(500), companies=town(500)))
    assert len(told["companies"]) == 500
    assert told["failing"] == 2500
    assert len(told["failures"]) == 20
    assert len(json.dumps(told)) < 50_000


@pytest.mark.parametrize("news", NoticeKind)
def test_a_channel_of_one_company_gets_the_facts_of_no_other(news: NoticeKind) -> None:
    wide = notice_request(storm(20), news, companies=town(20), visible=frozenset({"c3"}), into=storm(20))
    told = facts(wide)
    assert told["companies"] == [{"company": "c3", "name": "Company 3"}]
    assert {each["company"] for each in told["failures"]} == {"c3"}
    assert told["failing"] == 1
    assert others(wide) == set()


def others(wide: NoticeRequest) -> set[str]:
    """The names and keys of other companies that are in the facts all the same."""
    said = json.dumps(facts(wide))
    return {word for n in range(20) if n != 3 for word in (f'"c{n}"', f'"Company {n}"') if word in said}


def test_hostile_text_is_one_line_of_bounded_length() -> None:
    told = facts(notice_request(incident(failure(because="a\x1b[31m\u202e\nb" + "A" * 10**6))))
    because = told["failures"][0]["because"]
    assert because.startswith("a [31m bAAA")
    assert len(because) == 1000
    assert because.isprintable()


def test_a_notice_gathers_its_context_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Title, text, labels and facts are rendered from the same values."""
    built = []

    def counted(request: NoticeRequest) -> NoticeContext:
        built.append(request)
        return context_of(request)

    monkeypatch.setattr(next_notice, "context_of", counted)
    notice = next_notice.notice_of(notice_request(incident()), "hook")
    assert len(built) == 1
    assert notice.labels["incident"] == notice.facts["incident"]
