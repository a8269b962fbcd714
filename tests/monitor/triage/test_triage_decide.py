"""The most likely place: one row, one belief; and that nobody is accused of what nothing proves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.incidents.attribution import Attribution
from monitor.incidents.incident import Failure, Incident, Nature, Reason, Scope, Severity
from monitor.triage.address import read_address
from monitor.triage.decide import PlaceCertainty, Triage, TriagePlace, decide
from monitor.triage.directory import CompanyEntry, CompanyMatch, DomainBasis
from monitor.triage.facts import (
    CheckState,
    CompanyFacts,
    DnsState,
    DomainMail,
    LooseFailure,
    OpenIncident,
    SenderLog,
    TriageFacts,
    TriageSender,
)
from monitor.triage.labels import CERTAINTIES, PLACES
from monitor.triage.place_words import WORDS
from monitor.triage.words import NO_MAIL_LOGGED, SUPPRESSION, text_of
from probes.kinds import Kind
from probes.mailsystems.advice import FilledAdvice
from probes.mailsystems.advise import advise
from probes.standing.fact import Fact, Question, State, Why
from probes.traced import Side, Suppression, SuppressionReason, Traced, TraceFate
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.incident_samples import OF_STANDING
from tests.support.pages_app import incident

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
SENDER = TriageSender("account.trimble.com", "no-reply@account.trimble.com", "104.130.122.50")
ACME = CompanyEntry("acme", "Acme Steel", ("postfix",), ("acme.example",), ("acme.example",))
LIFE = timedelta(minutes=10)


def filled(cause: Cause | None = Cause.IP_BLOCKED, outcome: Outcome = Outcome.BLOCKED, **more: Any) -> FilledAdvice:
    return advise(cause, outcome, "postfix", **more).filled(SENDER.domain, SENDER.source_ip, "postfix")


def check(outcome: Outcome = Outcome.INBOX, cause: Cause | None = None, **more: Any) -> CheckState:
    verdict = Verdict(outcome, cause, Grade.REAL, "because")
    said: dict[str, Any] = {"verdict": verdict, "at": NOW, "launched_at": NOW, "last_good": NOW, "recent": True}
    said |= {"path": "hq", "kind": Kind.VERIFICATION, "via": "direct", "code_life": LIFE}
    return CheckState(**(said | more))


def opened(**facts: Any) -> OpenIncident:
    made = incident(**facts)
    lead: dict[str, Any] = {"nature": made.nature, "outcome": made.outcome, "cause": made.cause}
    failures = tuple(
        replace(each, **lead, reason=facts.get("reason", Reason.CONTROL_THROUGH)) for each in made.failures
    )
    return OpenIncident(replace(made, failures=failures), filled(made.cause, made.outcome, nature=made.nature))


def with_reason(held: OpenIncident, reason: Reason) -> OpenIncident:
    failures: tuple[Failure, ...] = tuple(replace(each, reason=reason) for each in held.incident.failures)
    changed: Incident = replace(held.incident, failures=failures)
    return replace(held, incident=changed)


def facts(
    typed: str = "jane@acme.example", *, basis: DomainBasis | None = DomainBasis.CONFIGURED, **more: Any
) -> TriageFacts:
    matches = (CompanyMatch(ACME, basis, "acme.example"),) if basis else ()
    said: dict[str, Any] = {"matches": matches, "company": CompanyFacts(ACME, (check(),)) if basis else None}
    return TriageFacts(read_address(typed, ("acme.example", "gmail.com")), SENDER, NOW, **(said | more))


def at_acme(*checks: CheckState, held: OpenIncident | None = None, loose: LooseFailure | None = None) -> CompanyFacts:
    return CompanyFacts(ACME, checks or (check(),), (held,) if held else (), (loose,) if loose else ())


def loose(
    outcome: Outcome, cause: Cause | None, nature: Nature = Nature.MAIL, reason: Reason = Reason.NOT_COMPARED
) -> LooseFailure:
    return LooseFailure(check(outcome, cause), Attribution(nature, reason, cause), filled(cause, outcome))


def graded(grade: Grade) -> CheckState:
    return replace(check(), verdict=Verdict(Outcome.INBOX, None, grade, "arrived"))


MANY: dict[str, Any] = {"scope": Scope.MAIL_SYSTEM, "mail_system": "m365", "subject": "@m365"}


FOUND: dict[str, Any] = {"basis": None, "mail": DomainMail(DnsState.FOUND, ("mx.x.example",))}
NO_MAIL: dict[str, Any] = {"basis": None, "mail": DomainMail(DnsState.NO_MAIL)}
SILENT: dict[str, Any] = {"basis": None, "mail": DomainMail(DnsState.NO_ANSWER)}
TWICE = (CompanyMatch(ACME, DomainBasis.PATH, "x"),) * 2


def holds(outcome: Outcome, cause: Cause, reason: Reason = Reason.CONTROL_THROUGH, **more: Any) -> TriageFacts:
    """Facts with an incident at acme."""
    return facts(company=at_acme(held=with_reason(opened(outcome=outcome, cause=cause, **more), reason)))


def fails(
    outcome: Outcome, cause: Cause, nature: Nature = Nature.MAIL, reason: Reason = Reason.NOT_COMPARED
) -> TriageFacts:
    """Facts with a failure at acme that no incident holds."""
    return facts(company=at_acme(loose=loose(outcome, cause, nature, reason)))


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        # the address
        (facts("jane@acme,example"), "address shown"),
        (facts("jane@gmial.com", **NO_MAIL), "address likely"),
        (facts("jane@gmial.com", **FOUND), "not_monitored not_known"),
        (facts("jane@gmial.com", **SILENT), "not_monitored not_known"),
        (facts("jane@\u0430cme.example", **FOUND), "address likely"),
        (facts("jane@grnail.com", **FOUND), "not_monitored not_known"),  # all letters are Latin: it may be real
        (facts("jane@grnail.com", **NO_MAIL), "address likely"),
        (facts('"jane"@elsewhere.example', **FOUND), "not_monitored not_known"),
        (facts("jane.@elsewhere.example", **FOUND), "not_monitored not_known"),
        (facts("jane@gone.example", **NO_MAIL), "domain likely"),
        # nobody knows the domain
        (facts("jane@elsewhere.example", **FOUND), "not_monitored not_known"),
        (facts("jane@elsewhere.example", **FOUND, wide=(opened(**MANY),)), "many likely"),
        (facts("jane@acme.example", **SILENT, matches=TWICE), "several not_known"),
        # all is well there, or nothing is known
        (facts(), "person likely"),
        (facts(basis=DomainBasis.PARENT), "nothing_found not_known"),
        (facts(company=at_acme(graded(Grade.IMPERSONATED))), "person likely"),
        (facts(company=at_acme(graded(Grade.UNPROVEN))), "nothing_found not_known"),  # others' mail arrives
        (facts(company=at_acme(graded(Grade.SCANNED))), "nothing_found not_known"),  # a filter was asked
        (facts(company=at_acme(graded(Grade.SCANNED), graded(Grade.REAL))), "person likely"),
        (facts(company=at_acme(check(recent=False))), "not_tested not_known"),
        (facts(company=at_acme(check(verdict=None, recent=False))), "not_tested not_known"),
        (facts(company=at_acme(check(Outcome.UNKNOWN))), "mailpath not_known"),
        # an incident shows it
        (facts(company=at_acme(held=opened())), "company shown"),
        (facts(basis=DomainBasis.PARENT, company=at_acme(held=opened())), "company likely"),
        (facts(company=at_acme(held=opened(**MANY))), "many shown"),
        (holds(Outcome.SPAM, Cause.CONTENT), "spam_folder shown"),
        (holds(Outcome.QUARANTINED, Cause.CONTENT), "quarantine shown"),
        (holds(Outcome.MISSING, Cause.UNCLEAR), "lost shown"),
        (holds(Outcome.MISSING, Cause.UNCLEAR, Reason.NOT_COMPARED), "lost likely"),
        (holds(Outcome.LATE, Cause.GREYLISTED), "delay shown"),
        (holds(Outcome.DEFERRED, Cause.GREYLISTED), "delay shown"),
        (holds(Outcome.BLOCKED, Cause.SUPPRESSED), "mail_service shown"),
        (holds(Outcome.BLOCKED, Cause.FIREWALL, Reason.ONLY_HERE), "no_connection shown"),
        (holds(Outcome.BLOCKED, Cause.FIREWALL, Reason.NOT_COMPARED), "no_connection shown"),
        (holds(Outcome.BLOCKED, Cause.FIREWALL, Reason.CONTROL_THROUGH), "cut_off shown"),
        # mail arrives on another path: which of the two is theirs?
        (facts(company=at_acme(check(Outcome.BLOCKED), check(path="plant"), held=opened())), "company likely"),
        (
            facts(company=at_acme(check(Outcome.BLOCKED), check(path="plant", recent=False), held=opened())),
            "company shown",
        ),
        (holds(Outcome.BLOCKED, Cause.SERVER_FAULT, nature=Nature.THEIR_SYSTEM), "company_system shown"),
        # these say nothing of the mail of people
        (holds(Outcome.UNKNOWN, Cause.NETWORK, nature=Nature.OURS), "person likely"),
        (facts(company=at_acme(check(Outcome.UNKNOWN), held=opened(nature=Nature.OURS))), "mailpath not_known"),
        (facts(company=at_acme(check(Outcome.BLOCKED), held=opened(nature=Nature.MAILBOX))), "test_mailbox not_known"),
        # one failure that nothing confirms yet
        (fails(Outcome.BLOCKED, Cause.IP_BLOCKED), "company likely"),
        (fails(Outcome.MISSING, Cause.UNCLEAR, Nature.THEIR_SYSTEM), "company_system likely"),
        (fails(Outcome.BLOCKED, Cause.FIREWALL, reason=Reason.NOTHING_REACHED), "no_connection likely"),
        (fails(Outcome.BLOCKED, Cause.MAILBOX_FULL, Nature.MAILBOX), "test_mailbox not_known"),
        (fails(Outcome.BLOCKED, Cause.MALFORMED, Nature.OURS), "mailpath not_known"),
    ],
)
def test_the_most_likely_place(known: TriageFacts, expected: str) -> None:
    found = decide(known)
    assert f"{found.place} {found.certainty}" == expected
    assert_readable(found)


def assert_readable(found: Triage) -> None:
    """Three sentences to read out, each one sentence of few words; no name left open, and no raw value."""
    text = text_of(found)
    sentences = (text.place, *text.because, *text.tell, text.next_step, *text.not_known)
    assert len(text.tell) == 3
    for sentence in sentences:
        assert "{" not in sentence
        assert "_" not in sentence
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    for sentence in text.tell:
        assert sentence.count(". ") == 0, "one sentence each"
        assert len(sentence.split()) <= 30


def test_a_statement_that_nothing_confirms_sounds_like_one() -> None:
    sure, unsure = (
        decide(facts(company=at_acme(held=opened()))),
        decide(facts(company=at_acme(loose=loose(Outcome.BLOCKED, Cause.IP_BLOCKED)))),
    )
    assert text_of(sure).place.startswith("The mail system of Acme Steel rejects")
    assert text_of(unsure).place.startswith("Most likely, the mail system of Acme Steel rejects")
    assert text_of(unsure).tell[0].startswith("It looks as if your company's")
    assert "IT team can fix" in text_of(sure).tell[2]
    assert "IT team can fix" not in text_of(unsure).tell[2]
    assert "not confirmed yet" in " ".join(text_of(unsure).because)
    assert text_of(sure).next_step.startswith("The company's IT team must act.")
    assert "If it is so, the company's IT team must act." in text_of(unsure).next_step


def test_standing_is_named_only_where_it_explains_the_cause() -> None:
    spf = Fact(Question.SPF, SENDER.domain, State.BAD, Why.SPF_MISSING, NOW)
    listed = Fact(Question.BLOCKLIST, SENDER.source_ip, State.BAD, Why.LISTED, NOW)
    standing = (spf, listed)
    of_spf = decide(facts(company=at_acme(held=opened(cause=Cause.AUTHENTICATION)), standing=standing))
    of_list = decide(facts(company=at_acme(held=opened(cause=Cause.IP_LISTED)), standing=standing))
    assert (of_spf.standing, of_list.standing) == ((spf,), (listed,))
    assert decide(facts(company=at_acme(held=opened(cause=Cause.CONTENT)), standing=standing)).standing == ()
    assert decide(facts(standing=standing)).standing == ()


def test_what_fails_is_told_from_what_arrives() -> None:
    held = opened()
    found = decide(facts(company=at_acme(check(kind=Kind.INVITATION), check(Outcome.BLOCKED), held=held)))
    said = " ".join(text_of(found).because)
    assert "verification codes" in said
    assert "Other test mail to this company arrives." in said
    alone = decide(facts(company=at_acme(check(Outcome.BLOCKED), held=held)))
    assert "Other test mail" not in " ".join(text_of(alone).because)


@pytest.mark.parametrize(
    ("life", "said"),
    [(timedelta(seconds=40), "40 seconds"), (timedelta(seconds=90), "a minute"), (timedelta(minutes=10), "10 minutes")],
)
def test_a_code_is_said_to_live_no_longer_than_it_does(life: timedelta, said: str) -> None:
    slow = replace(check(Outcome.LATE), code_life=life)
    held = opened(outcome=Outcome.LATE, cause=Cause.GREYLISTED)
    assert f"only valid for {said}." in text_of(decide(facts(company=at_acme(slow, held=held)))).tell[0]


def test_no_sentence_contradicts_what_a_comparison_showed() -> None:
    cut = text_of(decide(holds(Outcome.BLOCKED, Cause.FIREWALL, Reason.CONTROL_THROUGH)))
    assert "not known" not in " ".join((cut.place, *cut.tell))
    assert "A control from a neutral sender got through" in " ".join(cut.because)
    open_question = text_of(decide(holds(Outcome.BLOCKED, Cause.FIREWALL, Reason.NOT_COMPARED)))
    assert "it is not known whose fault that is" in open_question.place


def test_of_mail_that_arrives_in_part_only_that_part_is_said_to_fail() -> None:
    """Somebody waits for a code, and only invitations are rejected."""
    held = opened()
    invitations = replace(held.incident.failures[0], kind=Kind.INVITATION)
    held = replace(held, incident=replace(held.incident, failures=(invitations,)))
    blocked = check(Outcome.BLOCKED, kind=Kind.INVITATION)
    text = text_of(decide(facts(company=at_acme(check(), blocked, held=held))))
    assert text.place.endswith("rejects some mail from account.trimble.com (company invitations).")
    assert "some of our mail (company invitations)" in text.tell[0]
    assert text.tell[1] == "You did nothing wrong, as far as we can see, and other mail from us arrives."
    everything = text_of(decide(facts(company=at_acme(blocked, held=held))))
    assert everything.place.endswith("rejects mail from account.trimble.com.")
    elsewhere = text_of(decide(facts(company=at_acme(check(path="plant"), blocked, held=held))))
    assert "some mail" not in elsewhere.place, "what arrives on another path may not be theirs"


def test_who_has_it_is_asked_first() -> None:
    held = replace(opened(severity=Severity.PAGE), held_by="Ada", muted=True)
    text = text_of(decide(facts(company=at_acme(held=held))))
    assert "Ada has incident a1: ask there" in text.next_step
    assert any("notices are muted" in line for line in text.because)


def test_what_was_not_tested_is_said() -> None:
    at_gateway = replace(check(), verdict=Verdict(Outcome.INBOX, None, Grade.IMPERSONATED, "arrived"))
    unknown = " ".join(text_of(decide(facts(basis=DomainBasis.PARENT, company=at_acme(at_gateway)))).not_known)
    assert "mailbox of this person" in unknown
    assert "firewall in front of it were not tested" in unknown
    assert "may go different ways" in unknown
    assert "suppressed" in unknown


def test_kinds_of_mail_that_were_not_tested_are_named() -> None:
    codes, invitations = check(), check(kind=Kind.INVITATION, recent=False)
    unknown = " ".join(text_of(decide(facts(company=at_acme(codes, invitations)))).not_known)
    assert "not tested lately: 2-step sign-in codes" in unknown
    assert "company invitations" in unknown
    assert "verification codes" not in unknown
    everything = at_acme(*(check(kind=kind) for kind in Kind))
    assert "lately" not in " ".join(text_of(decide(facts(company=everything))).not_known)


def test_a_caller_of_some_companies_reads_of_theirs() -> None:
    found = decide(facts("jane@elsewhere.example", basis=None, sees_all=False))
    assert text_of(found).place == "It is not known: none of your companies has the domain elsewhere.example."


def test_every_place_has_words() -> None:
    assert set(WORDS) == set(PLACES) == set(TriagePlace)
    assert set(CERTAINTIES) == set(PlaceCertainty)


def test_the_senders_standing_is_no_test_mail_that_a_receiver_refused() -> None:
    held = OpenIncident(incident(**OF_STANDING), filled())
    found = decide(facts("jane@elsewhere.example", **FOUND, wide=(held,)))
    said = " ".join(text_of(found).because)
    assert found.place is TriagePlace.SENDER
    assert "SPF no longer passes for 104.130.122.50. It concerns everybody who receives the sender's mail" in said
    assert "That has been so since " in said
    for wrong in ("at the receiver", "Test mail has been", "unknown"):
        assert wrong not in said


# -- what the sender's mail service knows of this very address --------------------------------------------------------


def logged(
    *fates: TraceFate, suppressed: Suppression | None = None, text: str = "5.7.1 Client host blocked using bl.test"
) -> dict[str, Any]:
    rows = tuple(
        Traced(NOW, "mailgun", Side.SENDER, fate, happened_at=NOW, to_host="mx.acme.example", code=550, text=text)
        for fate in fates
    )
    return {"sender_log": SenderLog(rows, suppressed)}


LISTED = logged(TraceFate.REFUSED, suppressed=Suppression(SuppressionReason.BOUNCED, "550 no such user"))
UNKNOWN_USER = logged(TraceFate.REFUSED, text="5.1.1 No such user")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (facts(**LISTED), "suppressed shown"),  # whatever arrives elsewhere, nothing is sent to it
        (facts("jane@elsewhere.example", **FOUND, **LISTED), "suppressed shown"),
        (facts("jane@acme,example", **LISTED), "address shown"),
        (facts(**logged(TraceFate.REFUSED)), "refused shown"),
        (facts("jane@elsewhere.example", **FOUND, **logged(TraceFate.REFUSED)), "refused shown"),
        (facts(**logged(TraceFate.REFUSED, TraceFate.DELIVERED)), "person likely"),  # the newest counts
        (facts(**logged(TraceFate.REFUSED, TraceFate.PENDING)), "refused shown"),  # no answer yet
        (facts(**logged(TraceFate.DELIVERED)), "person likely"),
        (facts(**logged(TraceFate.DEFERRED)), "person likely"),
        (facts(**logged()), "person likely"),
        (facts(sender_log=SenderLog(failed="no token")), "person likely"),
        (replace(holds(Outcome.BLOCKED, Cause.IP_BLOCKED), **logged(TraceFate.REFUSED)), "company shown"),
        (replace(holds(Outcome.BLOCKED, Cause.IP_BLOCKED), **UNKNOWN_USER), "refused shown"),  # a reason of its own
        (replace(holds(Outcome.BLOCKED, Cause.IP_BLOCKED), **LISTED), "suppressed shown"),
    ],
)
def test_what_was_answered_to_mail_for_this_address_comes_before_tests_of_others(
    known: TriageFacts, expected: str
) -> None:
    found = decide(known)
    assert f"{found.place} {found.certainty}" == expected


def test_the_answer_names_what_the_service_knows() -> None:
    suppressed = text_of(decide(facts(**LISTED)))
    assert "from which mail came back: 550 no such user." in suppressed.because[0]
    assert "First have repaired" in suppressed.next_step
    refused = text_of(decide(facts(**UNKNOWN_USER)))
    assert (
        "The last mail to this address was refused by mx.acme.example at 2026-11-25 12:30 UTC: 550 5.1.1 No such user."
        in (refused.because)
    )
    assert "not_known" not in refused.place
    assert NO_MAIL_LOGGED in text_of(decide(facts(**logged()))).because
    assert SUPPRESSION not in text_of(decide(facts(**logged()))).not_known


def test_what_could_not_be_asked_is_said() -> None:
    assert SUPPRESSION in text_of(decide(facts())).not_known
    failed = text_of(decide(facts(sender_log=SenderLog(failed="account identity: the key is wrong"))))
    assert any("account identity: the key is wrong" in line for line in failed.not_known)


def test_a_company_that_is_blocked_keeps_its_advice_where_the_address_is_suppressed_too() -> None:
    found = decide(replace(holds(Outcome.BLOCKED, Cause.IP_BLOCKED), **LISTED))
    assert found.incident
    assert found.advice


@pytest.mark.parametrize("reason", SuppressionReason)
def test_a_user_who_complained_is_not_said_to_have_bounced(reason: SuppressionReason) -> None:
    text = text_of(decide(facts(**logged(suppressed=Suppression(reason)))))
    said = " ".join((*text.because, *text.tell, text.next_step))
    assert ("came back" in said) is (reason is SuppressionReason.BOUNCED)
    assert ("spam" in said) is (reason is SuppressionReason.COMPLAINED)
    assert ("unsubscribed" in said) is (reason is SuppressionReason.UNSUBSCRIBED)
