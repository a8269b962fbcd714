"""The plan of a diagnosis against make-believe gateways."""

from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.answer import Stage
from probes.diagnosis.conclude import (
    Conclusion,
    Confidence,
    DiagnosisResult,
    How,
    NoFactor,
    cause_of,
    decode_conclusion,
)
from probes.diagnosis.factors import SUSPECTS, Factor, Lever, Untested, levers_of, untested_of
from probes.diagnosis.plan import ArmAnswer, ArmResult, Mixture, Setup, next_step, stops_needed
from probes.diagnosis.words import sentence
from probes.outcome import Cause
from tests.bench.diagnosis import outcome
from tests.support.gateway_rules import ALL, RULES, Behaviour, GatewayRule, diagnosed, lossy, sets_of, setup_of

STOPPED, PASSED, DEFERRED = ArmResult.STOPPED, ArmResult.PASSED, ArmResult.DEFERRED
MANY = 100


def test_fourteen_kinds_of_gateways_are_read_right_in_few_probes() -> None:
    right, wrong, probes = outcome(runs=30, loss=0.02)
    assert right >= 0.99
    assert wrong <= 0.005
    assert probes <= 20


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_without_loss_every_gateway_is_read_right_within_the_usual_limit(rule: GatewayRule) -> None:
    for seed in range(4):
        found = diagnosed(lossy(rule, 0), str(seed), setup_of(seed, cap=40), rule.stage)
        assert rule.right(found), found


@pytest.mark.parametrize(
    ("stage", "factor", "most"),
    [
        (Stage.CONNECT, Factor.IP, 9),
        (Stage.EHLO, Factor.HELO, 12),
        (Stage.RCPT, Factor.ENVELOPE, 13),
        (Stage.RCPT, Factor.IP, 13),  # Postfix delays what it has to say of the client
    ],
)
def test_an_early_refusal_needs_fewer_probes(stage: Stage, factor: Factor, most: int) -> None:
    for seed in range(5):
        found = diagnosed(lambda own, *_: STOPPED if factor in own else PASSED, str(seed), setup_of(seed), stage)
        assert sets_of(found) == {frozenset({factor})}
        assert found.probes <= most
        assert (Factor.CONTENT, Untested.STAGE) in found.untested


def test_the_cause_that_the_reply_names_is_tried_first() -> None:
    answers: list[ArmAnswer] = []
    while not isinstance(step := next_step(setup_of(1), answers), Conclusion):
        stopped = Factor.CONTENT in step
        answers.append(ArmAnswer(step, STOPPED if stopped else PASSED, Stage.END_OF_DATA, Cause.CONTENT))
    assert step.how is How.ALONE
    assert [answer.own for answer in answers if answer.own not in (ALL, frozenset())] == [
        frozenset({Factor.CONTENT}),
        frozenset({Factor.CONTENT}),
        ALL - {Factor.CONTENT},
        frozenset({Factor.CONTENT}),  # once more, now that the rest is known to pass
    ]


def flapping(share: float) -> Behaviour:
    return lambda own, rng, answers: STOPPED if rng.random() < share else PASSED


def greylisting(own: Mixture, _: Random, answers: Sequence[ArmAnswer]) -> ArmResult:
    """Each mixture is a new triplet, and deferred at first."""
    return PASSED if any(answer.own == own for answer in answers) else DEFERRED


def limiting(own: Mixture, _: Random, answers: Sequence[ArmAnswer]) -> ArmResult:
    return DEFERRED if len(answers) > 8 else STOPPED if Factor.IP in own else PASSED


def changing(own: Mixture, _: Random, answers: Sequence[ArmAnswer]) -> ArmResult:
    return PASSED if len(answers) > 6 else STOPPED if Factor.IP in own else PASSED


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (greylisting, {NoFactor.SENDER_PASSES}),
        (limiting, {NoFactor.DEFERRED}),
        (changing, {NoFactor.CHANGED, NoFactor.UNSTEADY}),
        (lambda *_: STOPPED, {NoFactor.CONTROL_STOPPED}),
        (lambda *_: DEFERRED, {NoFactor.DEFERRED}),
        (lambda *_: ArmResult.NO_RESULT, {NoFactor.NO_RESULT}),
        (lambda own, *_: STOPPED if own == ALL else PASSED, {None}),
        (lambda own, *_: STOPPED if own else ArmResult.OTHERWISE, {NoFactor.CONTROL_STOPPED}),
    ],
)
def test_where_no_property_is_to_blame_none_is_named(behaviour: Behaviour, why: set[NoFactor | None]) -> None:
    found = [diagnosed(behaviour, str(seed), setup_of(seed), Stage.END_OF_DATA) for seed in range(10)]
    assert {each.why for each in found} == why
    assert all(each.how in (None, How.TOGETHER) for each in found)


