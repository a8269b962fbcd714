"""The basis of a verdict, as fields. The judge decides with these; `probes.sentences` renders them last. Pure.

A verdict keeps its detail in the store: `encode` and `decode` are its form there. So it holds no more of the evidence
than a sentence or a notice needs; above all not the headers of an arrival, which may be 64 KiB.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from probes.answer import Answer
from probes.evidence import Arrival, Bounce, Dialogue, Folder, Look, Scan, Step, fell_back
from probes.outcome import Cause, Grade, Outcome
from probes.reading.bounce_origin import Tie
from probes.traced import Traced


@dataclass(frozen=True, slots=True)
class SendingInterrupted:
    """The service stopped during an attempt."""

    type: Literal["sending_interrupted"] = "sending_interrupted"


@dataclass(frozen=True, slots=True)
class RetryMissed:
    """A retry of the real sender's schedule was not made, or only in vain. `due`: when."""

    due: datetime
    type: Literal["retry_missed"] = "retry_missed"


@dataclass(frozen=True, slots=True)
class AskedLate:
    """The company was first asked so long after the code was issued. `before`: why nobody could be asked earlier."""

    late: timedelta
    before: Step | None = None
    type: Literal["asked_late"] = "asked_late"


@dataclass(frozen=True, slots=True)
class Suspended:
    """This machine or the service was suspended for so long."""

    duration: timedelta
    type: Literal["suspended"] = "suspended"


@dataclass(frozen=True, slots=True)
class CouldNotLook:
    """The mailbox could not be read."""

    reason: str
    type: Literal["could_not_look"] = "could_not_look"


_TYPED = Field(discriminator="type")

OurDelay = SendingInterrupted | RetryMissed | AskedLate | Suspended | CouldNotLook
"""What we did, or failed to do, that may have made a message late."""


@dataclass(frozen=True, slots=True)
class FoundIn:
    """The place of a message. `client_ip` is the client that sent us a copy, "" in a mailbox."""

    folder: Folder
    folder_name: str
    client_ip: str = ""


def found_in(arrival: Arrival) -> FoundIn:
    """Return where it was found."""
    return FoundIn(arrival.folder, arrival.folder_name, arrival.client_ip)


@dataclass(frozen=True, slots=True)
class ArrivedInTime:
    """In a folder, so long after it was sent, at this attempt. `declined` and `report` contradict it.
    `tls_failure`: TLS failed there, and the message went without."""

    found: FoundIn
    took: timedelta
    attempts: int
    declined: Step | None
    report: Bounce | None
    tls_failure: Step | None
    type: Literal["arrived_in_time"] = "arrived_in_time"


@dataclass(frozen=True, slots=True)
class ArrivedLate:
    """The same after the code's `life`. `deferral`: the temporary refusal that delayed it; `delay`: a report of one;
    `traced`: one in a trace."""

    arrived: ArrivedInTime
    life: timedelta
    deferral: Step | None
    delay: Bounce | None
    traced: Traced | None = None
    type: Literal["arrived_late"] = "arrived_late"


@dataclass(frozen=True, slots=True)
class ArrivedLateThroughUs:
    """Late, but perhaps in time without `why`."""

    found: FoundIn
    took: timedelta
    why: Annotated[OurDelay, _TYPED]
    type: Literal["arrived_late_through_us"] = "arrived_late_through_us"


@dataclass(frozen=True, slots=True)
class InJunk:
    """In the junk folder. `header` is the line of a filter that says why, verbatim."""

    found: FoundIn
    took: timedelta
    header: str
    type: Literal["in_junk"] = "in_junk"


@dataclass(frozen=True, slots=True)
class MovedByRule:
    """In another folder than inbox and junk."""

    found: FoundIn
    took: timedelta
    type: Literal["moved_by_rule"] = "moved_by_rule"


@dataclass(frozen=True, slots=True)
class CopyMarkedAsSpam:
    """A copy came whose headers say spam. `header` is the line of a filter, verbatim."""

    found: FoundIn
    took: timedelta
    header: str
    type: Literal["copy_marked_as_spam"] = "copy_marked_as_spam"


@dataclass(frozen=True, slots=True)
class NotSent:
    """Withheld. `reason` says why, with the remedy."""

    reason: str
    type: Literal["not_sent"] = "not_sent"


@dataclass(frozen=True, slots=True)
class BouncedAfterwards:
    """A report of final failure. `host` had accepted it, "" if unknown. `tie`: how it is tied to the receiver, None for
    a proven one. `asked`: False if the report says that the receiver was not reached."""

    host: str
    bounce: Bounce
    copied: bool
    tie: Tie | None
    asked: bool
    type: Literal["bounced_afterwards"] = "bounced_afterwards"


