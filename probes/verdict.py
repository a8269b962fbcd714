"""The meaning of the evidence: outcome, cause, grade, the parts that prove it, and a sentence for people."""

from dataclasses import dataclass, field

from probes.answer import Answer
from probes.details import Detail
from probes.outcome import CONCERNS as CONCERNS  # a verdict's fields have these types
from probes.outcome import Cause as Cause
from probes.outcome import Concern as Concern
from probes.outcome import Grade as Grade
from probes.outcome import Outcome as Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """The meaning of the evidence. `because` is the sentence for people, rendered from `detail`; nothing is decided by
    it. `answer` is what stopped the message, if anybody said so: the rules compare it with the control's answer.

    `detail` is what the verdict rests on; None if an older release judged, or where a list leaves it out. Two verdicts
    that differ only in it are equal: a later look that finds nothing either is no new verdict.
    """

    outcome: Outcome
    cause: Cause | None
    grade: Grade
    because: str
    answer: Answer | None = None
    detail: Detail | None = field(default=None, compare=False)
