"""The test of a remedy as a pure decision: what it proves, what it does not, and how many mails that takes.

Letters are answers in order, the last one again and again: p passed, s stopped, d deferred, D deferred where delay is
what the remedy is against, n no result, o stopped for a reason that is not the sender.
"""

from random import Random

import pytest

from monitor.remedying.applied import (
    MailFinding,
    NoProof,
    OthersFinding,
    PathProof,
    PathTest,
    RemedyState,
    TwinFinding,
    TwinUntested,
    joint_state,
    with_alarms,
)
from monitor.remedying.proof import CONTROLS, SENDERS, TWIN, ProofAnswer, ended, next_proof, result_of
from probes.diagnosis.factors import Factor
from probes.diagnosis.plan import ArmResult, Mixture
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict

LETTERS = {
    "p": (ArmResult.PASSED, Outcome.INBOX, None),
    "s": (ArmResult.STOPPED, Outcome.BLOCKED, Cause.IP_BLOCKED),
    "d": (ArmResult.DEFERRED, Outcome.DEFERRED, Cause.GREYLISTED),
    "D": (ArmResult.STOPPED, Outcome.DEFERRED, Cause.GREYLISTED),  # of a remedy against delay
    "l": (ArmResult.DEFERRED, Outcome.LATE, None),
    "m": (ArmResult.STOPPED, Outcome.MISSING, None),
    "o": (ArmResult.OTHERWISE, Outcome.BLOCKED, Cause.MAILBOX_FULL),
}
TEST = PathTest("hq", Kind.VERIFICATION, 2, other=Role.CONTROL)
MOST = 30


def _answer(own: Mixture, letter: str, number: str) -> ProofAnswer:
    if letter == "n":
        return ProofAnswer(own, ArmResult.NO_RESULT, number)
    result, outcome, cause = LETTERS[letter]
    return ProofAnswer(own, result, number, Verdict(outcome, cause, Grade.IMPERSONATED, ""))


def proven(mail: str, twin: str = "s", control: str = "p", test: PathTest = TEST, *, skips: bool = True) -> PathProof:
    scripts = {SENDERS: mail, TWIN: twin, CONTROLS: control}
    answers: list[ProofAnswer] = []
    while not isinstance(step := next_proof(test, answers, skips=skips), PathProof):
        script = scripts[step]
        letter = script[min(sum(each.own == step for each in answers), len(script) - 1)]
        answers.append(_answer(step, letter, str(len(answers))))
        assert len(answers) < MOST
    assert step.probes == len(answers)
    return step


@pytest.mark.parametrize(
    ("mail", "twin", "control", "state"),
    [
        ("p", "s", "p", RemedyState.PROVEN),
        ("sp", "s", "p", RemedyState.PROVEN),  # one server had the change sooner than the other
        ("dp", "s", "p", RemedyState.PROVEN),  # a deferral is no answer
        ("p", "p", "p", RemedyState.TOO_WIDE),
        ("p", "sp", "p", RemedyState.TOO_WIDE),  # one arrival proves that it gets in
        ("p", "d", "p", RemedyState.ARRIVES),  # not known whether it is stopped
        ("p", "dss", "p", RemedyState.PROVEN),
        ("p", "s", "sp", RemedyState.PROVEN),
        ("p", "s", "s", RemedyState.ARRIVES),  # the control's address is stopped, which the twin comes from
        ("p", "s", "n", RemedyState.ARRIVES),
        ("pps", "s", "p", RemedyState.NO_EFFECT),  # and not proven: the sender's mail arrived for a while
        ("pps", "s", "s", RemedyState.NOT_DECIDED),  # an outage that began meanwhile stopped the twin
        ("pddp", "s", "p", RemedyState.PROVEN),  # in the end two in a row
        ("pdpdpdpdpd", "s", "p", RemedyState.NOT_DECIDED),
        ("s", "s", "p", RemedyState.NO_EFFECT),
        ("s", "s", "s", RemedyState.NOT_DECIDED),  # nobody's mail is taken: no wider entry helps
        ("s", "s", "sp", RemedyState.NO_EFFECT),
        ("s", "s", "n", RemedyState.NO_EFFECT),
        ("d", "s", "p", RemedyState.NOT_DECIDED),
        ("l", "s", "p", RemedyState.NOT_DECIDED),
        ("n", "s", "p", RemedyState.NOT_DECIDED),
        ("o", "s", "p", RemedyState.NOT_DECIDED),
        ("psps", "s", "p", RemedyState.NO_EFFECT),
        ("pspspsps", "s", "p", RemedyState.NOT_DECIDED),
    ],
)
def test_the_state_follows_from_the_answers(mail: str, twin: str, control: str, state: RemedyState) -> None:
    assert proven(mail, twin, control).state is state


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        ("d", NoProof.DEFERRED),
        ("l", NoProof.LATE),
        ("n", NoProof.NOT_SEEN),
        ("o", NoProof.OTHER_REASON),
        ("pspspsps", NoProof.MIXED),
    ],
)
def test_a_test_without_a_result_says_why_and_sends_no_twin(mail: str, why: NoProof) -> None:
    proof = proven(mail)
    assert (proof.mail, proof.why, proof.twin) == (MailFinding.NOT_KNOWN, why, TwinFinding.NOT_TESTED)


