"""One probe in flight, as the pipeline works on it.

A probe keeps the clock it was launched by: if the system clock is set while it is in flight, its evidence continues in
the old time, so that a code still lasts ten minutes and nobody is late because of our clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.config import WatchedPath
from monitor.probing.buckets import bucket_of
from monitor.store import ProbeRecord
from probes.case import SortedEvidence, case_of
from probes.check import Check
from probes.evidence import (
    Absence,
    Arrival,
    BodyState,
    Bounce,
    Dialogue,
    Evidence,
    FailedLook,
    Handover,
    Interrupted,
    Look,
)
from probes.judge import delivery_time, is_over, judge
from probes.kinds import Kind
from probes.mailboxes import Sighting
from probes.probe import Probe, ProbePurpose
from probes.reading.bounce_origin import Receiver, has_room
from probes.recognise import arrival
from probes.sender import Identity
from probes.token import new_probe_id
from probes.tracing import TracePlan, next_question
from probes.verdict import Grade, Outcome, Verdict

ABANDONED = Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, "its path was taken out of the configuration")


@dataclass(slots=True, eq=False)
class Flight:
    """A probe in flight, with everything known about it."""

    probe: Probe
    mailbox: str
    evidence: list[Evidence] = field(default_factory=list)
    verdict: Verdict | None = None
    sending: bool = False
    away: float = 0.0  # how long the process was paused, as far as this is stored of the probe
    absence: Sequence[Absence] = ()  # in a write that has no answer yet
    keeping: int = 0  # what was seen and could not be stored so far
    unsure: bool = False  # a write has no answer, so that the store may know more than we do
    set_since: timedelta = timedelta(0)  # by how much the clock was set since it was launched
    plans: tuple[TracePlan, ...] = ()  # of the traces that may be asked about it
    _case: SortedEvidence | None = None
    _case_rests_on: list[Evidence] = field(default_factory=list)

    @classmethod
    def of(cls, record: ProbeRecord, now: datetime) -> "Flight":
        """Restore the flight from the store. Evidence from the future shows that the clock was set back."""
        flight = cls(record.probe, record.mailbox, list(record.evidence), record.verdict)
        newest = max((seen.at for seen in record.evidence), default=record.probe.created_at)
        flight.set_since = min(now - max(newest, record.probe.created_at), timedelta(0))
        return flight

    @property
    def check(self) -> Check:
        """The check that may have only one scheduled probe in flight."""
        return self.probe.check

    @property
    def bucket(self) -> int:
        """The bucket of its mailbox, or of its path; whoever owns it takes care of it."""
        return bucket_of(self.mailbox or "/".join(self.check.place))

    @property
    def arrived(self) -> bool:
        """True if it was seen."""
        return any(isinstance(seen, Arrival) for seen in self.evidence)

    @property
    def case(self) -> SortedEvidence:
        """The evidence, sorted once for all questions about it."""
        return self._sorted(self.evidence)

    def _sorted(self, evidence: Sequence[Evidence]) -> SortedEvidence:
        if self._case is None or self._case_rests_on != evidence:  # cheap: most are the same objects
            self._case, self._case_rests_on = case_of(self.probe, evidence), list(evidence)
        return self._case

    def weighed(self, evidence: Sequence[Evidence], now: datetime) -> tuple[Verdict | None, bool, timedelta | None]:
        """Judge the evidence at a moment of its time: verdict, whether it is over, delivery time."""
        case = self._sorted(evidence)
        verdict = judge(self.probe, case, now)
        over = is_over(self.probe, case, verdict, now) and not self._asks(case)
        return verdict, over, delivery_time(self.probe, case)

    def _asks(self, case: SortedEvidence) -> bool:
        """Test if a trace is still to be asked about it."""
        return any(next_question(self.probe, case, plan) for plan in self.plans)

    @property
    def receiver(self) -> Receiver:
        """The hosts whose bounces prove something."""
        return self.case.receiver

    def has_room_for(self, bounce: Bounce) -> bool:
        """Test if this evidence is new and within the limit: whoever has seen the token could send any number."""
        known = [seen for seen in self.evidence if isinstance(seen, Bounce)]
        return bounce.once not in {seen.once for seen in known} and has_room(bounce, known, self.receiver)

    def time(self, now: datetime) -> datetime:
        """Convert to the probe's time: the clock it was launched by."""
        return now - self.set_since

    def absence_is_stored(self, absence: Iterable[Absence]) -> None:
        """Count our absence as stored, once, also where the answer to its write was lost."""
        self.away += sum(each.seconds for each in absence)
        self.absence = ()

    def clock_was_set(self, step: timedelta) -> None:
        """Shift by the step of the system clock."""
        self.set_since += step

    def looked(self, look: Look | FailedLook, now: datetime) -> Look | FailedLook:
        """Convert this look to the probe's time. It is never in the future: it may have begun before the clock
        was set."""
        return replace(look, at=min(self.time(look.at), self.time(now))) if self.set_since else look

    def arrival(self, sighting: Sighting, body: BodyState, now: datetime) -> Arrival:
        """Return its arrival by this sighting. A mailbox's time is compared with the present time."""
        if self.set_since and sighting.mailbox_time:
            sighting = replace(sighting, mailbox_time=self.time(sighting.mailbox_time))
        return arrival(sighting, body, self.probe.created_at, self.time(now))


def probe_on(path: WatchedPath, kind: Kind, identity: Identity, purpose: ProbePurpose, now: datetime) -> Probe:
    """Create a probe of this kind on this path, launched `now`."""
    return Probe(
        id=new_probe_id(now),
        company=path.company,
        path=path.path,
        kind=kind,
        role=identity.role,
        via=path.route.via,
        recipient=path.to,
        source_ip=identity.source_ip,
        created_at=now,
        code_dead_at=now + path.code_life,
        give_up_at=now + path.give_up,
        retry=path.retry,
        purpose=purpose,
    )


def end_of(dialogue: Dialogue, *, paused: bool) -> Dialogue | Interrupted:
    """Return the effective end of an attempt. If a receiver deferred it while we were suspended, it did so because we
    were silent."""
    ours = paused and dialogue.handover is Handover.DEFERRED
    return Interrupted(dialogue.at, dialogue.number) if ours else dialogue
