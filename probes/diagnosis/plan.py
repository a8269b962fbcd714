"""The next arm of a diagnosis, or its conclusion: a pure function of the answers so far.

The whole plan is run anew at each step. It asks for the answer of one mixture after the other; the first one that is
not known yet is the next arm. So nothing but the answers has to be stored, and a diagnosis that was killed at any place
comes to the same conclusion.

Noise only loses mail: an arrival proves that a mixture passes, a stop must repeat `k` times. A mail system stops a mail
for what it has, not for what it lacks, so a mixture with more of the sender's factors than a stopped one is stopped
too. By that rule a minimal sufficient set of n factors is found by halving, in about log2(n) mixtures. It is believed
only after its own mixture was stopped, and after the sender's mail without it passed.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile
from random import Random

from probes.answer import Stage
from probes.diagnosis.conclude import Conclusion, Confidence, DiagnosisResult, How, NoFactor
from probes.diagnosis.factors import SUSPECTS, Factor, Lever, Untested, seen_by
from probes.outcome import Cause, Grade

MAX_NO_ANSWERS = 3  # of one mixture, and in a row
WOBBLES_PER_REPEAT = 3  # stops of mixtures that also pass, for each stop in a row beyond the first: chance loses fewer
MAX_SETS = 3  # minimal sets that are looked for
LOSS_FOR_K = ((0.03, 2), (0.10, 3))
"""Up to which share of mail lost by chance so many stops in a row are needed. By simulation, 11 kinds of gateway: at
2 % two stops name a wrong factor in 0.1 %, at 10 % three do."""
UNKNOWN_LOSS_K = 3

Mixture = frozenset[Factor]
"""The factors of a mail that are the sender's."""


class ArmResult(StrEnum):
    """The answer of one mail."""

    PASSED = "passed"
    STOPPED = "stopped"  # as the sender's mail is
    OTHERWISE = "otherwise"  # by another check than the sender's mail
    DEFERRED = "deferred"  # temporarily refused, to the end
    NO_RESULT = "no_result"


NO_ANSWERS = {ArmResult.DEFERRED: NoFactor.DEFERRED, ArmResult.NO_RESULT: NoFactor.NO_RESULT}


@dataclass(frozen=True, slots=True)
class ArmAnswer:
    """The answer of one mail. `stage` and `cause`: of what stopped it, if anybody said so."""

    own: Mixture
    result: ArmResult
    stage: Stage | None = None
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """The conditions of a diagnosis. `whole`: all factors in which the mails differ. `cap`: the most probes.
    `seed` shuffles the order of factors that nothing speaks for. `grade`: the best that the route's answers prove."""

    levers: tuple[Lever, ...]
    whole: Mixture
    k: int = 2
    cap: int = 40
    seed: int = 0
    untested: tuple[tuple[Factor, Untested], ...] = ()
    grade: Grade | None = None


def stops_needed(lost: int, sent: int) -> int | None:
    """Return how many stops in a row count, by how many of the mails `sent` on the path were `lost` by chance; None if
    the path loses too many for any diagnosis. A few results tell no share."""
    if sent < 20:
        return UNKNOWN_LOSS_K if lost * 10 <= max(sent, 10) else None
    return next((k for most, k in LOSS_FOR_K if lost / sent <= most), None)


def next_step(setup: Setup, answers: Sequence[ArmAnswer]) -> Mixture | Conclusion:
    """Return the mixture to send next, or the conclusion."""
    run = _Run(setup, answers)
    try:
        found = run.conclude()
    except _AskError as ask:
        if len(answers) < setup.cap:
            return ask.mixture
        found = Conclusion(DiagnosisResult.NOT_TOLD_APART, NoFactor.CAP)
    except _StopError as stop:
        found = stop.conclusion
    untested = dict(setup.untested)
    if found.result in (DiagnosisResult.TOLD, DiagnosisResult.NOT_TOLD_APART):
        untested |= {factor: Untested.STAGE for factor in run.unseen if factor not in untested}
    return replace(found, probes=len(answers), untested=tuple(untested.items()), grade=setup.grade)


class _AskError(Exception):
    """This mixture has no answer yet."""

    def __init__(self, mixture: Mixture) -> None:
        self.mixture = mixture


