"""The remedy to try next at a company. Pure."""

from collections.abc import Iterable

from monitor.remedying.applied import AppliedRemedy, RemedyState, joint_state
from probes.mailsystems.choose import Choice
from probes.mailsystems.remedy import Remedy

FAILED = frozenset({RemedyState.NO_EFFECT, RemedyState.TOO_WIDE})


def tried_in_vain(records: Iterable[AppliedRemedy], incident: str) -> frozenset[str]:
    """Return the keys of remedies that a test for this incident found to be of no effect, or too wide."""
    return frozenset(
        applied.remedy
        for applied in records
        if applied.incident == incident and applied.decided_at and joint_state(applied.proofs) in FAILED
    )


def still_to_try(choice: Choice | None, tried: Iterable[str]) -> tuple[Remedy, ...]:
    """Return the remedies that are left, the safest first."""
    gone = frozenset(tried)
    return tuple(remedy for remedy in (choice.remedies if choice else ()) if remedy.key not in gone)