def test_mail_that_the_control_shares_the_fate_of_is_no_reason_for_a_wider_entry() -> None:
    assert proven("s", "s", "s").why is NoProof.CONTROL_STOPPED
    alone = PathTest("hq", Kind.VERIFICATION, 2)
    assert proven("s", "s", test=alone).state is RemedyState.NO_EFFECT, "there is nothing to compare with"


@pytest.mark.parametrize(
    ("control", "test", "others"),
    [
        ("p", TEST, OthersFinding.ARRIVES),
        ("n", TEST, OthersFinding.NOT_KNOWN),
        ("p", PathTest("hq", Kind.VERIFICATION, 2), OthersFinding.NO_CONTROL),
    ],
)
def test_mail_that_is_still_stopped_says_what_is_known_of_others(
    control: str, test: PathTest, others: OthersFinding
) -> None:
    assert proven("m", "s", control, test).others is others
    assert proven("p", "s", control, test).others is None, "then nobody is accused"


def test_a_twin_that_is_delayed_as_before_is_not_let_in() -> None:
    slow = PathTest("hq", Kind.VERIFICATION, 2, other=Role.CONTROL, slow=True)
    proof = proven("p", "D", test=slow)
    assert (proof.twin, proof.state) == (TwinFinding.DELAYED, RemedyState.PROVEN)


CUT_SHORT: list[tuple[str, MailFinding, TwinFinding, RemedyState]] = [
    ("", MailFinding.NOT_KNOWN, TwinFinding.NOT_TESTED, RemedyState.NOT_DECIDED),
    ("mp", MailFinding.NOT_KNOWN, TwinFinding.NOT_TESTED, RemedyState.NOT_DECIDED),
    ("mp mp", MailFinding.ARRIVES, TwinFinding.NOT_TESTED, RemedyState.ARRIVES),
    ("mp mp ts", MailFinding.ARRIVES, TwinFinding.NOT_KNOWN, RemedyState.ARRIVES),
    ("mp mp ts ts", MailFinding.ARRIVES, TwinFinding.NOT_KNOWN, RemedyState.ARRIVES),  # the mail may be stopped since
    ("ms ms", MailFinding.STOPPED, TwinFinding.NOT_TESTED, RemedyState.NO_EFFECT),
    ("ms ms cs cs", MailFinding.NOT_KNOWN, TwinFinding.NOT_TESTED, RemedyState.NOT_DECIDED),
]


@pytest.mark.parametrize(("sent", "mail", "twin", "state"), CUT_SHORT)
def test_a_test_that_cannot_go_on_keeps_what_was_seen(
    sent: str, mail: MailFinding, twin: TwinFinding, state: RemedyState
) -> None:
    whose = {"m": SENDERS, "t": TWIN, "c": CONTROLS}
    answers = [_answer(whose[each[0]], each[1], str(number)) for number, each in enumerate(sent.split())]
    proof = ended(TEST, answers)
    assert (proof.mail, proof.twin, proof.state, proof.probes) == (mail, twin, state, len(answers))
    assert (proof.why is not None) is (mail is MailFinding.NOT_KNOWN)


