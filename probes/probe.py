"""One probe: a test message of one kind on one path, from sending to verdict."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from probes.check import Check
from probes.diagnosis.arm import Arm
from probes.kinds import Kind
from probes.route_traits import RouteTraits, traits_of
from probes.sender import Role


class ProbePurpose(StrEnum):
    """Why a probe is sent."""

    SCHEDULED = "scheduled"
    MANUAL = "manual"
    CONTROL = "control"  # to compare a failing path with: as the control or as the neighbour
    DIAGNOSIS = "diagnosis"  # varies one factor on purpose, so that its verdict says nothing of the sender's usual mail
    REMEDY = "remedy"  # tests a remedy: as the sender, as its forged twin, or as the control

    @property
    def label(self) -> str:
        """For people, within a sentence."""
        return _LABELS[self]

    @property
    def makes_signals(self) -> bool:
        """True if its verdicts are signals: seen by the incident rules, shown as current, and counted."""
        return self not in (ProbePurpose.DIAGNOSIS, ProbePurpose.REMEDY)


_LABELS = {
    ProbePurpose.SCHEDULED: "on schedule",
    ProbePurpose.MANUAL: "sent by hand",
    ProbePurpose.CONTROL: "sent to compare with",
    ProbePurpose.DIAGNOSIS: "part of a diagnosis",
    ProbePurpose.REMEDY: "part of the test of a remedy",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """The decisions made at launch. They never change; what happens later is evidence.

    All times are aware and in UTC. The code is issued at `created_at` and expires at `code_dead_at`; a probe not seen
    by `give_up_at` is missing. `retry` are the waits after a temporary refusal; the last one is repeated. `source_ip`
    is the address that the receiver should see. `arm`: the mixture that it tests, if it is part of a diagnosis or tests
    a remedy.
    """

    id: str
    company: str
    path: str
    kind: Kind
    role: Role
    via: str
    recipient: str
    source_ip: str
    created_at: datetime
    code_dead_at: datetime
    give_up_at: datetime
    retry: tuple[timedelta, ...]
    purpose: ProbePurpose = ProbePurpose.SCHEDULED
    arm: Arm | None = None

    @property
    def traits(self) -> RouteTraits:
        """The traits of its route."""
        return traits_of(self.via)

    @property
    def check(self) -> Check:
        """The check that it belongs to."""
        return Check(self.company, self.path, self.kind)
