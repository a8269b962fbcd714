"""Conclusions of diagnoses, as far as they say something about a failure. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.incidents.signal import PathKey
from probes.diagnosis.conclude import Conclusion, cause_of, factor_of
from probes.diagnosis.factors import Factor
from probes.kinds import Kind
from probes.verdict import Cause

OF_THE_KIND = frozenset({Factor.CONTENT, Factor.LINKS, Factor.KIND})
"""Factors that differ from kind to kind: what is found of one kind's text says nothing of another's."""
HOLDS_FOR = timedelta(days=30)  # as long as the failure lasts; a long one is diagnosed again


class ProvenCause(NamedTuple):
    """The cause of a failure that a diagnosis proved, and the factor; None if several were varied only together."""

    cause: Cause
    factor: Factor | None


@dataclass(frozen=True, slots=True)
class DiagnosisFinding:
    """The conclusion of a diagnosis of this kind of mail on a path."""

    place: PathKey
    kind: Kind
    conclusion: Conclusion
    began_at: datetime

    def proves(self, kind: Kind, since: datetime, guessed: Cause | None) -> ProvenCause | None:
        """Return what it proves for a failure of this kind that lasts since then; None if nothing. A diagnosis that
        began earlier is of another failure."""
        if self.began_at < since or (kind is not self.kind and self.conclusion.factors & OF_THE_KIND):
            return None
        cause = cause_of(self.conclusion, guessed)
        return ProvenCause(cause, factor_of(self.conclusion)) if cause else None
