"""The evidence of one probe, sorted and weighed. Pure.

A reported arrival or bounce is checked against our own attempts: see `possession`. A bounce proves something only if it
came from the receiver's side: see `bounce_origin`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, assert_never

from probes.evidence import (
    Absence,
    Arrival,
    Attempt,
    BodyState,
    Bounce,
    Dialogue,
    Evidence,
    FailedLook,
    Handover,
    Interrupted,
    Look,
    MailKind,
    Step,
)
from probes.possession import Possession, declined, possession
from probes.probe import Probe
from probes.reading.bounce_origin import Receiver, Tie, receiver_of, tie_of
from probes.traced import Traced


@dataclass(frozen=True)
class SortedEvidence:
    """The evidence, sorted by what it tells. Whoever asks several questions about a probe makes it once."""

    attempts: tuple[Attempt, ...]
    dialogues: tuple[Dialogue, ...]
    interrupted: tuple[Interrupted, ...]
    found: Arrival | None
    looks: tuple[Look | FailedLook, ...]
    bounces: tuple[Bounce, ...]
    absences: tuple[Absence, ...]
    traces: tuple[Traced, ...]
    recipient: str
    relayed: bool
    code_dead_at: datetime
    give_up_at: datetime

    @property
    def last(self) -> Dialogue | None:
        return self.dialogues[-1] if self.dialogues else None

    @property
    def accepted(self) -> Dialogue | None:
        return next((d for d in self.dialogues if d.handover is Handover.ACCEPTED), None)

    @cached_property
    def arrival(self) -> Arrival | None:
        """The arrival, if it can be what we sent."""
        return None if self.replay else self.found

    @cached_property
    def replay(self) -> Arrival | None:
        """An arrival that the receiver cannot have from us. After a refusal of the complete message the body must be
        intact, word for word: then it is our message, whatever they answered."""
        has = possession(self.dialogues, open_end=self.under_way or bool(self.interrupted) or not self.dialogues)
        if self.found is None or has is Possession.POSSIBLE:
            return None
        delivered = has is Possession.DECLINED and self.found.body is BodyState.INTACT
        return None if delivered else self.found

    @cached_property
    def declined(self) -> Step | None:
        """The reply that declined the complete message, if no attempt did better."""
        has = possession(self.dialogues, open_end=self.under_way or bool(self.interrupted))
        return declined(self.dialogues) if has is Possession.DECLINED else None

    @cached_property
    def look_settles_at(self) -> datetime:
        """Return the time from which a fruitless look proves absence. For a reported final failure that is the code's
        expiry: on-call engineers should not wait until `give_up`."""
        reports = [b for b in self.bounces if b.final and (self.relayed or self.tie(b) is Tie.SHARED)]
        if not reports:
            return self.give_up_at
        return min(self.give_up_at, max(self.code_dead_at, min(report.at for report in reports)))

    @cached_property
    def absent(self) -> bool:
        """True if we looked when it counts and did not see the message."""
        looked = any(isinstance(look, Look) and look.at >= self.look_settles_at for look in self.looks)
        return looked and self.arrival is None

    def tie(self, bounce: Bounce) -> Tie:
        """Return what ties a bounce to the receiver."""
        return tie_of(bounce, self.receiver)

    @cached_property
    def receiver(self) -> Receiver:
        """The hosts whose bounces prove something."""
        return receiver_of(self.dialogues, self.recipient)

    def proves(self, bounce: Bounce) -> bool:
        """Test if a bounce is the receiver's statement. A shared provider may send for its other customers; they cannot
        keep the message out of the mailbox, so it is proven once we looked there and the message was absent."""
        match self.tie(bounce):
            case Tie.OWN:
                return True
            case Tie.SHARED:
                return self.absent
            case Tie.NONE:
                return False
            case other:
                assert_never(other)

    @cached_property
    def bounce(self) -> Bounce | None:
        """The report of final failure, a proven one first. A message that was never sent cannot bounce."""
        if self.last and self.last.handover in (Handover.WITHHELD, Handover.REFUSED):
            return None
        if possession(self.dialogues, open_end=bool(self.interrupted)) is Possession.IMPOSSIBLE:
            return None
        return self._proven_first(bounce for bounce in self.bounces if bounce.final)

    @cached_property
    def proven_bounce(self) -> Bounce | None:
        """The same, if it is the receiver's statement. Any other proves nothing: the message may still arrive."""
        return self.bounce if self.bounce and self.proves(self.bounce) else None

    @cached_property
    def delay(self) -> Bounce | None:
        return self._proven_first(bounce for bounce in reversed(self.bounces) if bounce.kind is MailKind.DELAY)

    def _proven_first(self, bounces: Iterable[Bounce]) -> Bounce | None:
        return max(bounces, key=self.tie, default=None)  # the first of those that tell most

    @property
    def failed_look(self) -> FailedLook | None:
        """The last failed look."""
        return next((look for look in reversed(self.looks) if isinstance(look, FailedLook)), None)

    def stood_still(self, since: datetime, until: datetime) -> timedelta:
        """Return how long we were suspended in all absences that overlap this time."""
        return sum(
            (each.lasted for each in self.absences if each.at > since and each.at - each.lasted < until), timedelta(0)
        )

    @property
    def unfinished(self) -> Attempt | None:
        """Return the attempt whose end is not known: it is under way, or was cut short."""
        ended = {each.number for each in self.dialogues} | {each.number for each in self.interrupted}
        return next((attempt for attempt in self.attempts if attempt.number not in ended), None)

    @property
    def under_way(self) -> bool:
        """Test if there is such an attempt."""
        return self.unfinished is not None


Known = Sequence[Evidence] | SortedEvidence
"""What is known of a probe: its evidence as it came, or as `case_of` sorted it."""


def case_of(probe: Probe, known: Known) -> SortedEvidence:
    """The case of this probe; what is sorted stays as it is."""
    if isinstance(known, SortedEvidence):
        return known
    by_type: defaultdict[type, list[Any]] = defaultdict(list)
    for each in known:
        by_type[type(each)].append(each)
    return SortedEvidence(
        attempts=tuple(by_type[Attempt]),
        dialogues=tuple(sorted(by_type[Dialogue], key=lambda dialogue: dialogue.number)),
        interrupted=tuple(by_type[Interrupted]),
        found=next(iter(by_type[Arrival]), None),
        looks=tuple(each for each in known if isinstance(each, Look | FailedLook)),
        bounces=tuple(by_type[Bounce]),
        absences=tuple(by_type[Absence]),
        traces=tuple(by_type[Traced]),
        recipient=probe.recipient,
        relayed=probe.traits.relayed,
        code_dead_at=probe.code_dead_at,
        give_up_at=probe.give_up_at,
    )
