"""What one verdict counts for, and whose trouble it is."""

import pytest

from monitor.incidents.incident import Nature
from monitor.incidents.marks import Mark, control_fails, mark_of, nature_of
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.monitor.incidents.score import CODE, INVITATION, NAMES, VERDICTS, verdict


def said(outcome: Outcome, cause: Cause | None, because: str) -> Verdict:
    return Verdict(outcome, cause, Grade.REAL, because)


@pytest.mark.parametrize(
    ("letter", "code", "invitation"),
    [
        ("i", Mark.GOOD, Mark.GOOD),
        ("b", Mark.BAD, Mark.BAD),
        ("d", Mark.DAMNING, Mark.DAMNING),
        ("o", Mark.DAMNING, Mark.DAMNING),
        ("s", Mark.BAD, Mark.BAD),
        ("c", Mark.BAD, Mark.BAD),
        ("g", Mark.BAD, Mark.NOTE),
        ("l", Mark.BAD, Mark.NOTE),
        ("w", Mark.BAD, Mark.BAD),
        ("?", Mark.UNKNOWN, Mark.UNKNOWN),
    ],
)
def test_what_a_verdict_counts_for(letter, code, invitation):
    assert (mark_of(CODE, verdict(letter), NAMES), mark_of(INVITATION, verdict(letter), NAMES)) == (code, invitation)


def test_every_outcome_is_among_them():
    assert {outcome for outcome, _, _ in VERDICTS.values()} >= set(Outcome) - {Outcome.QUARANTINED}
    assert mark_of(CODE, said(Outcome.QUARANTINED, Cause.CONTENT, "held back"), NAMES) is Mark.BAD


@pytest.mark.parametrize(
    ("cause", "because", "damning"),
    [
        (Cause.REPUTATION, "550 mail from 104.130.122.50 is not welcome", True),  # the reply names the address
        (Cause.POLICY, "550 account.trimble.com is not welcome", True),  # or the domain
        (Cause.POLICY, "550 you are not welcome", False),
        (Cause.NO_SUCH_USER, "550 no such user, told 104.130.122.50", False),  # it says nothing of the sender
        (Cause.FIREWALL, "no way in at connect: connection refused", False),
        (Cause.IP_BLOCKED, "550 go away", True),  # the cause says so
    ],
)
def test_one_refusal_is_enough_if_it_names_the_sender(cause, because, damning):
    mark = mark_of(CODE, said(Outcome.BLOCKED, cause, because), NAMES)
    assert mark is (Mark.DAMNING if damning else Mark.BAD)


@pytest.mark.parametrize("outcome", [Outcome.DEFERRED, Outcome.SPAM, Outcome.MISSING])
def test_only_a_refusal_for_good_is_damning(outcome):
    assert mark_of(CODE, said(outcome, Cause.IP_BLOCKED, "104.130.122.50"), NAMES) is Mark.BAD


@pytest.mark.parametrize(
    ("mark", "cause", "nature"),
    [
        (Mark.BAD, Cause.CONTENT, Nature.MAIL),
        (Mark.BAD, Cause.MALFORMED, Nature.OURS),  # we wrote it
        (Mark.BAD, Cause.MAILBOX_FULL, Nature.MAILBOX),
        (Mark.UNKNOWN, None, Nature.OURS),
        (Mark.UNKNOWN, Cause.NETWORK, Nature.OURS),
    ],
)
def test_whose_trouble_it_is(mark, cause, nature):
    assert nature_of(mark, cause, control_fails=False) is nature


@pytest.mark.parametrize(
    ("letter", "fails"),
    [("i", False), ("?", False), ("s", False), ("l", False), ("d", False), ("b", True), ("w", True)],
)
def test_which_control_tells_that_the_path_is_broken(letter, fails):
    assert control_fails(verdict(letter)) is fails
