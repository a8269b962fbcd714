"""The decision to ask the company's content filter about a probe. Pure."""

from collections.abc import Iterable

from probes.evidence import Evidence, FilterScan
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Grade, Outcome, Verdict

ASKED_ABOUT = frozenset({Outcome.SPAM, Outcome.QUARANTINED})


def wants_filter(probe: Probe, verdict: Verdict | None, evidence: Iterable[Evidence]) -> bool:
    """Test if it would say more about this probe: the sender's own was taken for spam, and nobody asked yet."""
    if verdict is None or verdict.outcome not in ASKED_ABOUT or verdict.grade is Grade.SCANNED:
        return False
    own = probe.role is Role.SENDER and probe.arm is None
    return own and not any(isinstance(seen, FilterScan) for seen in evidence)
