"""The words of problems of the sender's standing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.incidents.advice import incident_advice
from monitor.incidents.incident import Incident, Nature, Severity, StandingFinding, StandingRule
from monitor.incidents.standing_rules import BY_WHY, ROWS
from monitor.incidents.standing_words import before, headline, headlines, may_allow, now, topics, verify
from monitor.incidents.summary import problem_label, problem_means, scope_label
from monitor.output.symbols import look_of
from probes.standing.fact import Fact, Question, State, Why
from probes.standing.profile import Change, ProfileItem
from probes.verdict import Outcome
from tests.support.incident_samples import failure

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
IP, DOMAIN = "192.0.2.1", "acme.example"
PASSED = Fact(Question.SPF, DOMAIN, State.GOOD, Why.SPF_PASSES, NOW, "v=spf1 mx -all", ("mx", "1"))
FAILS = replace(PASSED, state=State.BAD, why=Why.SPF_FAILS, value="v=spf1 -all", named=("fail", "-all"))
QUESTION_OF = {
    StandingRule.LISTED: Question.BLOCKLIST,
    StandingRule.LISTED_RANGE: Question.BLOCKLIST,
    StandingRule.LISTED_MINOR: Question.BLOCKLIST,
    StandingRule.LIST_UNUSABLE: Question.BLOCKLIST,
    StandingRule.REPORTS: Question.REPORTS,
}


def found(rule: StandingRule, fact: Fact | None = None, **fields: object) -> StandingFinding:
    row = ROWS[rule]
    made = StandingFinding(rule, row.severity, row.scope, row.cause, NOW, fact.subject if fact else DOMAIN, fact, ip=IP)
    return replace(made, **fields)  # type: ignore[arg-type]


SPF = found(StandingRule.SPF_FAILS, FAILS, before=PASSED)
KEY = found(
    StandingRule.KEY_UNUSABLE,
    Fact(Question.DKIM, "k1._domainkey.acme.example", State.BAD, Why.KEY_MISSING, NOW),
)
LISTED = found(
    StandingRule.LISTED,
    Fact(
        Question.BLOCKLIST, f"{IP} at zen.spamhaus.org", State.BAD, Why.LISTED, NOW, named=("Spamhaus ZEN", "SBL", "x")
    ),
    zone="zen.spamhaus.org",
)
CHANGED = found(
    StandingRule.CHANGED, change=Change(ProfileItem.MX, DOMAIN, ("mx1.acme.example",), ("mx2.acme.example",), NOW)
)
FOREIGN = found(StandingRule.OTHER_ADDRESS, subject="203.0.113.9", companies=("acme", "birch"))


def incident(*standing: StandingFinding, nature: Nature = Nature.STANDING) -> Incident:
    first = standing[0]
    return Incident(
        id="one",
        nature=nature,
        scope=first.scope,
        severity=first.severity,
        subject="!authentication",
        outcome=Outcome.UNKNOWN if nature is Nature.STANDING else Outcome.BLOCKED,
        cause=first.cause,
        company="",
        mail_system="",
        failing=0,
        companies=(),
        touches=(),
        began_at=NOW,
        opened_at=NOW,
        changed_at=NOW,
        failures=() if nature is Nature.STANDING else (failure(),),
        standing=standing,
    )


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (SPF, "SPF no longer passes for 192.0.2.1"),
        (replace(SPF, before=None), "SPF does not pass for 192.0.2.1"),  # nobody knows whether it ever did
        (replace(SPF, before=replace(PASSED, state=State.NONE)), "SPF does not pass for 192.0.2.1"),
        (replace(SPF, ip=""), "SPF no longer passes for the source IP"),  # as an older version stored it
        (KEY, "the DKIM key k1._domainkey.acme.example is missing or unusable"),
        (LISTED, "Spamhaus ZEN, which business gateways use, lists 192.0.2.1"),
        (CHANGED, "mail hosts (MX) of acme.example changed"),
        (FOREIGN, "real mail comes from 203.0.113.9, which is no address of the sender"),
    ],
)
def test_a_headline_says_what_is_wrong(one: StandingFinding, words: str) -> None:
    assert headline(one) == words


def test_more_problems_are_counted_and_topics_are_named_once() -> None:
    assert headlines([SPF, KEY, KEY]) == f"{headline(SPF)}, and 2 other problems"
    assert topics([SPF, KEY, KEY, FOREIGN, CHANGED]) == "SPF, DKIM key, source IP, mail hosts (MX)"


@pytest.mark.parametrize(
    ("one", "was", "is_now"),
    [
        (
            SPF,
            "the source IP passes by mx; the record needs 1 of 10 lookups; published: v=spf1 mx -all",
            "the source IP does not pass: fail, by -all; published: v=spf1 -all",
        ),
        (KEY, "", "no key is published for this selector"),
        (CHANGED, "mx1.acme.example", "mx2.acme.example"),
        (
            FOREIGN,
            "it came from 192.0.2.1, as configured",
            "real mail came from 203.0.113.9, which no profile of the sender has",
        ),
    ],
)
def test_what_was_published_before_and_is_now(one: StandingFinding, was: str, is_now: str) -> None:
    assert (before(one), now(one)) == (was, is_now)


@pytest.mark.parametrize("rule", StandingRule)
def test_every_rule_says_what_is_wrong_what_to_do_and_how_to_verify(rule: StandingRule) -> None:
    whys = {**{row: why for why, row in BY_WHY.items()}, StandingRule.LISTED_RANGE: Why.LISTED_MINOR}
    why = whys.get(rule)
    question = QUESTION_OF.get(rule, Question.SPF)
    fact = Fact(question, DOMAIN, State.BAD, why, NOW, named=("a", "b", "c", "d", "e")) if why else None
    todo = incident_advice(incident(found(rule, fact)), "").filled(DOMAIN, IP, "")
    for text in (headline(found(rule, fact)), *todo.steps, todo.do_not, todo.explanation, todo.verify):
        assert text
        assert "{" not in text
    assert "closes" in todo.verify


def test_the_advice_has_the_steps_for_all_that_was_found() -> None:
    other = replace(KEY, subject="k2._domainkey.acme.example")
    todo = incident_advice(incident(SPF, KEY, other), "").filled(DOMAIN, IP, "")
    assert todo.steps == (
        "Add 192.0.2.1, or the include of the mail service that owns it, to the SPF record, a TXT record of "
        "acme.example.",
        "Publish the key again, as the mail service shows it, as the TXT record of k1._domainkey.acme.example, "
        "k2._domainkey.acme.example.",
    )
    assert "second SPF" in todo.do_not
    assert "Do not remove a key" in todo.do_not


def test_only_checks_that_the_command_has_are_named_to_verify() -> None:
    reports = found(StandingRule.REPORTS, replace(FAILS, question=Question.REPORTS, why=Why.MAIL_FAILS))
    said = verify([SPF, reports, FOREIGN])
    assert "`mailpath standing --check spf --confirm`" in said
    assert "`mailpath standing reports`" in said
    assert "no mail from the other address has come for 7 d, or [[sender.profile]] has it." in said
    assert said.count("closes") == 1
    assert "--check" not in verify([CHANGED])


def test_companies_may_have_an_entry_and_nobody_says_they_have() -> None:
    assert may_allow(FOREIGN, ["Acme", "Birch"]) == (
        "Companies that may have an allow entry for 192.0.2.1, and none for 203.0.113.9: Acme, Birch. "
        "Mailpath does not know which of them have one."
    )
    assert may_allow(FOREIGN, []) == ""


def test_the_head_of_an_incident_has_no_verdict_of_mail() -> None:
    one = incident(SPF, KEY)
    assert (problem_label(one), scope_label(one), look_of(one)) == (
        "Standing: SPF, DKIM key",
        "everybody",
        Outcome.BLOCKED,
    )
    assert problem_means(one) == (
        "SPF no longer passes for 192.0.2.1, and 1 other problem. It concerns everybody who receives the sender's "
        "mail: any receiver may reject it or move it to junk."
    )
    note = replace(incident(CHANGED), severity=Severity.NOTE)
    assert (problem_label(note), look_of(note)) == ("Standing: mail hosts (MX)", Outcome.SPAM)


def test_mail_that_fails_for_it_keeps_its_own_head() -> None:
    one = incident(SPF, nature=Nature.MAIL)
    assert problem_label(one) == "Blocked: authentication"
    assert (scope_label(one), look_of(one)) == ("many companies", Outcome.BLOCKED)


def test_our_own_trouble_concerns_nobody_else() -> None:
    one = incident(found(StandingRule.RESOLVER))
    assert (scope_label(one), look_of(one), one.cause) == ("Mailpath itself", Outcome.UNKNOWN, None)
    assert problem_label(one) == "Standing: name server"


def test_hostile_text_stays_on_its_line_and_is_cut() -> None:
    evil = replace(
        SPF, subject="a\n\u202e{ip}" + "x" * 500, before=replace(PASSED, value="v=spf1 \x1b[31m" + "y" * 900)
    )
    for text in (headline(replace(KEY, subject=evil.subject)), before(evil)):
        assert len(text) < 600
        assert text.isprintable()
