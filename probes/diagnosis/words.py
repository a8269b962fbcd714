"""Sentences about a diagnosis, for people. Nothing reads them back."""

from collections.abc import Iterable, Sequence
from typing import assert_never

from probes.diagnosis.conclude import Conclusion, Confidence, DiagnosisResult, How, NoFactor
from probes.diagnosis.factors import FACTORS, Factor, Lever, Untested, named
from probes.diagnosis.plan import ArmResult
from probes.diagnosis.within import Within
from probes.outcome import Grade

RESULTS: dict[DiagnosisResult, str] = {
    DiagnosisResult.TOLD: "cause found",
    DiagnosisResult.NOT_REPRODUCED: "not reproduced",
    DiagnosisResult.NOT_TOLD_APART: "not separated",
    DiagnosisResult.VOID: "void",
}

ARM_RESULTS: dict[ArmResult, str] = {
    ArmResult.PASSED: "passed",
    ArmResult.STOPPED: "stopped",
    ArmResult.OTHERWISE: "stopped by another check",
    ArmResult.DEFERRED: "deferred: no answer",
    ArmResult.NO_RESULT: "no result",
}

CONFIDENCE: dict[Confidence, str] = {Confidence.CERTAIN: "certain", Confidence.LIKELY: "likely"}

WHY: dict[NoFactor, str] = {
    NoFactor.SENDER_PASSES: "The sender's mail passes now, so the failure could not be reproduced.",
    NoFactor.CONTROL_STOPPED: "The control's mail is stopped too, so the sender is not the reason.",
    NoFactor.NEIGHBOUR_STOPPED: "The neighbour's mail is stopped too. It comes from the same IP address by the same"
    " service, so either these are stopped, or the mailbox takes nobody's mail.",
    NoFactor.CHANGED: "The sender's mail was stopped at first and passes now: something changed during the diagnosis.",
    NoFactor.UNSTEADY: "The same mail is stopped at one time and passes at another: no property of it is the reason.",
    NoFactor.DEFERRED: "The server only deferred the mail. A temporary refusal is no answer: try again later.",
    NoFactor.NO_RESULT: "Mailpath could not send or look, so there is no answer.",
    NoFactor.CAP: "The limit of probes was reached before the factors could be separated.",
    NoFactor.NOTHING_VARIED: "This route can vary none of the properties in which both mails differ one by one.",
    NoFactor.ELSEWHERE: "None of the varied properties is the reason: it is something that was not varied.",
    NoFactor.CONFLICTING: "The answers contradict each other, so no property could be singled out.",
    NoFactor.RECONFIGURED: "The configuration of the path has changed since the diagnosis began: begin a new one.",
    NoFactor.STOPPED_BY_PERSON: "The diagnosis was stopped by a person before it had a result.",
}

COSTS: dict[Within, str] = {
    Within.OFF: "Nothing is sent.",
    Within.SCAN: "No mail is sent: a content filter is asked, and nothing is delivered.",
    Within.GATEWAY: "All mails go to the company's own gateway, which allows Mailpath to send as others. Those that"
    " pass arrive in the mailbox of the probes and are deleted after reading.",
    Within.OPEN: "All mails leave over the Internet, where filters see them. Those that pass arrive in the mailbox of"
    " the probes and are deleted after reading.",
}
"""What a diagnosis costs that goes so far."""

UNTESTED: dict[Untested, str] = {
    Untested.SAME: "the same in both mails",
    Untested.ROUTE: "this route cannot vary it",
    Untested.STAGE: "the mail was stopped before the server knew it",
    Untested.NOT_ASKED: "not requested",
}


PROOF: dict[Grade, str] = {
    Grade.SCANNED: "Only the content filter was asked, and nothing was delivered: other checks were not tested."
}
"""What a grade leaves open, where the conclusion must say it."""

PART_OF_DIAGNOSIS = (
    "Part of a diagnosis: some properties of this mail are the sender's, the others are the control's. What it met is "
    "an answer of the diagnosis, and says nothing by itself."
)


def sentence(conclusion: Conclusion) -> str:
    """Return the conclusion in one to three sentences."""
    limits = PROOF.get(conclusion.grade) if conclusion.grade else None
    return f"{_said(conclusion)} {limits}" if limits else _said(conclusion)


def _said(conclusion: Conclusion) -> str:
    if conclusion.why is not None:
        return WHY[conclusion.why]
    sets = [_set(levers) for levers in conclusion.sets]
    match conclusion.how:
        case How.ALONE:
            said = f"It is {sets[0]} alone."
        case How.TOGETHER:
            said = f"It is {sets[0]} together: neither is stopped without the other."
            if len(conclusion.sets[0]) > 2:
                said = f"It is {sets[0]} together: mail without any one of them passes."
        case How.EACH_ALONE:
            said = f"Each of these alone is enough to stop the mail: {'; '.join(sets)}. Every entry must be removed."
        case How.COMBINATIONS:
            said = f"Several combinations stop the mail, as a score does: {'; '.join(sets)}."
        case None:
            said = RESULTS[conclusion.result].capitalize() + "."
        case _:
            assert_never(conclusion.how)
    doubt = " It is likely, not certain: not every mixture gave a clear answer."
    return said + (doubt if conclusion.confidence is Confidence.LIKELY else "")


def _set(levers: Sequence[Lever]) -> str:
    """Name a set: levers of several factors were varied as one."""
    single = [factor for lever in levers if len(lever) == 1 for factor in lever]
    bundles = [
        f"one or more of {named(lever)}, which this route varies only together" for lever in levers if len(lever) > 1
    ]
    return " and ".join(([named(single)] if single else []) + bundles)


def untested_lines(conclusion: Conclusion) -> list[str]:
    """Return what was not tested, a line for each reason."""
    return untested_words(conclusion.untested)


def untested_words(untested: Iterable[tuple[Factor, Untested]]) -> list[str]:
    """Return these factors with the reasons, a line for each reason."""
    found: dict[Untested, list[Factor]] = {}
    for factor, reason in untested:
        found.setdefault(reason, []).append(factor)
    return [f"{named(factors)}: {UNTESTED[reason]}" for reason, factors in found.items()]


def own_factors(own: frozenset[Factor], whole: frozenset[Factor]) -> str:
    """Name one mixture: "the sender's mail", "the control's mail", or what of it is the sender's."""
    if own == whole:
        return "the sender's mail"
    if not own:
        return "the control's mail"
    labels = ", ".join(FACTORS[each].label.removeprefix("the ") for each in Factor if each in own)
    return f"the control's mail with the sender's {labels}"
