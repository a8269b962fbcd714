"""The conclusion of a diagnosis: values, and the cause that it proves."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from probes.diagnosis.factors import FACTORS, Factor, Lever, Untested
from probes.outcome import Cause, Grade


class DiagnosisResult(StrEnum):
    """Kinds of conclusion."""

    TOLD = "told"  # the factors are known
    NOT_REPRODUCED = "not_reproduced"  # the sender's mail passes now
    NOT_TOLD_APART = "not_told_apart"
    VOID = "void"  # nothing can be concluded from the run


class How(StrEnum):
    """Ways in which the factors stop the mail."""

    ALONE = "alone"
    TOGETHER = "together"  # only all of them at once
    EACH_ALONE = "each_alone"  # each is enough by itself: several entries must go
    COMBINATIONS = "combinations"  # some of them at once, in more than one way: a score


class NoFactor(StrEnum):
    """Reasons for a conclusion that names no factor."""

    SENDER_PASSES = "sender_passes"
    CONTROL_STOPPED = "control_stopped"  # so the sender is not the reason
    NEIGHBOUR_STOPPED = "neighbour_stopped"  # which shares the IP address: that may be the reason, or the mailbox
    CHANGED = "changed"  # the sender's mail passes at the end
    UNSTEADY = "unsteady"  # the same mail is stopped and passes
    DEFERRED = "deferred"  # temporary refusals only, which are no answer
    NO_RESULT = "no_result"  # we could not look
    CAP = "cap"  # the limit of probes is reached
    NOTHING_VARIED = "nothing_varied"  # the route can vary none of the factors
    ELSEWHERE = "elsewhere"  # none of the varied factors: something that was not varied
    CONFLICTING = "conflicting"  # the answers contradict each other
    STOPPED_BY_PERSON = "stopped_by_person"
    RECONFIGURED = "reconfigured"  # since it began: what it was allowed, or what the route can vary


class Confidence(StrEnum):
    """Strength of the proof."""

    CERTAIN = "certain"  # both directions agree
    LIKELY = "likely"  # one direction, or some mixtures were stopped for another reason


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The result of a diagnosis. `sets`: minimal sets of levers that stop the mail, each enough by itself. `probes`:
    answers that it rests on. `untested`: factors that were not varied by themselves, with the reason. `grade`: the best
    that the route's answers prove; None in old stores, and where the plan did not conclude."""

    result: DiagnosisResult
    why: NoFactor | None = None
    how: How | None = None
    sets: tuple[tuple[Lever, ...], ...] = ()
    confidence: Confidence | None = None
    probes: int = 0
    untested: tuple[tuple[Factor, Untested], ...] = ()
    grade: Grade | None = None

    @property
    def factors(self) -> frozenset[Factor]:
        """All factors that have a part in it."""
        return frozenset(factor for levers in self.sets for lever in levers for factor in lever)

    @property
    def certain(self) -> bool:
        """True if both directions agree."""
        return self.result is DiagnosisResult.TOLD and self.confidence is Confidence.CERTAIN

    def encode(self) -> str:
        """Encode it as JSON."""
        return _CODEC.dump_json(self).decode()


_CODEC: TypeAdapter[Conclusion] = TypeAdapter(Conclusion)


def decode_conclusion(text: str) -> Conclusion | None:
    """Decode the result of `Conclusion.encode`. None for what this release does not know."""
    try:
        return _CODEC.validate_json(text)
    except ValidationError:
        return None


SAFEST_FIRST = (Factor.FROM, Factor.ENVELOPE, Factor.AUTHENTICATION, Factor.CONTENT, Factor.LINKS, Factor.KIND,
                Factor.SIZE, Factor.IP, Factor.HELO)  # fmt: skip
"""The factor by which a remedy is chosen if several have a part: an entry for a domain that passes DMARC is safer than
one for an address."""


def factor_of(conclusion: Conclusion) -> Factor | None:
    """Return the factor by which a remedy is chosen; None if none was separated from the others."""
    if conclusion.result is not DiagnosisResult.TOLD:
        return None
    alone = (factor for levers in conclusion.sets for lever in levers if len(lever) == 1 for factor in lever)
    return min(alone, key=SAFEST_FIRST.index, default=None)


def cause_of(conclusion: Conclusion, guessed: Cause | None) -> Cause | None:
    """Return the cause that the conclusion proves; None if it proves none.

    `guessed`, the cause that was read from the reply, stays if it is one of that factor: a listed address is refused
    for the address, too. Factors that were only varied together prove none, unless they have a cause in common.
    """
    if conclusion.result is not DiagnosisResult.TOLD:
        return None
    factor = factor_of(conclusion)
    if factor is None:
        lever = next((lever for levers in conclusion.sets for lever in levers), frozenset())
        shared = {FACTORS[each].causes[0] for each in lever}
        return shared.pop() if len(shared) == 1 else None
    causes = FACTORS[factor].causes
    return guessed if guessed in causes else causes[0]