def test_a_neighbour_that_is_stopped_too_does_not_clear_the_address() -> None:
    shared = frozenset({Factor.IP, Factor.HELO})
    whole = ALL - shared
    setup = Setup(levers_of("relay", whole), whole, 2, 40, 1, untested_of("relay", whole))
    found = diagnosed(lambda *_: STOPPED, "1", setup, Stage.END_OF_DATA)
    assert (found.result, found.why) == (DiagnosisResult.NOT_TOLD_APART, NoFactor.NEIGHBOUR_STOPPED)
    assert dict(found.untested)[Factor.IP] is Untested.SAME
    assert "the same IP address" in sentence(found)


def stops(factor: Factor, own: Mixture) -> ArmResult:
    return STOPPED if factor in own else PASSED


WORLDS: dict[str, Callable[[int], Behaviour]] = {  # what changes after so many mails
    "the control fails from then on": lambda at: lambda own, _, a: STOPPED if len(a) >= at else stops(Factor.IP, own),
    "an outage": lambda at: lambda own, _, a: STOPPED if at <= len(a) < at + 3 else stops(Factor.IP, own),
    "a longer outage": lambda at: lambda own, _, a: STOPPED if at <= len(a) < at + 5 else stops(Factor.IP, own),
    "everything passes for a while": lambda at: (
        lambda own, _, a: PASSED if at <= len(a) < at + 4 else stops(Factor.IP, own)
    ),
    "another rule": lambda at: lambda own, _, a: stops(Factor.FROM if len(a) >= at else Factor.IP, own),
    "a rule for the text": lambda at: lambda own, _, a: stops(Factor.CONTENT if len(a) >= at else Factor.IP, own),
}
HELD = {frozenset({factor}) for factor in (Factor.IP, Factor.FROM, Factor.CONTENT)}
"""What was stopped at one time or another."""


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("k", [2, 3])
def test_a_world_that_changes_meanwhile_accuses_nobody_wrongly(world: str, k: int) -> None:
    for at in range(1, 26):
        for seed in range(6):
            found = diagnosed(WORLDS[world](at), str(seed), setup_of(seed, k, cap=40), Stage.END_OF_DATA)
            sets = sets_of(found)
            allowed = {frozenset({Factor.IP})} if "rule" not in world else HELD
            assert not sets or (len(sets) == 1 and sets <= allowed), (at, seed, found)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
def test_a_rule_that_works_now_and_then_names_no_other_factor(share: float) -> None:
    def behave(own: Mixture, rng: Random, _: object) -> ArmResult:
        return STOPPED if Factor.IP in own and rng.random() >= share else PASSED

    found = [diagnosed(behave, str(seed), setup_of(seed, cap=40), Stage.END_OF_DATA) for seed in range(MANY)]
    wrong = [each for each in found if each.sets and sets_of(each) != {frozenset({Factor.IP})}]
    assert len(wrong) <= MANY // 50, wrong


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_a_gateway_that_stops_at_random_accuses_nobody(share: float) -> None:
    found = [diagnosed(flapping(share), str(seed), setup_of(seed), Stage.END_OF_DATA) for seed in range(MANY)]
    assert sum(each.result is DiagnosisResult.TOLD for each in found) <= MANY // 100


@pytest.mark.parametrize("innocent", Factor)
def test_an_innocent_factor_is_not_named_even_if_the_reply_names_it(innocent: Factor) -> None:
    """The opposite of each kind of gateway: it stops by any other factor, and says that it is this one."""
    says = next((cause for cause, factors in SUSPECTS.items() if innocent in factors), None)
    for seed, guilty in enumerate(factor for factor in Factor if factor is not innocent):
        found = diagnosed(
            lambda own, *_, guilty=guilty: STOPPED if guilty in own else PASSED,
            str(seed),
            setup_of(seed, cap=40),
            Stage.END_OF_DATA,
            says,
        )
        assert sets_of(found) == {frozenset({guilty})}


def test_a_mixture_that_another_check_stops_makes_it_less_certain() -> None:
    """The sender's From from the control's address fails DMARC, which says nothing of the entry for the address."""

    def behave(own: Mixture, *_: object) -> ArmResult:
        if Factor.IP in own:
            return STOPPED
        return ArmResult.OTHERWISE if Factor.FROM in own else PASSED

    found = diagnosed(behave, "1", setup_of(1), Stage.END_OF_DATA)
    assert (sets_of(found), found.confidence) == ({frozenset({Factor.IP})}, Confidence.LIKELY)


