"""The probes that a diagnosis will take, by trying every simple answer. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from probes.diagnosis.conclude import Conclusion
from probes.diagnosis.factors import Lever
from probes.diagnosis.plan import ArmAnswer, ArmResult, Mixture, Setup, next_step


@dataclass(frozen=True, slots=True)
class Forecast:
    """The fewest and the most probes if one factor alone is the reason, and the most if two are; `first` are the
    mixtures in the order of the first of these."""

    fewest: int
    usual: int
    most: int
    first: tuple[Mixture, ...]


def forecast(setup: Setup) -> Forecast:
    """Return how many probes it will take, the limit included."""
    levers = setup.levers
    single = [_mixtures(setup, (lever,)) for lever in levers]
    pairs = [_mixtures(setup, (one, other)) for place, one in enumerate(levers) for other in levers[place + 1 :]]
    counts = [len(each) for each in single] or [0]
    most = max([*counts, *(len(each) for each in pairs)])
    return Forecast(min(counts), max(counts), most, single[0] if single else ())


def least(setup: Setup) -> int:
    """Return how many probes it takes at the least, if one factor alone is the reason."""
    return len(_mixtures(setup, setup.levers[:1]))


def _mixtures(setup: Setup, culprits: Sequence[Lever]) -> tuple[Mixture, ...]:
    """Return the mixtures that are sent if each of these is enough to stop the mail."""
    answers: list[ArmAnswer] = []
    while not isinstance(step := next_step(setup, answers), Conclusion):
        stopped = any(step >= lever for lever in culprits)
        answers.append(ArmAnswer(step, ArmResult.STOPPED if stopped else ArmResult.PASSED))
    return tuple(answer.own for answer in answers)
