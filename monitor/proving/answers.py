"""The answers of a remedy's test: a pure reading of what is known of its probes.

A mail whose sending was cut short may have been sent or not: it answers nothing, and is asked for once more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.diagnosing.answers import is_final
from monitor.remedying.applied import AppliedRemedy
from monitor.remedying.proof import ProofAnswer, result_of
from monitor.store import ProbeRecord
from probes.diagnosis.plan import ArmResult
from probes.evidence import Interrupted


@dataclass(slots=True)
class PathAnswers:
    """The answers on one path. `awaited`: a probe has none yet. `sent_at`: when the last one was sent."""

    answers: list[ProofAnswer] = field(default_factory=list)
    awaited: bool = False
    sent_at: datetime | None = None


def answers_by_path(applied: AppliedRemedy, records: Iterable[ProbeRecord]) -> Mapping[str, PathAnswers]:
    """Read the probes of its test, in the order in which they were sent."""
    slow = {test.path: test.slow for test in applied.setup}
    found = {test.path: PathAnswers() for test in applied.setup}
    for record in records:
        arm, of_path = record.probe.arm, found.get(record.probe.path)
        if arm is None or of_path is None:
            continue
        of_path.sent_at = record.probe.created_at
        if is_final(record) and (verdict := record.verdict):
            result = result_of(arm.own, verdict, slow=slow[record.probe.path])
            of_path.answers.append(ProofAnswer(arm.own, result, record.probe.id, verdict))
        elif record.verdict is None and any(isinstance(seen, Interrupted) for seen in record.evidence):
            of_path.answers.append(ProofAnswer(arm.own, ArmResult.NO_RESULT, record.probe.id))
        else:
            of_path.awaited = True
    return found