class _StopError(Exception):
    """Nothing more is to be found out."""

    def __init__(self, result: DiagnosisResult, why: NoFactor) -> None:
        self.conclusion = Conclusion(result, why)


class _Run:
    """The plan, run over the answers so far."""

    def __init__(self, setup: Setup, answers: Sequence[ArmAnswer]) -> None:
        self._setup, self._answers = setup, answers
        self._counts = Counter((answer.own, answer.result) for answer in answers)
        self._mixtures = list(dict.fromkeys(answer.own for answer in answers))
        self._opening = list(takewhile(lambda answer: answer.own in (setup.whole, frozenset()), answers))
        self._known = {own: found for own in self._mixtures if (found := self._decided(own))}
        self._weak = False  # a mixture that another check stopped was taken for one that passes
        self.unseen: Mixture = frozenset()

    def conclude(self) -> Conclusion:
        """Return the conclusion. Raises _AskError, _StopError."""
        self._check_steady()
        self._reproduce()
        levers = self._levers()
        if not levers or self._setup.whole in levers:
            raise _StopError(DiagnosisResult.NOT_TOLD_APART, NoFactor.NOTHING_VARIED)
        sets = self._sets(levers)
        self._check_one_moment(levers, sets)
        self._close()
        how, confidence = _how(sets), Confidence.LIKELY if self._weak else Confidence.CERTAIN
        if how is How.COMBINATIONS or _may_be_forgery(sets):
            confidence = Confidence.LIKELY
        return Conclusion(DiagnosisResult.TOLD, None, how, tuple(map(tuple, sets)), confidence)

    def _check_steady(self) -> None:
        if self._wobbles() >= WOBBLES_PER_REPEAT * (self._setup.k - 1):
            raise _StopError(DiagnosisResult.VOID, NoFactor.UNSTEADY)
        tail = [NO_ANSWERS.get(answer.result) for answer in self._answers[-MAX_NO_ANSWERS:]]
        if len(tail) == MAX_NO_ANSWERS and all(tail):
            raise _StopError(DiagnosisResult.VOID, tail[-1] or NoFactor.NO_RESULT)

    def _wobbles(self) -> int:
        """Count the stops of mixtures that also passed, the sender's own mail aside."""
        return sum(
            self._counts[own, ArmResult.STOPPED]
            for own in self._mixtures
            if own != self._setup.whole and self._counts[own, ArmResult.PASSED]
        )

    def _reproduce(self) -> None:
        """The sender's mail must be stopped and the control's pass, one of each in turn."""
        whole = self._setup.whole
        if any(answer.own == whole and answer.result is ArmResult.PASSED for answer in self._opening):
            raise _StopError(DiagnosisResult.NOT_REPRODUCED, NoFactor.SENDER_PASSES)
        if self._counts[whole, ArmResult.PASSED]:
            raise _StopError(DiagnosisResult.VOID, NoFactor.CHANGED)
        if not self._counts[whole, ArmResult.STOPPED]:
            raise _AskError(whole)
        if self._read(frozenset()) is not ArmResult.PASSED:
            if Factor.IP not in whole:
                raise _StopError(DiagnosisResult.NOT_TOLD_APART, NoFactor.NEIGHBOUR_STOPPED)
            raise _StopError(DiagnosisResult.VOID, NoFactor.CONTROL_STOPPED)
        if self._counts[whole, ArmResult.STOPPED] < self._setup.k:
            raise _AskError(whole)

    def _check_one_moment(self, levers: Sequence[Lever], sets: Sequence[Sequence[Lever]]) -> None:
        """All that the sets rest on must have held at one moment, or a rule that was changed meanwhile would be taken
        for two: each answer must have been seen up to then, and again since."""
        stops = [_mix(each) for each in sets]
        rests = [_mix([lever for lever in levers if lever not in hitting]) for hitting in _hitting(sets)]
        rests += [_mix([each for each in one if each != lever]) for one in sets if len(one) > 1 for lever in one]
        passes = [own for rest in rests if (own := self._passed_with(rest)) is not None]
        spans = {own: self._span(own, stopped=True) for own in stops}
        spans |= {own: self._span(own, stopped=False) for own in passes}
        begun = max(first for first, _ in spans.values())
        for own, (_, last) in spans.items():
            if last < begun:
                later = [answer.result for answer in self._answers[begun:] if answer.own == own]
                if later.count(ArmResult.STOPPED) >= self._setup.k:
                    raise _StopError(DiagnosisResult.NOT_TOLD_APART, NoFactor.CONFLICTING)
                raise _AskError(own)
        if any(len(one) > 1 for one in sets):  # a rule that works now and then would be taken for one that wants both
            for own in passes:
                if 0 < self._counts[own, ArmResult.PASSED] < self._setup.k:
                    if self._counts[own, ArmResult.STOPPED] >= self._setup.k:
                        raise _StopError(DiagnosisResult.NOT_TOLD_APART, NoFactor.CONFLICTING)
                    raise _AskError(own)

    def _passed_with(self, mixture: Mixture) -> Mixture | None:
        """Return the mixture that passed, and so shows that this one does; None if none did."""
        found = [own for own, result in self._known.items() if result is not ArmResult.STOPPED and own >= mixture]
        return max(found, key=lambda own: self._span(own, stopped=False)[1], default=None)

    def _span(self, own: Mixture, *, stopped: bool) -> tuple[int, int]:
        """Return the places of the first and the last such answer of a mixture."""
        found = [
            place
            for place, answer in enumerate(self._answers)
            if answer.own == own and answer.result not in NO_ANSWERS and (answer.result is ArmResult.STOPPED) is stopped
        ]
        return (found[0], found[-1]) if found else (0, 0)

    def _close(self) -> None:
        """The sender's mail must still be stopped, and the control's pass; more often where the same mail was stopped
        and passed."""
        last, whole = self._at_the_end(), self._setup.whole
        if last[whole, ArmResult.STOPPED] < self._setup.k + self._wobbles():
            raise _AskError(whole)
        if last[frozenset(), ArmResult.PASSED] <= self._wobbles():
            raise _AskError(frozenset())

    def _at_the_end(self) -> Counter[tuple[Mixture, ArmResult]]:
        """Count the answers of sender and control since the last mixture of both."""
        both: tuple[Mixture, Mixture] = (self._setup.whole, frozenset())
        later = [answer for answer in self._answers[len(self._opening) :] if answer.result not in NO_ANSWERS]
        return Counter(
            (answer.own, answer.result) for answer in takewhile(lambda each: each.own in both, reversed(later))
        )

    def _levers(self) -> list[Lever]:
        """Return what can be the reason, the likeliest first."""
        stops = [a for a in self._opening if a.own == self._setup.whole and a.result is ArmResult.STOPPED]
        stages = [answer.stage for answer in stops]
        seen = seen_by(None) if None in stages else frozenset.union(*(seen_by(stage) for stage in stages))
        self.unseen = self._setup.whole - seen
        suspects = SUSPECTS.get(stops[0].cause, ()) if stops[0].cause else ()
        levers = [lever for lever in self._setup.levers if lever & seen]
        Random(self._setup.seed).shuffle(levers)  # noqa: S311 - the order of a test is no secret
        rank = {factor: place for place, factor in enumerate(suspects)}
        return sorted(levers, key=lambda lever: min(rank.get(factor, len(rank)) for factor in lever))

    def _sets(self, levers: Sequence[Lever]) -> list[list[Lever]]:
        """Return the minimal sets that stop the mail."""
        suspects = SUSPECTS.get(self._opening[0].cause, ()) if self._opening[0].cause else ()
        first = next(([lever] for lever in levers if lever & frozenset(suspects) and self._stopped([lever])), None)
        sets = [first or self._minimal(levers)]
        self._prove(sets[0])
        while len(sets) < MAX_SETS and not _overlap(sets) and (rest := self._left(levers, sets)) is not None:
            found = self._minimal(rest)
            self._prove(found)
            sets.append(found)
        return sets

    def _left(self, levers: Sequence[Lever], sets: Sequence[Sequence[Lever]]) -> list[Lever] | None:
        """Return levers that stop the mail without one of each set; None if there are none."""
        for hitting in _hitting(sets):
            rest = [lever for lever in levers if lever not in hitting]
            if self._stopped(rest):
                return rest
        return None

    def _prove(self, levers: Sequence[Lever]) -> None:
        """The set's own mixture must have been stopped itself, not only by inference."""
        if not levers:
            raise _StopError(DiagnosisResult.NOT_TOLD_APART, NoFactor.CONFLICTING)
        if self._read(_mix(levers)) is not ArmResult.STOPPED:
            whole = _mix(levers) == _mix(self._setup.levers)
            raise _StopError(DiagnosisResult.NOT_TOLD_APART, NoFactor.ELSEWHERE if whole else NoFactor.CONFLICTING)

    def _minimal(self, levers: Sequence[Lever]) -> list[Lever]:
        """Return a minimal set of these that stops the mail, given that all together do."""
        return self._quick((), levers, fresh=False)

    def _quick(self, kept: Sequence[Lever], among: Sequence[Lever], *, fresh: bool) -> list[Lever]:
        """Halve: the levers needed besides `kept`. `fresh`: some were kept since it was last tested."""
        if fresh and self._stopped(kept):
            return []
        if len(among) == 1:
            return [*among]
        half = (len(among) + 1) // 2
        one, two = among[:half], among[half:]
        of_two = self._quick((*kept, *one), two, fresh=True)
        return [*self._quick((*kept, *of_two), one, fresh=bool(of_two)), *of_two]

    def _stopped(self, levers: Sequence[Lever]) -> bool:
        """Test if this mixture is stopped; without a probe where that follows. Raises _AskError."""
        mixture = _mix(levers)
        for own, found in self._known.items():
            if found is ArmResult.STOPPED and own < mixture:
                return True
            if found is ArmResult.PASSED and own >= mixture:
                return False
        result = self._read(mixture)
        self._weak |= result is ArmResult.OTHERWISE
        return result is ArmResult.STOPPED

    def _read(self, mixture: Mixture) -> ArmResult:
        """Return the answer of a mixture. Raises _AskError where it is not known, _StopError where there is none."""
        if found := self._known.get(mixture):
            return found
        for result, why in NO_ANSWERS.items():
            if self._counts[mixture, result] >= MAX_NO_ANSWERS:
                raise _StopError(DiagnosisResult.VOID, why)
        raise _AskError(mixture)

    def _decided(self, mixture: Mixture) -> ArmResult | None:
        """Return the answer of a mixture, once there are enough."""
        if self._counts[mixture, ArmResult.PASSED]:
            return ArmResult.PASSED
        stopped, otherwise = (self._counts[mixture, each] for each in (ArmResult.STOPPED, ArmResult.OTHERWISE))
        if stopped + otherwise < self._setup.k:
            return None
        return ArmResult.STOPPED if stopped >= otherwise else ArmResult.OTHERWISE


