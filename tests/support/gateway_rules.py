"""Make-believe gateways for the diagnosis: each stops mail by the factors that are the sender's, and loses some."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from probes.answer import Stage
from probes.diagnosis.conclude import Conclusion, DiagnosisResult, How, NoFactor
from probes.diagnosis.factors import Factor, levers_of
from probes.diagnosis.plan import ArmAnswer, ArmResult, Mixture, Setup, next_step
from probes.outcome import Cause

ALL = frozenset(Factor)
SCORED = frozenset({Factor.IP, Factor.FROM, Factor.CONTENT})
Behaviour = Callable[[Mixture, Random, Sequence[ArmAnswer]], ArmResult]


@dataclass(frozen=True, slots=True)
class GatewayRule:
    """A rule, and a test of what a diagnosis should say of it."""

    name: str
    stops: Callable[[Mixture], bool]
    right: Callable[[Conclusion], bool]
    stage: Stage = Stage.END_OF_DATA


def sets_of(conclusion: Conclusion) -> set[frozenset[Factor]]:
    """The minimal sets of factors."""
    return {frozenset(factor for lever in levers for factor in lever) for levers in conclusion.sets}


def _found(how: How, *sets: set[Factor]) -> Callable[[Conclusion], bool]:
    wanted = {frozenset(each) for each in sets}
    return lambda conclusion: conclusion.how is how and sets_of(conclusion) == wanted


def _single(factor: Factor, stage: Stage = Stage.END_OF_DATA) -> GatewayRule:
    return GatewayRule(factor.value, lambda own: factor in own, _found(How.ALONE, {factor}), stage)


def _score(conclusion: Conclusion) -> bool:
    sets = sets_of(conclusion)
    return conclusion.how is How.COMBINATIONS and all(each <= SCORED and len(each) == 2 for each in sets)


RULES = (
    *map(_single, Factor),
    GatewayRule(
        "address and domain together",
        lambda own: own >= {Factor.IP, Factor.FROM},
        _found(How.TOGETHER, {Factor.IP, Factor.FROM}),
    ),
    GatewayRule(
        "two entries",
        lambda own: bool(own & {Factor.IP, Factor.FROM}),
        _found(How.EACH_ALONE, {Factor.IP}, {Factor.FROM}),
    ),
    GatewayRule("score", lambda own: len(own & SCORED) >= 2, _score),
    GatewayRule("broken mailbox", lambda _: True, lambda conclusion: conclusion.why is NoFactor.CONTROL_STOPPED),
    GatewayRule(
        "nothing wrong",
        lambda _: False,
        lambda conclusion: conclusion.result is DiagnosisResult.NOT_REPRODUCED or conclusion.why is NoFactor.CHANGED,
    ),
)


def diagnosed(
    behaviour: Behaviour, seed: str, setup: Setup, stage: Stage | None = None, cause: Cause | None = None
) -> Conclusion:
    """Run a diagnosis to its end against a gateway that behaves so, and whose replies speak for this cause."""
    rng = Random(seed)
    answers: list[ArmAnswer] = []
    while not isinstance(step := next_step(setup, answers), Conclusion):
        answers.append(ArmAnswer(step, behaviour(step, rng, answers), stage, cause))
    return step


def setup_of(seed: int, k: int = 2, cap: int = 60, via: str = "xclient") -> Setup:
    """A setup that varies whatever the route can."""
    return Setup(levers_of(via, ALL), ALL, k, cap, seed)


def lossy(rule: GatewayRule, loss: float) -> Behaviour:
    """The rule, and this share of the rest lost by chance."""

    def behave(own: Mixture, rng: Random, _: Sequence[ArmAnswer]) -> ArmResult:
        return ArmResult.STOPPED if rule.stops(own) or rng.random() < loss else ArmResult.PASSED

    return behave
