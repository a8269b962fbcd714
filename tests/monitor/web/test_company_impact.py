"""The one sentence about a company: what its people notice, and never more than is proven."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.incidents.incident import (
    Incident,
    Nature,
    Scope,
    Severity,
    StandingFinding,
    StandingRule,
    worst_first,
)
from monitor.web.pages.company_impact import (
    ALL_MAIL,
    MAY_BE_CHANCE,
    NOTHING_OF_MAIL,
    RECOVERING,
    Impact,
    impact_of,
)
from probes.check import Check
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome
from tests.support.page_samples import NOW, incident, path, standing

CODES = (Kind.VERIFICATION, Kind.TWO_STEP_CODE, Kind.PASSWORD_RESET)
OTHERS = (Kind.INVITATION, Kind.ADDRESS_CHANGE)
HOUR = timedelta(hours=1)


def verdicts(letter: str, *kinds: Kind, name: str = "hq", **facts: Any) -> Any:
    return {Check("acme", name, kind): standing(letter, **facts) for kind in kinds or (Kind.VERIFICATION,)}


def broken(outcome: Outcome, *kinds: Kind, name: str = "hq", **facts: Any) -> Incident:
    """An open incident of these kinds on a path."""
    made = incident()
    (failure,) = made.failures
    said = {"outcome": outcome, "cause": facts.pop("cause", None)} | facts
    failures = tuple(replace(failure, kind=kind, path=name, **said) for kind in kinds or (Kind.VERIFICATION,))
    return replace(made, outcome=outcome, cause=said["cause"], nature=failures[0].nature, failures=failures)


def of(*paths, seen=None, opened=()) -> Impact:
    return impact_of(paths or (path(),), seen or {}, sorted(opened, key=worst_first), NOW)


def test_before_the_first_result_nothing_is_known() -> None:
    assert of().look is None
    assert of().sentence == "Nothing is known yet about mail to Acme"


def test_where_all_arrives_people_receive_codes_or_at_least_mail() -> None:
    assert of(path(kinds=CODES), seen=verdicts("i", *CODES)) == Impact(
        Outcome.INBOX,
        "People at Acme receive sign-in codes",
        "The newest test message of each kind arrived in the inbox in time.",
    )
    assert of(path(kinds=OTHERS), seen=verdicts("i", *OTHERS)).sentence == "People at Acme receive mail from Trimble"


def test_one_failed_test_is_not_yet_a_problem_of_people() -> None:
    said = of(seen=verdicts("b"))
    assert said.sentence == "The newest test message (verification code) to Acme is blocked"
    assert said.why == MAY_BE_CHANCE
    assert "People" not in said.sentence


def test_who_could_not_look_says_nothing_about_the_mail() -> None:
    said = of(seen=verdicts("?"))
    assert (said.look, "blocked" in said.sentence) == (Outcome.UNKNOWN, False)
    assert said.why.endswith(NOTHING_OF_MAIL)


def test_an_old_result_says_nothing_about_now() -> None:
    old = verdicts("i", ago=8 * 3600)
    assert of(path(every=HOUR, give_up=HOUR), seen=old).look is Outcome.UNKNOWN
    assert "overdue" in of(path(every=HOUR, give_up=HOUR), seen=old).why
    fresh = old | verdicts("i", name="lab")
    assert of(path(every=HOUR, give_up=HOUR), path(name="lab", every=HOUR), seen=fresh).look is Outcome.INBOX


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Outcome.BLOCKED, f"People at Acme cannot receive {ALL_MAIL}"),
        (Outcome.MISSING, f"People at Acme cannot receive {ALL_MAIL}"),
        (Outcome.QUARANTINED, f"People at Acme do not receive {ALL_MAIL}: the mail is held in quarantine"),
        (Outcome.SPAM, f"People at Acme find {ALL_MAIL} only in the spam folder"),
        (Outcome.DEFERRED, f"People at Acme receive {ALL_MAIL} too late"),
        (Outcome.LATE, f"People at Acme receive {ALL_MAIL} too late"),
    ],
)
def test_an_incident_is_said_in_what_people_notice(outcome, sentence) -> None:
    kinds = (*CODES, *OTHERS)
    said = of(path(kinds=kinds), seen=verdicts("b", *kinds), opened=[broken(outcome, *kinds)])
    assert (said.look, said.sentence) == (outcome, sentence)
    assert said.since == NOW - HOUR
    assert said.grade is Grade.REAL


@pytest.mark.parametrize(
    ("failing", "watched", "what"),
    [
        (CODES, (*CODES, *OTHERS), "sign-in codes"),
        (CODES, CODES, "sign-in codes"),
        (OTHERS, OTHERS, "mail from Trimble"),
        ((Kind.INVITATION,), (*CODES, *OTHERS), "company invitations"),
        ((Kind.VERIFICATION, Kind.INVITATION), (*CODES, *OTHERS), "verification codes and company invitations"),
    ],
)
def test_only_the_mail_that_fails_is_named(failing, watched, what) -> None:
    seen = verdicts("b", *failing)
    said = of(path(kinds=watched), seen=seen, opened=[broken(Outcome.BLOCKED, *failing)])
    assert said.sentence == f"People at Acme cannot receive {what}"


def test_of_several_paths_the_failing_ones_are_named() -> None:
    seen = verdicts("b", name="lab") | verdicts("i")
    said = of(path(), path(name="lab"), seen=seen, opened=[broken(Outcome.BLOCKED, name="lab")])
    assert said.sentence == "People at Acme cannot receive sign-in codes (1 of 2 mail paths: lab)"


def test_what_fails_now_and_then_is_not_said_to_fail_always() -> None:
    said = of(seen=verdicts("b"), opened=[broken(Outcome.BLOCKED, of_last=20)])
    assert said.sentence == "People at Acme sometimes do not receive sign-in codes"


def test_trouble_of_the_probe_s_own_mailbox_or_of_mailpath_accuses_nobody() -> None:
    full = of(seen=verdicts("b"), opened=[broken(Outcome.BLOCKED, nature=Nature.MAILBOX, cause=Cause.MAILBOX_FULL)])
    ours = of(seen=verdicts("?"), opened=[broken(Outcome.UNKNOWN, nature=Nature.OURS)])
    for said in (full, ours):
        assert "People" not in said.sentence
        assert said.why.endswith(NOTHING_OF_MAIL)
    assert ours.look is Outcome.UNKNOWN


def test_a_mail_system_that_stops_everybody_is_not_said_to_stop_the_sender_alone() -> None:
    said = of(seen=verdicts("b"), opened=[broken(Outcome.BLOCKED, nature=Nature.THEIR_SYSTEM)])
    assert "not this sender's alone" in said.why


def test_an_incident_whose_newest_tests_all_arrived_is_not_said_to_go_on() -> None:
    """Its IT has fixed it, and watches this page: F2."""
    seen = verdicts("i", Kind.VERIFICATION, Kind.INVITATION)
    opened = [broken(Outcome.BLOCKED, Kind.VERIFICATION, Kind.INVITATION)]
    both = path(kinds=(Kind.VERIFICATION, Kind.INVITATION))
    assert of(both, seen=seen, opened=opened) == Impact(Outcome.INBOX, "Mail to Acme arrives again", RECOVERING)
    seen |= verdicts("b", Kind.INVITATION)
    assert of(both, seen=seen, opened=opened).look is Outcome.BLOCKED


def finding(rule: StandingRule) -> Incident:
    """An open incident that no probe has shown."""
    found = StandingFinding(rule, Severity.TICKET, Scope.COMPANY, Cause.IP_BLOCKED, NOW - HOUR, "acme.example")
    return replace(incident(), nature=Nature.STANDING, standing=(found,), failures=())


def test_what_is_published_about_the_sender_is_not_what_people_notice() -> None:
    assert of(seen=verdicts("i"), opened=[finding(StandingRule.SPF_LIMIT)]).look is Outcome.INBOX


def test_real_mail_that_is_refused_is_not_hidden_behind_test_mail_that_arrives() -> None:
    said = of(seen=verdicts("i"), opened=[finding(StandingRule.REAL_MAIL_REFUSED)])
    assert said.sentence == "Real mail to people at Acme is refused, although the newest test messages arrive"
    assert (said.look, said.since) == (Outcome.BLOCKED, NOW - 2 * HOUR)
    both = of(seen=verdicts("b"), opened=[finding(StandingRule.REAL_MAIL_REFUSED), broken(Outcome.BLOCKED)])
    assert both.sentence == "People at Acme cannot receive sign-in codes", "a probe's incident knows more"
    assert "although" not in of(seen=verdicts("b"), opened=[finding(StandingRule.REAL_MAIL_REFUSED)]).sentence