def _mix(levers: Sequence[Lever]) -> Mixture:
    return frozenset(factor for lever in levers for factor in lever)


def _hitting(sets: Sequence[Sequence[Lever]]) -> list[frozenset[Lever]]:
    """Return all choices of one lever of each set."""
    found: list[frozenset[Lever]] = [frozenset()]
    for levers in sets:
        found = [chosen | {lever} for chosen in found for lever in levers]
    return list(dict.fromkeys(found))


def _overlap(sets: Sequence[Sequence[Lever]]) -> bool:
    """Test if a lever is in several sets: then it is a score, of which two examples are enough."""
    levers = [lever for each in sets for lever in each]
    return len(set(levers)) < len(levers)


def _may_be_forgery(sets: Sequence[Sequence[Lever]]) -> bool:
    """Test if one of several sets has the sender's From without what authenticates it. A gateway that stops forgeries
    in the same words stops that, too, whatever it thinks of the domain."""
    authentic = {Factor.AUTHENTICATION, Factor.IP}
    return len(sets) > 1 and any(Factor.FROM in (own := _mix(each)) and not own & authentic for each in sets)


def _how(sets: Sequence[Sequence[Lever]]) -> How:
    if len(sets) == 1:
        return How.ALONE if len(sets[0]) == 1 else How.TOGETHER
    return How.EACH_ALONE if all(len(levers) == 1 for levers in sets) else How.COMBINATIONS
