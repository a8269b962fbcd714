"""What one verdict counts for."""

from dataclasses import replace

import pytest

from monitor.incidents.weight import Weight, mark_of
from probes.answer import Answer, Stage
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.verdict_score import CODE, INVITATION, NAMES, VERDICTS, verdict


def said(outcome: Outcome, cause: Cause | None, text: str) -> Verdict:
    return Verdict(outcome, cause, Grade.REAL, "a sentence", Answer(Stage.RCPT, 550, None, text))


@pytest.mark.parametrize(
    ("letter", "code", "invitation"),
    [
        ("i", Weight.GOOD, Weight.GOOD),
        ("b", Weight.BAD, Weight.BAD),
        ("d", Weight.CONCLUSIVE, Weight.CONCLUSIVE),
        ("o", Weight.CONCLUSIVE, Weight.CONCLUSIVE),
        ("s", Weight.BAD, Weight.BAD),
        ("c", Weight.BAD, Weight.BAD),
        ("g", Weight.BAD, Weight.NOTE),
        ("l", Weight.BAD, Weight.NOTE),
        ("w", Weight.BAD, Weight.BAD),
        ("?", Weight.UNKNOWN, Weight.UNKNOWN),
    ],
)
def test_what_a_verdict_counts_for(letter, code, invitation) -> None:
    assert (mark_of(CODE, verdict(letter), NAMES), mark_of(INVITATION, verdict(letter), NAMES)) == (code, invitation)


def test_a_sentence_of_ours_is_no_answer_of_theirs() -> None:
    """The sentence names the address of a host of ours or theirs; what the server said does not."""
    sentence = replace(said(Outcome.BLOCKED, Cause.POLICY, "go away"), because="from 104.130.122.50: go away")
    assert mark_of(CODE, sentence, NAMES) is Weight.BAD


def test_every_outcome_is_among_them() -> None:
    assert {outcome for outcome, _, _ in VERDICTS.values()} >= set(Outcome) - {Outcome.QUARANTINED}
    assert mark_of(CODE, said(Outcome.QUARANTINED, Cause.CONTENT, "held back"), NAMES) is Weight.BAD


@pytest.mark.parametrize(
    ("cause", "text", "damning"),
    [
        (Cause.REPUTATION, "mail from 104.130.122.50 is not welcome", True),  # the reply names the address
        (Cause.POLICY, "account.trimble.com is not welcome", True),  # or the domain
        (Cause.POLICY, "you are not welcome", False),
        (Cause.NO_SUCH_USER, "no such user, told 104.130.122.50", False),  # it says nothing of the sender
        (Cause.FIREWALL, "connection refused", False),
        (Cause.POLICY, "ACCOUNT.TRIMBLE.COM is not welcome", True),
        (Cause.IP_BLOCKED, "go away", True),  # the cause says so
        (Cause.POLICY, "<no-reply@account.trimble.com>: not welcome.", True),
        (Cause.POLICY, "[104.130.122.50]. Not welcome", True),
        (Cause.POLICY, "see ticket 1104.130.122.501", False),
        (Cause.POLICY, "see 104.130.122.50.example", False),
        (Cause.POLICY, "mta1.account.trimble.com says no", False),  # a host of somebody's there
        (Cause.POLICY, "account.trimble.community is not welcome", False),
    ],
)
def test_one_refusal_is_enough_if_it_names_the_sender(cause, text, damning) -> None:
    mark = mark_of(CODE, said(Outcome.BLOCKED, cause, text), NAMES)
    assert mark is (Weight.CONCLUSIVE if damning else Weight.BAD)


@pytest.mark.parametrize("outcome", [Outcome.DEFERRED, Outcome.SPAM, Outcome.MISSING])
def test_only_a_refusal_for_good_is_damning(outcome) -> None:
    assert mark_of(CODE, said(outcome, Cause.IP_BLOCKED, "104.130.122.50"), NAMES) is Weight.BAD


def test_a_bounce_that_a_stranger_may_have_written_needs_a_second() -> None:
    assert mark_of(CODE, verdict("x"), NAMES) is Weight.BAD
    assert mark_of(CODE, replace(verdict("x"), grade=Grade.REAL), NAMES) is Weight.CONCLUSIVE