def test_a_test_that_ended_early_says_why_there_was_no_twin() -> None:
    arrived = [_answer(SENDERS, "p", str(number)) for number in range(2)]
    assert ended(TEST, arrived).untested is TwinUntested.CANNOT_SEND
    by_relay = PathTest("hq", Kind.VERIFICATION, 2, untested=TwinUntested.ROUTE)
    assert ended(by_relay, arrived).untested is TwinUntested.ROUTE


@pytest.mark.parametrize("untested", [TwinUntested.ROUTE, TwinUntested.FORBIDDEN, TwinUntested.NO_OTHER_ADDRESS])
def test_where_no_twin_can_be_sent_it_is_never_called_proven(untested: TwinUntested) -> None:
    test = PathTest("hq", Kind.VERIFICATION, 2, other=Role.CONTROL, untested=untested)
    proof = proven("p", twin="", test=test)
    assert (proof.state, proof.twin, proof.untested) == (RemedyState.ARRIVES, TwinFinding.NOT_TESTED, untested)
    assert proof.probes == 2


def test_a_twin_that_always_arrived_is_not_held_against_the_remedy() -> None:
    before = PathTest("hq", Kind.VERIFICATION, 2, other=Role.CONTROL, twin_before=TwinFinding.ARRIVED)
    assert proven("p", "p", test=before).twin is TwinFinding.ARRIVED_BEFORE
    assert proven("p", "p", test=before).state is RemedyState.ARRIVES
    stopped = PathTest("hq", Kind.VERIFICATION, 2, other=Role.CONTROL, twin_before=TwinFinding.STOPPED)
    assert proven("p", "p", test=stopped).state is RemedyState.TOO_WIDE


def test_a_remedy_that_skips_no_filter_cannot_be_too_wide() -> None:
    proof = proven("p", "p", skips=False)
    assert (proof.state, proof.twin) == (RemedyState.ARRIVES, TwinFinding.NOT_FILTERED)


def test_mail_that_is_still_stopped_tells_how_the_twin_fares_without_the_remedy() -> None:
    assert (proven("s", "s").twin, proven("s", "p").twin) == (TwinFinding.STOPPED, TwinFinding.ARRIVED)
    assert proven("s", "p").state is RemedyState.NO_EFFECT


def test_lost_mail_says_nothing_on_a_path_that_loses_much() -> None:
    lossy = PathTest("hq", Kind.VERIFICATION, 3, lossy=True, other=Role.CONTROL)
    assert proven("m", test=lossy).why is NoProof.LOSSY
    assert proven("p", "m", test=lossy).twin is TwinFinding.NOT_KNOWN
    assert proven("s", test=lossy).state is RemedyState.NO_EFFECT, "a refusal is no chance"
    assert proven("m").state is RemedyState.NO_EFFECT


@pytest.mark.parametrize(("loss", "k"), [(0.02, 2), (0.10, 3)])
def test_chance_rarely_makes_it_wrong(loss: float, k: int) -> None:
    """A remedy that works, and one that does not, on a path that loses mail by chance: 2,000 tests of each."""
    rng, test = Random(7), PathTest("hq", Kind.VERIFICATION, k, other=Role.CONTROL)

    def path(answers: str) -> str:
        return "".join("m" if letter == "p" and rng.random() < loss else letter for letter in answers * MOST)

    works = [proven(path("p"), path("s"), path("p"), test).state for _ in range(2000)]
    wide = [proven(path("p"), path("p"), path("p"), test).state for _ in range(2000)]
    fails = [proven(path("s"), path("s"), path("p"), test).state for _ in range(2000)]
    assert works.count(RemedyState.PROVEN) >= 1960
    assert works.count(RemedyState.NO_EFFECT) <= 10
    assert works.count(RemedyState.TOO_WIDE) == 0
    assert wide.count(RemedyState.PROVEN) <= 10
    assert fails.count(RemedyState.NO_EFFECT) >= 1990
    assert RemedyState.PROVEN not in fails