@dataclass(frozen=True, slots=True)
class HeldOnTheWay:
    """A report of a delay, after `host` had accepted it. `tie`: None for a proven one."""

    host: str
    bounce: Bounce
    tie: Tie | None
    type: Literal["held_on_the_way"] = "held_on_the_way"


@dataclass(frozen=True, slots=True)
class NotFound:
    """Accepted by `accepted` and not seen `within` so long, as `look` shows. `report`: what somebody said of it;
    `traces`: what the traces say."""

    accepted: Step
    interrupted: bool
    look: Look
    within: timedelta
    report: Bounce | None
    tie: Tie
    traces: tuple[Traced, ...] = ()
    type: Literal["not_found"] = "not_found"


@dataclass(frozen=True, slots=True)
class StatedByTrace:
    """A trace says what became of it, after `host` had accepted it. `looked`: the mailbox was searched since, and it
    was not there. `elsewhere`: the address that it left from, if that is not the sender's."""

    traced: Traced
    host: str
    looked: bool
    elsewhere: str
    type: Literal["stated_by_trace"] = "stated_by_trace"


@dataclass(frozen=True, slots=True)
class DeferredThroughUs:
    """Still deferred, but perhaps accepted without `why`."""

    why: Annotated[RetryMissed | AskedLate, _TYPED]
    type: Literal["deferred_through_us"] = "deferred_through_us"


@dataclass(frozen=True, slots=True)
class AcceptedTooLate:
    """Accepted so shortly before the last look that it had no time to arrive."""

    before: timedelta
    type: Literal["accepted_too_late"] = "accepted_too_late"


@dataclass(frozen=True, slots=True)
class NoMailbox:
    """Accepted on a route that delivers to no mailbox."""

    type: Literal["no_mailbox"] = "no_mailbox"


@dataclass(frozen=True, slots=True)
class ScannedByFilter:
    """A filter was asked, and nothing was delivered. `rules`: the first of its answer."""

    scan: Scan
    type: Literal["scanned_by_filter"] = "scanned_by_filter"


class StopKind(StrEnum):
    """The meaning of a stopped dialogue."""

    NOT_ASKED = "not_asked"  # before anybody spoke about the sender
    CUT = "cut"  # no connection, or one that was reset
    NOTHING_LISTENS = "nothing_listens"
    REJECTED = "rejected"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class DialogueStopped:
    """Not accepted at this attempt, from 1. `step` decided it. `tls_failure` as in `ArrivedInTime`.

    `candidates`: the causes between which an unclear reply could not be decided, most probable first.
    """

    kind: StopKind
    step: Step
    attempt: int = 1
    tls_failure: Step | None = None
    candidates: tuple[Cause, ...] = ()
    type: Literal["dialogue_stopped"] = "dialogue_stopped"


def dialogue_stopped(
    kind: StopKind, dialogue: Dialogue, step: Step, candidates: tuple[Cause, ...] = ()
) -> DialogueStopped:
    """Return this end of a dialogue."""
    return DialogueStopped(kind, step, dialogue.number, fell_back(dialogue), candidates)


PlainDetail = (
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
    | StatedByTrace
    | DeferredThroughUs
    | AcceptedTooLate
    | NoMailbox
    | ScannedByFilter
    | DialogueStopped
)
"""What one verdict rests on, if no message was replayed."""


@dataclass(frozen=True, slots=True)
class ReplayFound:
    """The same, and a message with the probe's token that cannot be the probe. `declined`: the answer to the probe, if
    sent."""

    detail: Annotated[PlainDetail, _TYPED]
    found: FoundIn
    declined: Step | None
    type: Literal["replay_found"] = "replay_found"


Detail = PlainDetail | ReplayFound
"""What one verdict rests on."""

TakenForSpam = InJunk | CopyMarkedAsSpam
"""The details with a filter's own words."""


def taken_for_spam(detail: Detail | None) -> TakenForSpam | None:
    """Return the detail, if it has a filter's own words."""
    return detail if isinstance(detail, InJunk | CopyMarkedAsSpam) else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict as the judge decides it, without a sentence."""

    outcome: Outcome
    cause: Cause | None
    grade: Grade
    detail: PlainDetail
    answer: Answer | None = None


_CODEC: TypeAdapter[Detail] = TypeAdapter(Annotated[Detail, _TYPED])


def encode(detail: Detail) -> str:
    """Encode the detail as one line of JSON."""
    return _CODEC.dump_json(detail).decode()


@lru_cache(maxsize=1024)  # the board and the rules read the same verdicts, one after the other
def decode(text: str | bytes) -> Detail | None:
    """Decode the result of `encode`. None for what this release does not know: the verdict's stored sentence holds."""
    try:
        return _CODEC.validate_json(text)
    except ValidationError:
        return None