def test_a_gateway_that_stops_forgeries_in_the_same_words_leaves_a_doubt() -> None:
    """The entry is for the address; the sender's From from elsewhere fails DMARC, and the reply is the same."""

    def behave(own: Mixture, *_: object) -> ArmResult:
        forged = Factor.FROM in own and Factor.AUTHENTICATION not in own
        return STOPPED if Factor.IP in own or forged else PASSED

    for seed in range(10):
        found = diagnosed(behave, str(seed), setup_of(seed, cap=40), Stage.END_OF_DATA)
        assert frozenset({Factor.IP}) in sets_of(found) or not found.sets
        assert found.confidence is not Confidence.CERTAIN or sets_of(found) == {frozenset({Factor.IP})}


rules = st.lists(st.frozensets(st.sampled_from(Factor), min_size=1), max_size=3)
routes = st.sampled_from(["xclient", "proxy", "relay", "direct", "scan"])


@settings(max_examples=40, deadline=None)
@given(
    sets=rules,
    via=routes,
    differing=st.frozensets(st.sampled_from(Factor), min_size=1),
    seed=st.integers(0, 99),
    loss=st.sampled_from([0.0, 0.3]),
    cap=st.integers(1, 25),
    cut=st.integers(0, 25),
)
def test_no_arm_is_sent_that_the_route_cannot_vary_nor_above_the_cap_and_a_cut_changes_nothing(
    sets: list[frozenset[Factor]], via: str, differing: frozenset[Factor], seed: int, loss: float, cap: int, cut: int
) -> None:
    levers = levers_of(via, differing)
    setup = Setup(levers, differing, 2, cap, seed)
    rule = GatewayRule("any", lambda own: any(own >= each & differing for each in sets), lambda _: True)
    rng = Random(seed)
    answers: list[ArmAnswer] = []
    while not isinstance(step := next_step(setup, answers), Conclusion):
        assert len(answers) < cap
        assert step == differing or is_mixture(step, levers)
        answers.append(ArmAnswer(step, lossy(rule, loss)(step, rng, answers), Stage.END_OF_DATA))
    again = answers[:cut]  # killed there, and started anew from the store
    for known in answers[len(again) :]:
        assert next_step(setup, again) == known.own
        again.append(known)
    assert next_step(setup, again) == step
    assert decode_conclusion(step.encode()) == step


def is_mixture(own: Mixture, levers: Sequence[Lever]) -> bool:
    return own == frozenset(factor for lever in levers if lever <= own for factor in lever)


@pytest.mark.parametrize(
    ("lost", "sent", "k"),
    [(0, 0, 3), (0, 100, 2), (3, 100, 2), (4, 100, 3), (10, 100, 3), (11, 100, None), (5, 19, None), (1, 10, 3)],
)
def test_the_loss_of_the_path_decides_how_often_a_stop_must_repeat(lost: int, sent: int, k: int | None) -> None:
    assert stops_needed(lost, sent) == k


def test_a_relay_varies_the_identity_only_as_a_whole() -> None:
    identity = frozenset({Factor.ENVELOPE, Factor.FROM})
    differing = identity | {Factor.IP, Factor.CONTENT}
    assert levers_of("relay", differing) == (identity, frozenset({Factor.CONTENT}))
    assert dict(untested_of("relay", differing))[Factor.IP] is Untested.ROUTE


def test_factors_that_were_not_requested_are_varied_as_one() -> None:
    assert levers_of("xclient", ALL, {Factor.IP}) == (frozenset({Factor.IP}), ALL - {Factor.IP})


@pytest.mark.parametrize(
    ("sets", "guessed", "cause"),
    [
        ([{Factor.IP}], Cause.UNCLEAR, Cause.IP_BLOCKED),
        ([{Factor.IP}], Cause.IP_LISTED, Cause.IP_LISTED),
        ([{Factor.CONTENT}], Cause.IP_BLOCKED, Cause.CONTENT),
        ([{Factor.IP}, {Factor.FROM}], None, Cause.DOMAIN_BLOCKED),  # the safer remedy
        ([{Factor.ENVELOPE, Factor.FROM}], Cause.UNCLEAR, Cause.DOMAIN_BLOCKED),  # varied as one
        ([{Factor.IP, Factor.FROM}], Cause.UNCLEAR, None),  # varied as one, of different causes
    ],
)
def test_the_cause_follows_the_factor(sets: list[set[Factor]], guessed: Cause | None, cause: Cause | None) -> None:
    levers = tuple(frozenset(each) for each in sets)
    assert cause_of(Conclusion(DiagnosisResult.TOLD, None, How.TOGETHER, (levers,)), guessed) is cause