def test_the_worst_path_decides() -> None:
    proofs = {
        state: proven(mail, twin) for state, mail, twin in (("proven", "p", "s"), ("wide", "p", "p"), ("no", "s", "s"))
    }
    assert joint_state((proofs["proven"], proofs["no"])) is RemedyState.NO_EFFECT
    assert joint_state((proofs["no"], proofs["wide"])) is RemedyState.TOO_WIDE
    assert joint_state((proofs["proven"], proofs["proven"])) is RemedyState.PROVEN
    assert joint_state(()) is RemedyState.NOT_DECIDED


def test_the_twin_has_all_that_anybody_can_copy() -> None:
    assert {Factor.IP, Factor.AUTHENTICATION} == SENDERS - TWIN


@pytest.mark.parametrize(
    ("outcome", "cause", "slow", "own", "result"),
    [
        (Outcome.INBOX, None, False, SENDERS, ArmResult.PASSED),
        (Outcome.LATE, None, False, SENDERS, ArmResult.DEFERRED),
        (Outcome.LATE, None, True, SENDERS, ArmResult.STOPPED),
        (Outcome.LATE, None, True, TWIN, ArmResult.STOPPED),  # the entry against delay does not hold for it
        (Outcome.LATE, None, True, CONTROLS, ArmResult.PASSED),
        (Outcome.LATE, None, False, TWIN, ArmResult.PASSED),
        (Outcome.DEFERRED, Cause.GREYLISTED, False, SENDERS, ArmResult.DEFERRED),
        (Outcome.DEFERRED, Cause.GREYLISTED, True, TWIN, ArmResult.STOPPED),
        (Outcome.SPAM, None, False, TWIN, ArmResult.STOPPED),
        (Outcome.QUARANTINED, None, False, SENDERS, ArmResult.STOPPED),
        (Outcome.MISSING, None, False, SENDERS, ArmResult.STOPPED),
        (Outcome.UNKNOWN, None, False, SENDERS, ArmResult.NO_RESULT),
        (Outcome.BLOCKED, Cause.CONTENT, False, SENDERS, ArmResult.STOPPED),
        (Outcome.BLOCKED, None, False, SENDERS, ArmResult.STOPPED),
        (Outcome.BLOCKED, Cause.MAILBOX_FULL, False, SENDERS, ArmResult.OTHERWISE),
        (Outcome.BLOCKED, Cause.RELAY_DENIED, False, TWIN, ArmResult.OTHERWISE),
    ],
)
def test_a_verdict_is_read_for_whose_mail_it_is(
    outcome: Outcome, cause: Cause | None, slow: bool, own: frozenset[Factor], result: ArmResult
) -> None:
    assert result_of(own, Verdict(outcome, cause, Grade.REAL, ""), slow=slow) is result


@pytest.mark.parametrize(
    ("mail", "twin", "stands"),
    [
        (MailFinding.ARRIVES, TwinFinding.NOT_KNOWN, True),
        (MailFinding.ARRIVES, TwinFinding.NOT_TESTED, True),
        (MailFinding.ARRIVES, TwinFinding.ADDRESS_STOPPED, True),
        (MailFinding.NOT_KNOWN, TwinFinding.NOT_TESTED, True),
        (MailFinding.STOPPED, TwinFinding.ARRIVED, True),
        (MailFinding.STOPPED, TwinFinding.STOPPED, False),
        (MailFinding.ARRIVES, TwinFinding.STOPPED, False),
        (MailFinding.ARRIVES, TwinFinding.DELAYED, False),
    ],
)
def test_an_alarm_stands_on_its_path_until_forged_mail_is_seen_to_be_stopped(
    mail: MailFinding, twin: TwinFinding, stands: bool
) -> None:
    alarm = PathProof("hq", MailFinding.ARRIVES, TwinFinding.ARRIVED)
    after, other = PathProof("hq", mail, twin), PathProof("plant", MailFinding.STOPPED, TwinFinding.STOPPED)
    assert with_alarms((alarm,), (after, other)) == ((other, alarm) if stands else (after, other))
    assert with_alarms((alarm,), (other,)) == (other, alarm), "no test of the path at all"
