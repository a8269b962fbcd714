"""The basis of a verdict, as fields. The judge decides with these; `probes.sentences` renders them last. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from probes.answer import Answer
from probes.evidence import Arrival, Bounce, Dialogue, Look, Step
from probes.reading.bounce_origin import Tie
from probes.verdict import Cause, Grade, Outcome


@dataclass(frozen=True, slots=True)
class SendingInterrupted:
    """The service stopped during an attempt."""


@dataclass(frozen=True, slots=True)
class RetryMissed:
    """A retry of the real sender's schedule was not made, or only in vain. `due`: when."""

    due: datetime


@dataclass(frozen=True, slots=True)
class AskedLate:
    """The company was first asked so long after the code was issued. `before`: why nobody could be asked earlier."""

    late: timedelta
    before: Step | None = None


@dataclass(frozen=True, slots=True)
class Suspended:
    """This machine or the service was suspended for so long."""

    duration: timedelta


@dataclass(frozen=True, slots=True)
class CouldNotLook:
    """The mailbox could not be read."""

    reason: str


OurDelay = SendingInterrupted | RetryMissed | AskedLate | Suspended | CouldNotLook
"""What we did, or failed to do, that may have made a message late."""


@dataclass(frozen=True, slots=True)
class ArrivedInTime:
    """In a folder, so long after it was sent, at this attempt. `declined` and `report` contradict it. `accepted`: the
    dialogue that handed it over."""

    arrival: Arrival
    took: timedelta
    attempts: int
    declined: Step | None
    report: Bounce | None
    accepted: Dialogue | None


@dataclass(frozen=True, slots=True)
class ArrivedLate:
    """The same after the code's `life`. `deferral`: the temporary refusal that delayed it; `delay`: a report of one."""

    arrived: ArrivedInTime
    life: timedelta
    deferral: Step | None
    delay: Bounce | None


@dataclass(frozen=True, slots=True)
class ArrivedLateThroughUs:
    """Late, but perhaps in time without `why`."""

    arrival: Arrival
    took: timedelta
    why: OurDelay


@dataclass(frozen=True, slots=True)
class InJunk:
    """In the junk folder. `header` is the line of a filter that says why, verbatim."""

    arrival: Arrival
    took: timedelta
    header: str


@dataclass(frozen=True, slots=True)
class MovedByRule:
    """In another folder than inbox and junk."""

    arrival: Arrival
    took: timedelta


@dataclass(frozen=True, slots=True)
class CopyMarkedAsSpam:
    """A copy came whose headers say spam. `header` is the line of a filter, verbatim."""

    arrival: Arrival
    took: timedelta
    header: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Withheld. `reason` says why, with the remedy."""

    reason: str


@dataclass(frozen=True, slots=True)
class BouncedAfterwards:
    """A report of final failure. `host` had accepted it, "" if unknown. `tie`: how it is tied to the receiver, None for
    a proven one. `asked`: False if the report says that the receiver was not reached."""

    host: str
    bounce: Bounce
    copied: bool
    tie: Tie | None
    asked: bool


@dataclass(frozen=True, slots=True)
class HeldOnTheWay:
    """A report of a delay, after `host` had accepted it. `tie`: None for a proven one."""

    host: str
    bounce: Bounce
    tie: Tie | None


@dataclass(frozen=True, slots=True)
class NotFound:
    """Accepted by `accepted` and not seen `within` so long, as `look` shows. `report`: what somebody said of it."""

    accepted: Step
    interrupted: bool
    look: Look
    within: timedelta
    report: Bounce | None
    tie: Tie


@dataclass(frozen=True, slots=True)
class DeferredThroughUs:
    """Still deferred, but perhaps accepted without `why`."""

    why: RetryMissed | AskedLate


@dataclass(frozen=True, slots=True)
class AcceptedTooLate:
    """Accepted so shortly before the last look that it had no time to arrive."""

    before: timedelta


@dataclass(frozen=True, slots=True)
class NoMailbox:
    """Accepted on a route that delivers to no mailbox."""


class StopKind(StrEnum):
    """The meaning of a stopped dialogue."""

    NOT_ASKED = "not_asked"  # before anybody spoke about the sender
    CUT = "cut"  # no connection, or one that was reset
    NOTHING_LISTENS = "nothing_listens"
    REJECTED = "rejected"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class DialogueStopped:
    """Not accepted. `step` decided it."""

    kind: StopKind
    dialogue: Dialogue
    step: Step


Detail = (
    SendingInterrupted
    | CouldNotLook
    | ArrivedInTime
    | ArrivedLate
    | ArrivedLateThroughUs
    | InJunk
    | MovedByRule
    | CopyMarkedAsSpam
    | NotSent
    | BouncedAfterwards
    | HeldOnTheWay
    | NotFound
    | DeferredThroughUs
    | AcceptedTooLate
    | NoMailbox
    | DialogueStopped
)
"""What one verdict rests on."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A message with the probe's token that cannot be the probe. `declined`: the answer to the probe, if sent."""

    arrival: Arrival
    declined: Step | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict as the judge decides it, without a sentence."""

    outcome: Outcome
    cause: Cause | None
    grade: Grade
    detail: Detail
    answer: Answer | None = None
